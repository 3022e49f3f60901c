"""What each connector shows to the conformance suite."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors.conformance.exhibit import Names
from connectors.contract import Connector
from connectors.hr import HrConnector, HrSettings
from connectors.ldap import LdapConnector, LdapSettings
from connectors.memory import MemoryConnector, MemorySettings
from connectors.oneroster import OneRosterConnector, OneRosterSettings
from connectors.oneroster.rest.settings import OneRosterRestSettings
from connectors.oneroster.rest_connector import OneRosterRestConnector
from connectors.records import Record
from connectors.sds import SdsConnector
from connectors.simulators.oneroster import Simulator
from connectors.simulators.oneroster.roster import reference
from connectors.simulators.oneroster.server import BASE
from tests.kit.feeds import sds
from tests.kit.feeds.csv_inputs import FIXTURES
from tests.kit.feeds.roster import FILES, FILES_1_1, PASSWORDS, archive, folder
from tests.kit.servers.ports import HOST, free_port
from tests.kit.servers.slapd import PASSWORD, READER, READER_PASSWORD, SUFFIX, Slapd, group, person
from tests.kit.servers.sshd import Sshd

_numbers = itertools.count(1)


class MemoryExhibit:
    """A log of four rows, and then three more."""

    gives = frozenset({"org", "user"})
    secrets: tuple[str, ...] = ("a-secret-value",)
    personal: tuple[str, ...] = ("Esimerkki",)

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = [
            {"kind": "user", "key": "1", "fields": {"name": "Esimerkki", "mail": ("a", "b")}},
            {"kind": "user", "key": "2", "fields": {"name": "Malli", "mail": ("a,b",)}},
            {"kind": "org", "key": "1", "fields": {"name": "Koivu"}},
            {"kind": "user", "key": "3", "fields": {"name": "Malli", "mail": "a,b"}},
        ]

    def connector(self) -> Connector:
        """See ``Exhibit``."""
        return MemoryConnector(self.settings())

    def settings(self) -> MemorySettings:
        """Return the log as it is now, and one login."""
        logins = {"aino": {"key": "1", "password": "a-secret-value"}}
        return MemorySettings.model_validate({"rows": self._rows, "logins": logins})

    def unreachable(self) -> Connector:
        """There is none: the source is inside the process."""
        raise NotImplementedError

    def change(self) -> tuple[Names, Names]:
        """See ``Exhibit``."""
        self._rows += [
            {"kind": "user", "key": "2", "deleted": True},
            {"kind": "user", "key": "1", "fields": {"name": "Muu"}},
            {"kind": "user", "key": "4", "fields": {"name": "Uusi"}},
        ]
        return {("user", "1"), ("user", "4")}, {("user", "2")}

    def login(self) -> tuple[str, str]:
        """See ``Exhibit``."""
        return "aino", "a-secret-value"


class FileExhibit:
    """A file or folder, copied into a place of the test's own, and a path where there is none."""

    def __init__(
        self, make: Callable[[Path], Connector], path: Path, gives: frozenset[str], secrets: tuple[str, ...]
    ) -> None:
        self._make = make
        self._path = path
        self.gives = gives
        self.secrets = secrets
        self.personal: tuple[str, ...] = ("140381-902E", "301175-9153", "Esimerkki", "Malli")

    def connector(self) -> Connector:
        """See ``Exhibit``."""
        return self._make(self._path)

    def unreachable(self) -> Connector:
        """See ``Exhibit``."""
        return self._make(self._path.with_name("nowhere.csv"))

    def change(self) -> tuple[Names, Names]:
        """A file tells no changes."""
        raise NotImplementedError

    def login(self) -> tuple[str, str]:
        """Nobody signs in to a file."""
        raise NotImplementedError


class OneRosterRestExhibit:
    """A simulated school system on loopback; ``fault`` strikes while it is asked."""

    gives = frozenset(OneRosterRestConnector.kinds)
    secrets: tuple[str, ...] = ("simulated",)
    personal: tuple[str, ...] = ("Esimerkki", "Malli", "oona")

    def __init__(self, simulator: Simulator, fault: str | None = None) -> None:
        self._simulator = simulator
        simulator.break_down(fault)

    def connector(self) -> Connector:
        """See ``Exhibit``."""
        return rest(self._simulator)

    def unreachable(self) -> Connector:
        """See ``Exhibit``."""
        return rest(self._simulator, url=f"http://{HOST}:{free_port()}")

    def change(self) -> tuple[Names, Names]:
        """Delete an enrollment, rename a user, move another one's role, add a class."""
        roster = self._simulator.roster
        roster.delete("enrollments", "e2")
        roster.put("users", roster.get("users", "huoltaja") | {"familyName": "Muu"})
        role = {"roleType": "primary", "role": "teacher", "org": reference("mansikkala", "org")}
        roster.put("users", roster.get("users", "opettaja") | {"roles": [role]})
        roster.put("classes", {"sourcedId": "2b", "title": "2B", "school": reference("koivu", "org")})
        changed = {("user", "huoltaja"), ("role", "opettaja/teacher/mansikkala"), ("class", "2b")}
        return changed, {("enrollment", "e2"), ("role", "opettaja/teacher/koivu")}

    def login(self) -> tuple[str, str]:
        """Nobody signs in to it."""
        raise NotImplementedError


def rest(simulator: Simulator, **settings: object) -> OneRosterRestConnector:
    """Return a connector to ``simulator`` with small pages; ``settings`` come before the usual ones."""
    return OneRosterRestConnector(OneRosterRestSettings.model_validate(rest_settings(simulator, **settings)))


def rest_settings(simulator: Simulator, **settings: object) -> dict[str, object]:
    """Return the settings of a source that asks ``simulator``, with small pages and without pauses."""
    usual = {
        "url": f"{simulator.address}{BASE}",
        "token_url": f"{simulator.address}/token",
        "client_id": simulator.client,
        "client_secret": simulator.secret,
        "page_size": 2,
        "retry_seconds": 0,
    }
    return {**usual, **settings}


class LdapExhibit:
    """A real slapd over LDAPS, StartTLS or, on loopback, plain; with one person and one group of the test's own."""

    gives = frozenset({"person", "group", "membership"})
    secrets: tuple[str, ...] = (READER_PASSWORD, PASSWORD)
    personal: tuple[str, ...] = ("Esimerkki", "Malli", "aino")

    def __init__(self, slapd: Slapd, **settings: object) -> None:
        self._slapd = slapd
        self._settings = settings
        self._number = next(_numbers)
        self._uid = f"lahtija{self._number}"
        slapd.add(person(self._uid, "Lea", "Lähtijä"))
        slapd.add(group(f"ryhma{self._number}", f"uid={self._uid},ou=people", "uid=aino,ou=people"))

    def connector(self) -> Connector:
        """See ``Exhibit``."""
        return self._connector(**{"url": self._slapd.ldaps_url, **self._settings})

    def unreachable(self) -> Connector:
        """See ``Exhibit``."""
        return self._connector(url=f"ldaps://{HOST}:{free_port()}")

    def change(self) -> tuple[Names, Names]:
        """Delete one person, add one, change a third; the deleted one leaves the group too."""
        gone = self._keys()
        self._slapd.apply(
            f"dn: cn=ryhma{self._number},ou=groups,{SUFFIX}\nchangetype: modify\ndelete: member\n"
            f"member: uid={self._uid},ou=people,{SUFFIX}\n"
        )
        self._slapd.delete(f"uid={self._uid},ou=people")
        self._slapd.add(person(f"tulija{self._number}", "Tuula", "Tulija"))
        self._slapd.apply(f"dn: uid=eero,ou=people,{SUFFIX}\nchangetype: modify\nreplace: sn\nsn: Muu{self._number}\n")
        now = self._keys()
        changed = {("person", now["person", name]) for name in (f"tulija{self._number}", "eero")}
        me = gone["person", self._uid]
        mine = f"{gone['group', f'ryhma{self._number}']}/{me}"
        return changed, {("person", me), ("membership", mine)}

    def login(self) -> tuple[str, str]:
        """See ``Exhibit``."""
        return "aino", PASSWORD

    def _keys(self) -> dict[tuple[str, str], str]:
        """Return the keys of persons by uid and of groups by cn."""
        connector = self.connector()
        assert isinstance(connector, LdapConnector)
        records = [item for item in connector.read() if isinstance(item, Record) and item.kind != "membership"]
        return {(r.kind, str(r.fields["uid" if r.kind == "person" else "cn"])): r.key for r in records}

    def _connector(self, **settings: object) -> Connector:
        return ldap(self._slapd, **settings)


def ldap(slapd: Slapd, **settings: object) -> LdapConnector:
    """Return a connector to ``slapd`` with small pages; ``settings`` come before the usual ones."""
    usual = {
        "url": slapd.ldaps_url,
        "ca_file": slapd.ca_file,
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "base_dn": SUFFIX,
        "page_size": 2,
    }
    return LdapConnector(LdapSettings.model_validate({**usual, **settings}))


def hr_exhibit(place: Path) -> FileExhibit:
    """Show the HR connector a good file."""
    path = Path(shutil.copy(FIXTURES / "good.csv", place / "hr.csv"))
    return FileExhibit(lambda each: HrConnector(HrSettings(path=each)), path, frozenset({"employment"}), ())


def hr_folder_exhibit(place: Path) -> FileExhibit:
    """Show the HR connector a folder with a good file, and one with none."""
    folder = place / "saapuneet"
    folder.mkdir()
    shutil.copy(FIXTURES / "good.csv", folder / "hr_20260915.csv")

    def connector(each: Path) -> HrConnector:
        return HrConnector(HrSettings(folder=each, pattern="hr_*.csv", settle_seconds=0))

    return FileExhibit(connector, folder, frozenset({"employment"}), ())


class SftpExhibit(FileExhibit):
    """A folder of another server with a good file, and a server that is not there."""

    def __init__(self, server: Sshd, place: Path) -> None:
        shutil.copy(FIXTURES / "good.csv", place / "hr_20260915.csv")
        super().__init__(self._at, place, frozenset({"employment"}), (server.key,))
        self._server = server

    def unreachable(self) -> Connector:
        """See ``Exhibit``."""
        return self._at(self._path, port=free_port())

    def _at(self, folder: Path, **others: Any) -> Connector:
        settings = {"sftp": self._server.settings(folder, **others), "pattern": "hr_*.csv", "settle_seconds": 0}
        return HrConnector(HrSettings.model_validate(settings))


def hr_sftp_exhibit(server: Sshd, place: Path) -> FileExhibit:
    """Show the HR connector a folder of another server."""
    return SftpExhibit(server, place)


def hr_bytes_exhibit(place: Path, data: bytes, **settings: object) -> FileExhibit:
    """Show the HR connector a file of another kind."""
    (path := place / "hr.bin").write_bytes(data)

    def connector(each: Path) -> HrConnector:
        return HrConnector(HrSettings.model_validate({"path": each, **settings}))

    return FileExhibit(connector, path, frozenset({"employment"}), ())


def oneroster_exhibit(place: Path, *, packed: bool, old: bool = False) -> FileExhibit:
    """Show the OneRoster connector a good bundle; ``old``: of version 1.1."""
    path = (archive if packed else folder)(place, FILES_1_1 if old else FILES)
    gives = frozenset(OneRosterConnector.kinds)
    return FileExhibit(lambda each: OneRosterConnector(OneRosterSettings(path=each)), path, gives, PASSWORDS)


def sds_exhibit(place: Path, *, packed: bool) -> FileExhibit:
    """Show the School Data Sync connector a good bundle."""
    path = (archive if packed else folder)(place, sds.FILES)
    return FileExhibit(sds.sds, path, frozenset(SdsConnector.kinds), PASSWORDS)
