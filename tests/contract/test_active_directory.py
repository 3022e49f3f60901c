"""The LDAP connector against a real domain controller of Active Directory: who is read, what changed by the numbers of
changes, what is deleted, and who signs in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from connectors.contract import CheckpointLost, Item
from connectors.ldap import LdapConnector
from connectors.ldap.directory import connected
from connectors.ldap.entries import entries
from connectors.ldap.membership import texts
from connectors.ldap.ranges import whole
from connectors.network.deadline import Deadline
from connectors.records import Deleted, Whole
from tests.kit.feeds.active_directory import active_directory
from tests.kit.feeds.csv_inputs import read_all, records
from tests.kit.servers.samba import DELETED_READER, DISABLED, LOCKED, PASSWORD, SUFFIX, Samba, group, nameless, person

pytestmark = pytest.mark.services

CHAIN = "memberOf:1.2.840.113556.1.4.1941:"
MANY = 80
"""More than a checkpoint's sketch can tell."""


class Unit:
    """A unit of a domain controller, with a reading and what changed since."""

    def __init__(self, samba: Samba, *names: str, **settings: object) -> None:
        self.samba = samba
        self.dn = samba.unit()
        self._prefix = self.dn.partition(",")[0].removeprefix("OU=")
        self.add(*names)
        self.settings = settings
        self.checkpoint = ""

    def add(self, *names: str, control: int = 0x200, more: str = "") -> None:
        """Add persons of these names."""
        people = [
            person(self.login(name), name.title(), "Malli", self.dn, control=control, more=more) for name in names
        ]
        self.samba.add(*people)

    def group(self, name: str, *members: str) -> str:
        """Add a group; return its name in the directory."""
        self.samba.add(group(self.login(name), self.dn, *map(self.login, members)))
        return self.name(name)

    def login(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def name(self, name: str) -> str:
        return f"CN={self.login(name)},{self.dn}"

    def connector(self, **settings: object) -> LdapConnector:
        return active_directory(self.samba, self.dn, **{**self.settings, **settings})

    def read(self) -> list[Item]:
        """Read everything, and go on from there."""
        return self._told(self.connector().read())

    def changes(self, **settings: object) -> list[Item]:
        """Read what changed, and go on from there."""
        return self._told(self.connector(**settings).changes(self.checkpoint))

    def short(self, items: list[Item], kind: str = "person") -> list[str]:
        """The short names of the records of a kind."""
        column = "sAMAccountName" if kind == "person" else "cn"
        found = (str(item.fields[column]) for item in records(items) if item.kind == kind)
        return sorted(name.removeprefix(f"{self._prefix}-") for name in found)

    def keys(self) -> dict[str, str]:
        """The keys of everything by short name."""
        found = [item for item in records(read_all(self.connector().read())) if item.kind != "membership"]
        column = {"person": "sAMAccountName", "group": "cn"}
        return {str(r.fields[column[r.kind]]).removeprefix(f"{self._prefix}-"): r.key for r in found}

    def members(self) -> list[tuple[str, str]]:
        """Group and person of each membership, by short name."""
        names = {key: name for name, key in self.keys().items()}
        pairs = [
            item.key.split("/") for item in records(read_all(self.connector().read())) if item.kind == "membership"
        ]
        return sorted((names[group], names[person]) for group, person in pairs)

    def _told(self, reading: object) -> list[Item]:
        items = read_all(reading)
        assert reading.checkpoint is not None
        self.checkpoint = reading.checkpoint
        return items


def deleted(items: list[Item]) -> set[tuple[str, str]]:
    return {(item.kind, str(item.key)) for item in items if isinstance(item, Deleted)}


def wholes(items: list[Item]) -> set[str]:
    return {item.prefix.removesuffix("/") for item in items if isinstance(item, Whole)}


def test_persons_and_groups_are_known_by_their_object_guid(samba: Samba) -> None:
    unit = Unit(samba, "aino")
    unit.group("opettajat", "aino")
    for item in [item for item in records(unit.read()) if item.kind != "membership"]:
        assert item.fields["entryUUID"] == item.key == str(UUID(item.key))
    answer = connected(unit.connector()._settings, Deadline(10))
    with answer as directory:
        (entry,) = directory.persons()
    assert str(UUID(bytes_le=entry.values["objectguid"][0])) == entry.uuid == unit.keys()["aino"]


def test_who_is_in_a_group_within_a_group_is_in_both(samba: Samba) -> None:
    unit = Unit(samba, "aino", "eero")
    unit.group("koivu", "aino")
    unit.group("opettajat", "koivu", "eero")
    assert unit.members() == [("koivu", "aino"), ("opettajat", "aino"), ("opettajat", "eero")]


def test_an_account_that_is_disabled_says_so_and_one_that_is_locked_does_not(samba: Samba) -> None:
    unit = Unit(samba, "aino")
    unit.add("eero", control=DISABLED)
    unit.add("lauri", control=LOCKED)
    enabled = {str(item.fields["givenName"]): item.fields["accountEnabled"] for item in records(unit.read())}
    assert enabled == {"Aino": "true", "Eero": "false", "Lauri": "true"}


def test_the_end_of_an_account_is_handed_on_as_its_last_moment(samba: Samba) -> None:
    unit = Unit(samba, "aino")
    since = datetime.fromisoformat("2027-01-01T00:00:00+02:00") - datetime.fromisoformat("1601-01-01T00:00:00+00:00")
    unit.add("eero", more=f"accountExpires: {int(since.total_seconds()) * 10_000_000}\n")
    ends = {str(item.fields["givenName"]): item.fields["accountExpires"] for item in records(unit.read())}
    assert ends == {"Aino": "", "Eero": "2026-12-31T21:59:59+00:00"}


def test_who_may_sign_in_does_and_who_is_disabled_or_expired_does_not(samba: Samba) -> None:
    unit = Unit(samba, "aino")
    unit.add("eero", control=DISABLED)
    unit.add("lea", more="accountExpires: 132539328000000000\n")
    connector, keys = unit.connector(), unit.keys()
    assert connector.authenticate(unit.login("aino"), PASSWORD) == keys["aino"]
    for login, password in (("aino", PASSWORD.upper()), ("eero", PASSWORD), ("lea", PASSWORD)):
        assert connector.authenticate(unit.login(login), password) is None


def test_an_account_is_signed_in_to_over_starttls_too_and_never_without(samba: Samba) -> None:
    unit = Unit(samba, "aino")
    assert unit.connector(url=samba.url).authenticate(unit.login("aino"), PASSWORD)
    (problem,) = unit.connector(url=samba.url, plaintext=True).test()
    assert "demands a stronger connection" in str(problem)


def test_references_to_other_parts_of_the_forest_are_passed_over(samba: Samba) -> None:
    unit = Unit(samba, "aino", base_dn=SUFFIX, page_size=500)
    assert "# refldap" in samba.search(SUFFIX, f"(cn={unit.login('aino')})")
    assert "aino" in unit.short(unit.read())
    assert unit.connector().authenticate(unit.login("aino"), PASSWORD)


def test_members_that_are_given_in_parts_are_all_read(samba: Samba) -> None:
    unit = Unit(samba, "aino", "eero", "lea")
    name = unit.group("kaikki", "aino", "eero", "lea")
    settings = unit.connector()._settings
    with connected(settings, Deadline(10)) as directory:
        session = directory._session
        (part,) = entries(session, settings, settings.group_filter, ("member;range=0-1",))
        assert len(part.values["member;range=0-1"]) == 2
        assert name.startswith(part.dn.partition(",")[0])
        assert set(texts(whole(session, settings, part).values, "member")) == {
            unit.name(each) for each in ("aino", "eero", "lea")
        }


def test_only_what_was_changed_since_comes_again(samba: Samba) -> None:
    unit = Unit(samba, "aino", "eero")
    unit.group("opettajat", "aino", "eero")
    unit.read()
    samba.replace(unit.name("eero"), "sn", "Uusi")
    items = unit.changes()
    assert (unit.short(items), unit.short(items, "group"), deleted(items), wholes(items)) == (
        ["eero"],
        [],
        set(),
        set(),
    )
    assert unit.short(unit.changes()) == []


def test_who_leaves_a_group_is_told_by_the_group_and_by_those_that_hold_it(samba: Samba) -> None:
    unit = Unit(samba, "aino", "eero")
    inner = unit.group("koivu", "aino", "eero")
    unit.group("opettajat", "koivu")
    unit.group("kuoro", "eero")
    keys = unit.keys()
    unit.read()
    samba.leave(inner, unit.name("eero"))
    items = unit.changes()
    assert (wholes(items), deleted(items)) == ({keys["koivu"], keys["opettajat"]}, set())
    left = {item.key for item in records(items) if item.kind == "membership"}
    assert left == {
        f"{keys['koivu']}/{keys['aino']}",
        f"{keys['opettajat']}/{keys['aino']}",
        f"{keys['kuoro']}/{keys['eero']}",
    }


def test_persons_are_chosen_by_a_group_and_the_groups_within_it(samba: Samba) -> None:
    unit = Unit(samba, "aino", "eero", "oma")
    inner = unit.group("koivu", "aino")
    chosen = unit.group("avain", "koivu")
    unit.settings["person_filter"] = f"(&(objectClass=user)({CHAIN}={chosen}))"
    assert unit.short(unit.read()) == ["aino"]
    gone = unit.keys()["aino"]
    samba.join(inner, unit.name("eero"))
    assert unit.short(unit.changes()) == ["eero"], "nothing in the entry of who joined has changed"
    samba.leave(inner, unit.name("aino"))
    items = unit.changes()
    assert ("person", gone) in deleted(items)
    assert unit.short(unit.changes()) == []


def test_who_comes_under_the_base_with_the_unit_above_is_read_as_a_change(samba: Samba) -> None:
    unit, other = Unit(samba, "aino"), Unit(samba, "eero")
    unit.read()
    samba.move(other.dn, unit.dn)
    items = read_all(unit.connector().changes(unit.checkpoint))
    assert [item.fields["givenName"] for item in records(items)] == ["Eero"]


def test_who_is_moved_away_leaves_the_groups_that_still_name_them(samba: Samba) -> None:
    unit, elsewhere = Unit(samba, "aino", "eero"), samba.unit()
    unit.group("opettajat", "aino", "eero")
    keys = unit.keys()
    unit.read()
    samba.move(unit.name("eero"), elsewhere)
    items = unit.changes()
    assert (deleted(items), wholes(items)) == ({("person", keys["eero"])}, {keys["opettajat"]})
    told = {item.key for item in records(items) if item.kind == "membership"}
    assert told == {f"{keys['opettajat']}/{keys['aino']}"}


def test_any_number_of_new_persons_comes_as_changes_and_what_is_deleted_is_told_to_who_may_read_it(
    samba: Samba,
) -> None:
    unit = Unit(samba, "aino", page_size=500)
    unit.read()
    names = [f"p{n}" for n in range(MANY)]
    samba.add(*(nameless(unit.login(name), unit.dn) for name in names))
    assert len(unit.short(unit.changes())) == MANY
    keys = unit.keys()
    samba.delete(*map(unit.name, names))
    with pytest.raises(CheckpointLost, match="More is gone"):
        unit.changes()
    assert deleted(unit.changes(bind_dn=DELETED_READER)) == {("person", keys[name]) for name in names}
    assert deleted(unit.changes()) == set()


def test_a_domain_controller_that_was_restored_is_another_one(samba: Samba) -> None:
    unit = Unit(samba, "aino")
    unit.read()
    with Samba(copy_of=samba, restored=True) as other, pytest.raises(CheckpointLost, match="not of this directory"):
        read_all(active_directory(other, unit.dn).changes(unit.checkpoint))


def test_a_domain_controller_that_was_set_back_is_read_in_full(samba: Samba) -> None:
    unit = Unit(samba, "aino")
    with Samba(copy_of=samba) as backup:
        before = unit.read()
        samba.replace(unit.name("aino"), "sn", "Uusi")
        unit.changes()
        with pytest.raises(CheckpointLost, match="set back"):
            read_all(active_directory(backup, unit.dn).changes(unit.checkpoint))
        assert unit.short(read_all(active_directory(backup, unit.dn).read())) == unit.short(before)
