"""What the LDAP connector shows to the conformance suite of a domain controller, and connectors to one."""

from __future__ import annotations

from typing import Any

from connectors.conformance.exhibit import Names
from connectors.contract import Connector
from connectors.ldap import LdapConnector, LdapSettings
from connectors.records import Record
from tests.kit.servers.ports import free_address
from tests.kit.servers.samba import PASSWORD, READER, Samba, group, person

ATTRIBUTES = ("sAMAccountName", "givenName", "sn", "mail", "employeeNumber", "userAccountControl", "accountExpires")


def settings(samba: Samba, unit: str, **settings: object) -> dict[str, Any]:
    """Return the settings of a source that reads ``unit``; those given come before the usual ones."""
    usual = {
        "url": samba.ldaps_url,
        "ca_file": str(samba.ca_file),
        "bind_dn": READER,
        "bind_password": PASSWORD,
        "base_dn": unit,
        "id_attribute": "objectGUID",
        "login_attribute": "sAMAccountName",
        "person_filter": "(&(objectCategory=person)(objectClass=user))",
        "group_filter": "(objectClass=group)",
        "person_attributes": ATTRIBUTES,
    }
    return {**usual, **settings}


def active_directory(samba: Samba, unit: str, **given: object) -> LdapConnector:
    """Return a connector that reads ``unit`` with small pages."""
    return LdapConnector(LdapSettings.model_validate(settings(samba, unit, **{"page_size": 3, **given})))


class ActiveDirectoryExhibit:
    """A unit of a real domain controller over LDAPS, with groups within a group."""

    gives = frozenset({"person", "group", "membership"})
    secrets: tuple[str, ...] = (PASSWORD,)
    personal: tuple[str, ...] = ("Esimerkki", "Malli", "aino")

    def __init__(self, samba: Samba) -> None:
        self._samba = samba
        self._unit = samba.unit()
        self._own = self._unit.partition(",")[0].removeprefix("OU=")
        people = [self._person("aino", "Esimerkki"), self._person("eero", "Malli"), self._person("lea", "Lähtijä")]
        groups = [self._group("koivu", "aino", "lea"), self._group("kaikki", f"{self._own}-koivu", "eero")]
        samba.add(*people, *groups)

    def connector(self) -> Connector:
        """See ``Exhibit``."""
        return active_directory(self._samba, self._unit)

    def unreachable(self) -> Connector:
        """See ``Exhibit``."""
        return active_directory(self._samba, self._unit, url=f"ldaps://{free_address(636)}")

    def change(self) -> tuple[Names, Names]:
        """Delete one person, who leaves both groups with that, add one, and change a third."""
        before = self._keys()
        self._samba.delete(self._name("lea"))
        self._samba.add(self._person("tuula", "Tulija"))
        self._samba.replace(self._name("eero"), "sn", "Muu")
        lea = before["person", "lea"]
        gone = {("membership", f"{before['group', each]}/{lea}") for each in ("koivu", "kaikki")}
        return {("person", self._keys()["person", each]) for each in ("tuula", "eero")}, {("person", lea), *gone}

    def login(self) -> tuple[str, str]:
        """See ``Exhibit``."""
        return f"{self._own}-aino", PASSWORD

    def _person(self, login: str, surname: str) -> str:
        return person(f"{self._own}-{login}", login.title(), surname, self._unit)

    def _group(self, name: str, *members: str) -> str:
        own = (each if each.startswith(self._own) else f"{self._own}-{each}" for each in members)
        return group(f"{self._own}-{name}", self._unit, *own)

    def _name(self, login: str) -> str:
        return f"CN={self._own}-{login},{self._unit}"

    def _keys(self) -> dict[tuple[str, str], str]:
        """Return the keys by kind and short name."""
        found = [item for item in active_directory(self._samba, self._unit).read() if isinstance(item, Record)]
        columns = {"person": "sAMAccountName", "group": "cn"}
        named = {(r.kind, str(r.fields[columns[r.kind]])): r.key for r in found if r.kind in columns}
        return {(kind, name.partition("-")[2]): key for (kind, name), key in named.items()}
