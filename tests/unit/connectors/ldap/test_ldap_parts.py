"""The parts of the LDAP connector that need no directory: settings, names, nesting, and the sketch of a checkpoint."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors import registry
from connectors.contract import CheckpointLost, Malformed, Refused
from connectors.ldap import LdapConnector, LdapSettings
from connectors.ldap.checkpoint import Memory, read_checkpoint, write_checkpoint
from connectors.ldap.entries import Entry
from connectors.ldap.membership import Groups
from connectors.ldap.rows import row
from connectors.ldap.settings import bind_password
from connectors.ldap.sketch import WIDTH, Sketch
from connectors.records import Record

SOUND = {
    "url": "ldaps://ldap.mansikkala.example",
    "bind_dn": "cn=avain,dc=mansikkala,dc=example",
    "bind_password": "a-secret-value",
    "base_dn": "dc=mansikkala,dc=example",
}


def fields(**changed: object) -> list[str | None]:
    """Return the fields that ``validate`` objects to; a value of None takes the setting away."""
    given = {name: value for name, value in {**SOUND, **changed}.items() if value is not None}
    return [problem.field for problem in LdapConnector(LdapSettings.model_validate(given)).validate()]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"url": "ldap://ldap.mansikkala.example"},
        {"url": "ldap://127.0.0.1:3389", "plaintext": True},
        {"url": "ldap://[::1]", "plaintext": True, "starttls": False},
        {"url": "ldap://localhost/", "plaintext": True},
        {"bind_password": None, "bind_password_file": "/etc/avain/ldap.secret"},
        {"person_attributes": ("uid", "cn;lang-fi", "1.3.6.1.4.1.1466.1")},
    ],
)
def test_sound_settings_have_no_problem(changed: dict[str, object]) -> None:
    assert fields(**changed) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"url": "http://ldap.mansikkala.example"}, "url"),
        ({"url": "ldaps://"}, "url"),
        ({"url": "ldaps://ldap.mansikkala.example:port"}, "url"),
        ({"url": "ldaps://avain@ldap.mansikkala.example"}, "url"),
        ({"url": "ldaps://ldap.mansikkala.example/dc=x"}, "url"),
        ({"url": "ldap://ldap.mansikkala.example", "plaintext": True}, "plaintext"),
        ({"url": "ldap://10.0.0.1", "plaintext": True}, "plaintext"),
        ({"url": "ldap://localhost.evil.example", "plaintext": True}, "plaintext"),
        ({"plaintext": True}, "plaintext"),
        ({"url": "ldap://127.0.0.1", "starttls": False}, "starttls"),
        ({"bind_password": None}, "bind_password"),
        ({"bind_password": ""}, "bind_password"),
        ({"bind_password_file": "/etc/avain/ldap.secret"}, "bind_password"),
        ({"bind_dn": "avain"}, "bind_dn"),
        ({"base_dn": ""}, "base_dn"),
        ({"person_filter": "objectClass=person"}, "person_filter"),
        ({"group_filter": "(objectClass=groupOfNames"}, "group_filter"),
        ({"person_attributes": ("uid", "userPassword")}, "person_attributes"),
        ({"login_attribute": "uid)(objectClass=*"}, "login_attribute"),
    ],
)
def test_settings_that_make_no_sense_are_named(changed: dict[str, object], field: str) -> None:
    assert fields(**changed) == [field]


def test_nothing_is_sent_with_settings_that_make_no_sense() -> None:
    connector = LdapConnector(LdapSettings.model_validate({**SOUND, "url": "ldap://10.0.0.1", "plaintext": True}))
    with pytest.raises(Refused):
        list(connector.read())
    with pytest.raises(Refused):
        connector.authenticate("aino", "x")


def test_the_password_is_not_shown_by_the_settings() -> None:
    settings = LdapSettings.model_validate(SOUND)
    assert "a-secret-value" not in f"{settings} {settings!r} {settings.model_dump_json()}"
    with pytest.raises(ValidationError) as caught:
        LdapSettings.model_validate({**SOUND, "bind_password": ["a-secret-value"]})
    assert "a-secret-value" not in str(caught.value)


@pytest.mark.parametrize(("content", "expected"), [("sala sana\n", "sala sana"), ("sala\r\n", "sala"), (" x ", " x ")])
def test_the_password_may_come_from_a_file(content: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(content)
    given = {**SOUND, "bind_password": None, "bind_password_file": path}
    assert bind_password(LdapSettings.model_validate(given)) == expected


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff"])
def test_a_password_file_that_cannot_be_used_is_told(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    settings = LdapSettings.model_validate({**SOUND, "bind_password": None, "bind_password_file": path})
    (problem,) = LdapConnector(settings).test()
    assert problem.field == "bind_password_file"


def test_a_missing_ca_file_is_told(tmp_path: Path) -> None:
    (problem,) = LdapConnector(LdapSettings.model_validate({**SOUND, "ca_file": tmp_path / "ca.pem"})).test()
    assert problem.field == "ca_file"


def test_nested_groups_hold_the_persons_below_and_a_circle_ends() -> None:
    groups = Groups()
    groups.add_person("uid=a,dc=x", "A")
    groups.add_person("uid=b,dc=x", "B")
    groups.add_group("cn=top,dc=x", "T", ["cn=middle,dc=x", "uid=nobody,dc=x"])
    groups.add_group("cn=middle,dc=x", "M", ["CN=Bottom, dc=x", "uid=a,dc=x#'0'B"])
    groups.add_group("cn=bottom,dc=x", "Z", ["cn=top,dc=x", "uid=b,dc=x", "cn=bottom,dc=x"])
    groups.add_group("cn=empty,dc=x", "E", [])
    assert groups.memberships() == [(group, person) for group in "MTZ" for person in "AB"]


def test_a_name_that_two_persons_share_puts_neither_into_a_group_and_neither_is_lost() -> None:
    groups = Groups()
    groups.add_person("cn=Strauß,dc=x", "A")
    groups.add_person("cn=STRAUSS,dc=x", "B")
    groups.add_group("cn=kuoro,dc=x", "K", ["cn=Strauss,dc=x"])
    assert (groups.memberships(), groups.persons) == ([], {"A", "B"})


def test_a_group_holds_whom_it_names_by_login_beside_those_it_names_by_entry() -> None:
    groups = Groups()
    groups.add_person("cn=a,dc=x", "A", ["aino", "aino.esimerkki"])
    groups.add_person("cn=b,dc=x", "B", ["eero", "EERO"])
    groups.add_person("cn=c,dc=x", "C", ["oma"])
    groups.add_group("cn=g,dc=x", "G", ["cn=c,dc=x", "cn=nested,dc=x"], ["AINO", "haamu"])
    groups.add_group("cn=nested,dc=x", "N", [], ["eero"])
    assert groups.memberships() == [("G", "A"), ("G", "B"), ("G", "C"), ("N", "B")]


def test_a_login_that_two_persons_have_puts_neither_into_a_group() -> None:
    groups = Groups()
    groups.add_person("cn=a,dc=x", "A", ["aino"])
    groups.add_person("cn=b,dc=x", "B", ["Aino"])
    groups.add_group("cn=g,dc=x", "G", [], ["aino"])
    assert groups.memberships() == []


def test_a_long_chain_of_groups_is_followed_to_its_end() -> None:
    groups = Groups()
    groups.add_person("uid=a,dc=x", "A")
    for i in range(1200):
        groups.add_group(f"cn={i},dc=x", str(i), [f"cn={i + 1},dc=x"])
    groups.add_group("cn=1200,dc=x", "1200", ["uid=a,dc=x"])
    assert len(groups.memberships()) == 1201


def elements(number: int, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [chance.randbytes(WIDTH) for _ in range(number)]


@pytest.mark.parametrize("missing", [0, 1, 5, 20, 35])
@pytest.mark.parametrize("seed", range(5))
def test_a_sketch_tells_what_is_gone_from_a_large_set(missing: int, seed: int) -> None:
    before, new = elements(3000, seed), elements(8, seed + 100)
    told = Sketch.parse(str(Sketch(before))).difference(Sketch([*before[missing:], *new]))
    assert told == (set(before[:missing]), set(new))


def test_a_sketch_says_so_when_too_much_has_changed() -> None:
    assert Sketch(elements(500, 1)).difference(Sketch()) is None


def test_a_sketch_fits_into_a_checkpoint() -> None:
    assert len(str(Sketch(elements(100, 1)))) < 3900


@pytest.mark.parametrize(
    "change",
    [
        {"base_dn": "dc=other"},
        {"person_filter": "(uid=*)"},
        {"person_attributes": ("uid",)},
        {"id_attribute": "objectGUID"},
        {"login_attribute": "mail"},
    ],
)
def test_a_checkpoint_of_other_settings_is_lost(change: dict[str, object]) -> None:
    memory = Memory(datetime(2026, 9, 1, tzinfo=UTC), "0123456789abcdef", Sketch())
    text = write_checkpoint(memory, LdapSettings.model_validate(SOUND))
    assert read_checkpoint(text, LdapSettings.model_validate(SOUND)).since == memory.since
    with pytest.raises(CheckpointLost):
        read_checkpoint(text, LdapSettings.model_validate({**SOUND, **change}))


GUID = bytes.fromhex("78563412cdabef01" + "0123456789abcdef")


def test_an_object_guid_is_read_as_its_canonical_text() -> None:
    entry = Entry("cn=Aino,dc=example", {"objectguid": [GUID]}, "objectGUID")
    assert entry.uuid == "12345678-abcd-01ef-0123-456789abcdef"


def test_an_entry_uuid_is_read_as_its_canonical_text() -> None:
    entry = Entry("cn=Aino,dc=example", {"entryuuid": [b"12345678-ABCD-01EF-0123-456789ABCDEF"]}, "entryUUID")
    assert entry.uuid == "12345678-abcd-01ef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("objectGUID", {}),
        ("objectGUID", {"objectguid": []}),
        ("objectGUID", {"objectguid": [GUID[:15]]}),
        ("objectGUID", {"entryuuid": [b"12345678-abcd-01ef-0123-456789abcdef"]}),
        ("entryUUID", {"objectguid": [GUID]}),
        ("entryUUID", {"entryuuid": [GUID]}),
    ],
)
def test_an_entry_without_its_id_is_told_by_the_attribute(attribute: str, values: dict[str, list[bytes]]) -> None:
    with pytest.raises(Malformed, match=f"no {attribute}") as caught:
        _ = Entry("cn=Aino,dc=example", values, attribute).uuid
    assert caught.value.problem.field == "id_attribute"


def test_the_record_of_an_entry_holds_its_id_under_one_name_whichever_attribute_it_is() -> None:
    entry = Entry("cn=Aino,dc=example", {"objectguid": [GUID], "sn": [b"Esimerkki"]}, "objectGUID")
    found = row("person", entry, ("sn", "objectGUID"))
    assert isinstance(found, Record)
    assert (found.key, found.fields["entryUUID"]) == (entry.uuid, entry.uuid)
    assert registry.matching("ldap")["person"]["person"]["key"] in found.fields


def test_no_other_attribute_may_be_the_id() -> None:
    with pytest.raises(ValidationError):
        LdapSettings.model_validate({**SOUND, "id_attribute": "cn"})
