"""The LDAP connector against a real slapd: paging, nesting, changes, deletions, sign-in, and a server that stops
answering."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from connectors.contract import CheckpointLost, Item, Malformed, Refused, TimedOut, Untrusted
from connectors.ldap import LdapConnector
from connectors.records import Deleted, Rejected
from tests.kit.feeds.csv_inputs import read_all, records
from tests.kit.feeds.exhibits import ldap
from tests.kit.servers.certificates import Authority
from tests.kit.servers.slapd import PASSWORD, SUFFIX, Slapd, group, person, posix_group

pytestmark = pytest.mark.services

LONG_AGO = "createTimestamp: 20200101000000Z\nmodifyTimestamp: 20200101000000Z\n"


@pytest.fixture(scope="module")
def directory() -> Iterator[Slapd]:
    """A directory whose entries are six years old, with names that need escapes."""
    with Slapd(
        *(person(f"p{i}", "Pia", f"Vanha{i}", more=LONG_AGO) for i in range(1, 8)),
        person("aino", "Aino", "Esimerkki", more=f"mail: aino@koivu.example\n{LONG_AGO}"),
        _comma(),
        group("kaikki", *(f"uid=p{i},ou=people" for i in range(1, 4)), more=LONG_AGO),
        group("ylin", "cn=kaikki,ou=groups", r"cn=Mäki\, Väinö,ou=people", more=LONG_AGO),
    ) as server:
        yield server


def _comma() -> str:
    uid = person("vaino", "Väinö", "Mäki", more=LONG_AGO)
    return uid.replace(f"dn: uid=vaino,ou=people,{SUFFIX}", rf"dn: cn=Mäki\, Väinö,ou=people,{SUFFIX}").replace(
        "cn: Väinö Mäki", "cn: Mäki, Väinö"
    )


def keys(connector: LdapConnector) -> dict[str, str]:
    """Return the keys of persons by uid."""
    found = records(read_all(connector.read()))
    return {str(record.fields["uid"]): record.key for record in found if record.kind == "person"}


@pytest.mark.parametrize("page_size", [1, 3, 500])
def test_every_page_size_gives_everything_and_a_count_that_matches(directory: Slapd, page_size: int) -> None:
    reading = ldap(directory, page_size=page_size).read()
    found = records(read_all(reading))
    assert [len([r for r in found if r.kind == kind]) for kind in LdapConnector.kinds] == [9, 2, 7]
    assert reading.evidence.declared == reading.evidence.rows == 18


def test_persons_and_groups_are_known_by_their_entry_uuid(directory: Slapd) -> None:
    found = [item for item in records(read_all(ldap(directory).read())) if item.kind != "membership"]
    assert all(item.fields["entryUUID"] == item.key == str(UUID(item.key)) for item in found)


def test_a_directory_that_is_no_active_directory_is_told_when_it_is_read_as_one(directory: Slapd) -> None:
    with pytest.raises(Malformed, match="no objectGUID"):
        read_all(ldap(directory, id_attribute="objectGUID").read())


def test_several_values_are_a_sorted_tuple_and_none_is_empty_text(directory: Slapd) -> None:
    found = {str(record.fields.get("uid")): record for record in records(read_all(ldap(directory).read()))}
    assert found["aino"].fields["mail"] == ("aino@koivu.example", "aino@mansikkala.example")
    assert found["aino"].fields["displayName"] == ""
    assert found["vaino"].fields["cn"] == "Mäki, Väinö"


def test_only_what_was_modified_comes_as_a_change_and_no_membership_that_is_as_it_was(directory: Slapd) -> None:
    connector = ldap(directory)
    full = connector.read()
    read_all(full)
    assert full.checkpoint is not None
    directory.apply(f"dn: uid=p7,ou=people,{SUFFIX}\nchangetype: modify\nreplace: sn\nsn: Uusi\n")
    later = connector.changes(full.checkpoint)
    read_all(later)
    assert later.checkpoint is not None
    items = records(read_all(connector.changes(later.checkpoint)))
    assert [item.kind for item in items] == ["person"]
    assert (items[0].fields["uid"], items[0].fields["sn"]) == ("p7", "Uusi")


def test_a_renamed_person_keeps_the_key_and_the_groups(directory: Slapd) -> None:
    connector = ldap(directory)
    before = keys(connector)
    reading = connector.read()
    read_all(reading)
    directory.apply(f"dn: uid=p6,ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=p66\ndeleteoldrdn: 1\n")
    assert reading.checkpoint is not None
    items = read_all(connector.changes(reading.checkpoint))
    directory.apply(f"dn: uid=p66,ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=p6\ndeleteoldrdn: 1\n")
    assert not [item for item in items if isinstance(item, Deleted)]
    assert ("person", before["p6"]) in {(item.kind, item.key) for item in items}


def test_a_person_who_leaves_the_filter_is_told_as_deleted(directory: Slapd) -> None:
    connector = ldap(directory, person_filter="(&(objectClass=inetOrgPerson)(!(title=poissa)))")
    gone = keys(connector)["p5"]
    reading = connector.read()
    read_all(reading)
    directory.apply(f"dn: uid=p5,ou=people,{SUFFIX}\nchangetype: modify\nadd: title\ntitle: poissa\n")
    assert reading.checkpoint is not None
    items = read_all(connector.changes(reading.checkpoint))
    assert [item for item in items if isinstance(item, Deleted)] == [Deleted("person", gone)]


def uids(items: list[Item]) -> set[str]:
    return {str(item.fields["uid"]) for item in records(items) if item.kind == "person"}


def test_a_change_is_read_though_another_entry_is_stamped_in_the_future() -> None:
    future = "createTimestamp: 20200101000000Z\nmodifyTimestamp: 20990101000000Z\n"
    with Slapd(
        person("eilinen", "Eino", "Eilinen", more=LONG_AGO), person("tuleva", "Tuula", "Tuleva", more=future)
    ) as server:
        connector = ldap(server)
        reading = connector.read()
        read_all(reading)
        server.apply(f"dn: uid=eilinen,ou=people,{SUFFIX}\nchangetype: modify\nreplace: sn\nsn: Uusi\n")
        assert reading.checkpoint is not None
        for _ in range(2):
            reading = connector.changes(reading.checkpoint)
            assert uids(read_all(reading)) == {"eilinen", "tuleva"}
            assert reading.checkpoint is not None


def test_another_directory_in_its_place_is_not_taken_for_the_same_one(directory: Slapd) -> None:
    reading = ldap(directory).read()
    read_all(reading)
    assert reading.checkpoint is not None
    with Slapd(person("p1", "Pia", "Vanha1", more=LONG_AGO)) as other, pytest.raises(CheckpointLost):
        read_all(ldap(other).changes(reading.checkpoint))


def test_persons_whose_branch_is_moved_under_the_base_are_not_passed_over() -> None:
    unit = f"\ndn: ou=uudet,{SUFFIX}\nobjectClass: organizationalUnit\nou: uudet\n"
    new = person("uusi", "Uuno", "Uusi", more=LONG_AGO).replace("ou=people", "ou=uudet")
    with Slapd(person("vanha", "Vilma", "Vanha", more=LONG_AGO), unit, new) as server:
        connector = ldap(server, base_dn=f"ou=people,{SUFFIX}")
        reading = connector.read()
        assert uids(read_all(reading)) == {"vanha"}
        server.apply(
            f"dn: ou=uudet,{SUFFIX}\nchangetype: modrdn\nnewrdn: ou=uudet\ndeleteoldrdn: 0\nnewsuperior: "
            f"ou=people,{SUFFIX}\n"
        )
        assert reading.checkpoint is not None
        with pytest.raises(CheckpointLost):
            read_all(connector.changes(reading.checkpoint))


def test_more_deletions_than_a_checkpoint_can_tell_ask_for_a_full_reading(directory: Slapd) -> None:
    names = [f"joukko{i}" for i in range(120)]
    directory.add("".join(person(name, "Jo", "Ukko") for name in names))
    connector = ldap(directory, page_size=500)
    reading = connector.read()
    read_all(reading)
    directory.apply("\n".join(f"dn: uid={name},ou=people,{SUFFIX}\nchangetype: delete\n" for name in names))
    assert reading.checkpoint is not None
    with pytest.raises(CheckpointLost):
        next(iter(connector.changes(reading.checkpoint)))


def test_an_attribute_with_an_identity_code_rejects_the_person_and_keeps_her_memberships(directory: Slapd) -> None:
    directory.add(person("koodi", "Kaisa", "Koodi", more="employeeNumber: 140381-902E\n"))
    directory.add(group("koodatut", "uid=koodi,ou=people"))
    items = read_all(ldap(directory).read())
    directory.delete("cn=koodatut,ou=groups")
    directory.delete("uid=koodi,ou=people")
    (bad,) = [item for item in items if isinstance(item, Rejected)]
    assert bad.problem.field == "employeeNumber"
    assert "140381" not in repr(bad)
    assert [item for item in items if item.kind == "membership" and str(item.key).endswith(str(bad.key))]


def test_an_attribute_that_holds_no_text_rejects_the_person(directory: Slapd) -> None:
    directory.add(person("kuva", "Kati", "Kuva", more="jpegPhoto:: /9j/4AAQ\n"))
    items = read_all(ldap(directory, person_attributes=("uid", "jpegPhoto")).read())
    directory.delete("uid=kuva,ou=people")
    assert [item.problem.field for item in items if isinstance(item, Rejected)] == ["jpegPhoto"]


def members(connector: LdapConnector) -> list[tuple[str, str]]:
    """Return group and person of each membership, by cn."""
    found = records(read_all(connector.read()))
    names = {record.key: str(record.fields["cn"]) for record in found if record.kind != "membership"}
    pairs = (record.fields for record in found if record.kind == "membership")
    return sorted((names[str(pair["group"])], names[str(pair["person"])]) for pair in pairs)


def named(rdn: str, cn: str) -> str:
    """Return a person as LDIF whose entry has this relative name, ``cn`` in it."""
    lines = f"objectClass: inetOrgPerson\nuid: erikoinen\nsn: Erikoinen\nuserPassword: {PASSWORD}\n"
    return f"\ndn: {rdn},ou=people,{SUFFIX}\n{lines}cn: {cn}\n"


@pytest.mark.parametrize(
    ("rdn", "cn", "other"),
    [
        ("cn=Aino+uid=erikoinen", "Aino", "UID=erikoinen + cn=AINO , OU=People"),
        (r"cn=A\5C2Cb", r"A\2Cb", r"cn=a\\2cB,ou=people"),
        (r"cn=5\22 putki\, \#3", '5" putki, #3', r"cn=5\"  PUTKI\2C \233,ou=people"),
        (r"cn=Kaksi\20\20v\C3\A4li\C3\A4", "Kaksi  väliä", "cn=kaksi väliä ; ou=people"),
    ],
)
def test_a_member_is_in_the_group_and_signs_in_however_the_name_is_written(rdn: str, cn: str, other: str) -> None:
    with Slapd(named(rdn, cn), group("ryhma", other)) as server:
        connector = ldap(server)
        assert members(connector) == [("ryhma", cn)]
        assert connector.authenticate("erikoinen", PASSWORD) == keys(connector)["erikoinen"]


def test_a_group_that_names_its_members_by_login_has_them(directory: Slapd) -> None:
    directory.add(posix_group("kerho", "p1", "AINO", "haamu"))
    try:
        found = members(ldap(directory))
    finally:
        directory.delete("cn=kerho,ou=groups")
    assert [pair for pair in found if pair[0] == "kerho"] == [("kerho", "Aino Esimerkki"), ("kerho", "Pia Vanha1")]


def test_a_member_by_login_who_leaves_the_group_is_told_as_gone(directory: Slapd) -> None:
    directory.add(posix_group("kerho", "p1", "aino"))
    connector = ldap(directory, person_attributes=("cn",))
    reading = connector.read()
    held = {record.key for record in records(read_all(reading)) if record.kind == "membership"}
    directory.apply(f"dn: cn=kerho,ou=groups,{SUFFIX}\nchangetype: modify\ndelete: memberUid\nmemberUid: aino\n")
    assert reading.checkpoint is not None
    items = read_all(connector.changes(reading.checkpoint))
    directory.delete("cn=kerho,ou=groups")
    (gone,) = [item for item in items if item.kind == "membership"]
    assert isinstance(gone, Deleted)
    assert gone.key in held


def test_a_member_by_login_who_joins_the_group_is_told_alone(directory: Slapd) -> None:
    directory.add(posix_group("kerho", "p1"))
    connector = ldap(directory, person_attributes=("cn",))
    reading = connector.read()
    held = {record.key for record in records(read_all(reading)) if record.kind == "membership"}
    directory.apply(f"dn: cn=kerho,ou=groups,{SUFFIX}\nchangetype: modify\nadd: memberUid\nmemberUid: aino\n")
    assert reading.checkpoint is not None
    items = read_all(connector.changes(reading.checkpoint))
    directory.delete("cn=kerho,ou=groups")
    (joined,) = [item for item in records(items) if item.kind == "membership"]
    assert joined.key not in held


def test_a_unique_member_with_its_mark_is_in_the_group() -> None:
    unique = f"\ndn: cn=ainutlaatuiset,ou=groups,{SUFFIX}\nobjectClass: groupOfUniqueNames\ncn: ainutlaatuiset\n"
    marked = f"uniqueMember: uid=aino,ou=people,{SUFFIX}#'01'B\nuniqueMember: uid=eero,ou=people,{SUFFIX}\n"
    with Slapd(person("aino", "Aino", "Esimerkki"), person("eero", "Eero", "Malli"), unique + marked) as server:
        assert [name for _, name in members(ldap(server))] == ["Aino Esimerkki", "Eero Malli"]


def test_a_name_with_a_comma_and_umlauts_signs_in(directory: Slapd) -> None:
    connector = ldap(directory)
    assert connector.authenticate("vaino", PASSWORD) == keys(connector)["vaino"]
    assert connector.authenticate("vaino", PASSWORD.lower()) is None


def test_another_attribute_may_be_the_login(directory: Slapd) -> None:
    connector = ldap(directory, login_attribute="mail")
    assert connector.authenticate("aino@koivu.example", PASSWORD) == keys(connector)["aino"]
    assert connector.authenticate("aino", PASSWORD) is None


def test_a_hostile_login_is_searched_for_as_one_literal_value(directory: Slapd) -> None:
    before = len(directory.log())
    assert ldap(directory).authenticate("*)(uid=*", PASSWORD) is None
    searches = [line for line in directory.log()[before:].splitlines() if "SRCH base" in line]
    assert len(searches) == 1
    assert r"(uid=\2A\29\28uid=\2A)" in searches[0].upper().replace("UID", "uid")


def test_wrong_credentials_of_the_service_are_refused_with_a_remedy(directory: Slapd) -> None:
    connector = ldap(directory, bind_password="wrong-secret")
    with pytest.raises(Refused, match="credentials") as caught:
        read_all(connector.read())
    assert "wrong-secret" not in f"{caught.value} {caught.value!r}"
    (problem,) = connector.test()
    assert problem.field == "bind_dn"


def test_a_base_that_is_not_there_and_a_filter_that_finds_nobody_are_told(directory: Slapd) -> None:
    (problem,) = ldap(directory, base_dn=f"ou=nowhere,{SUFFIX}").test()
    assert problem.field in {"base_dn", "bind_dn"}
    (problem,) = ldap(directory, person_filter="(uid=nobody)").test()
    assert problem.field == "person_filter"


def test_a_directory_that_gives_only_some_entries_is_an_error_and_no_short_reading() -> None:
    with Slapd(*(person(f"p{i}", "Pia", "Paljon") for i in range(9)), most="5") as server:
        for page_size in (2, 500):
            with pytest.raises(Refused, match="size limit"):
                read_all(ldap(server, page_size=page_size).read())


def test_a_real_server_of_an_unknown_authority_gets_no_bind(directory: Slapd, tmp_path: Path) -> None:
    before = len(directory.log())
    other = Authority(tmp_path).ca_file
    for url in (directory.ldaps_url, directory.url):
        with pytest.raises(Untrusted):
            read_all(ldap(directory, url=url, ca_file=other).read())
    assert "BIND dn" not in directory.log()[before:]


def test_starttls_is_begun_before_the_bind(directory: Slapd) -> None:
    before = len(directory.log())
    assert ldap(directory, url=directory.url).test() == []
    log = directory.log()[before:]
    assert 0 < log.index("TLS established") < log.index("BIND dn")


def test_a_server_that_stops_answering_ends_a_sign_in_in_time(directory: Slapd) -> None:
    directory.pause()
    begun = time.monotonic()
    try:
        with pytest.raises(TimedOut):
            ldap(directory, deadline_seconds=0.5).authenticate("aino", PASSWORD)
    finally:
        directory.resume()
    # Without a deadline it would wait as long as the server is silent.
    assert time.monotonic() - begun < 20
