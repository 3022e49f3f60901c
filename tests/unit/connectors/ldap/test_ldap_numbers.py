"""Changes in Active Directory by their numbers: what is gone, what came, and when only a full reading tells."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from connectors.contract import CheckpointLost
from connectors.ldap import LdapConnector, LdapSettings
from connectors.ldap.checkpoint import KINDS, Memory, check, read_checkpoint, remember, sketch_of, write_checkpoint
from connectors.ldap.departures import departed
from connectors.ldap.directory import connected
from connectors.ldap.entries import Entry
from connectors.ldap.membership import Groups
from connectors.ldap.rows import row
from connectors.ldap.wire.server import Server
from connectors.network.deadline import Deadline
from connectors.records import Record
from tests.kit.peers.hostile_ldap import Behaviour, HostileLdap, found, page, result, scripted
from tests.unit.connectors.ldap.test_ldap_parts import SOUND

Names = set[tuple[str, str]]
SETTINGS = LdapSettings.model_validate({**SOUND, "id_attribute": "objectGUID"})
AT = datetime(2026, 9, 15, 3, tzinfo=UTC)
ROOT = {
    "dsServiceName": ["CN=NTDS Settings,CN=DC1"],
    "highestCommittedUSN": ["4000"],
    "currentTime": ["20260915030000Z"],
}
GUID = {"objectGUID": ["0123456789abcdef"]}
PLAIN = {**SOUND, "id_attribute": "objectGUID", "plaintext": True}


def named(*numbers: int, kind: str = "person") -> Names:
    return {(kind, str(UUID(int=number))) for number in numbers}


def memory(names: Names) -> Memory:
    return Memory(100, "a", sketch_of(names))


def nobody() -> Names:
    return set()


@pytest.mark.parametrize(
    ("control", "enabled"),
    [("512", "true"), ("514", "false"), ("528", "true"), ("66050", "false"), ("-2147483646", "false"), ("0", "true")],
)
def test_an_account_is_disabled_by_its_one_flag_and_not_by_being_locked(control: str, enabled: str) -> None:
    assert column(control.encode()) == enabled


@given(st.lists(st.binary(max_size=8).filter(lambda value: not value.lstrip(b"-").isdigit()), max_size=3))
def test_flags_that_cannot_be_read_disable_nobody(values: list[bytes]) -> None:
    assert column(*values) in ("", None)


def column(*values: bytes) -> object:
    """What a row says of whether the account is enabled; None for a row that cannot be read."""
    entry = Entry("cn=Aino,dc=example", {"objectguid": [bytes(16)], "useraccountcontrol": [*values]}, "objectGUID")
    told = row("person", entry, ("userAccountControl",))
    return told.fields["accountEnabled"] if isinstance(told, Record) else None


def test_a_directory_that_is_not_asked_for_flags_has_no_such_column() -> None:
    told = row("person", Entry("cn=Aino,dc=example", {"objectguid": [bytes(16)]}, "objectGUID"), ("sn",))
    assert isinstance(told, Record)
    assert "accountEnabled" not in told.fields


@pytest.mark.parametrize("seed", range(20))
def test_who_is_gone_and_who_came_into_sight_is_told_however_many_were_made(seed: int) -> None:
    chance = random.Random(seed)
    before, made, seen = (named(*numbers) for numbers in (range(300), range(1000, 1000 + 50 * seed), range(2000, 2010)))
    gone = set(chance.sample(sorted(before), seed))
    told, new = departed(memory(before), (before - gone) | made | seen, made, nobody)
    assert (set(told), new) == (gone, seen)


@pytest.mark.parametrize("seed", range(20))
def test_any_number_of_deleted_is_told_though_others_were_deleted_who_were_never_read(seed: int) -> None:
    chance = random.Random(seed)
    before, others = named(*range(300)), named(*range(1000, 1000 + seed))
    gone = set(chance.sample(sorted(before), 250))
    moved = set(chance.sample(sorted(gone), 10))
    told, new = departed(memory(before), before - gone, set(), lambda: gone - moved | others)
    assert (set(told), new) == (gone, set())


def test_who_was_made_while_everything_was_read_is_not_gone() -> None:
    assert departed(memory(named(1, 2)), named(1, 2), named(2), nobody) == ([], set())


def test_the_gone_are_told_in_the_order_of_kinds() -> None:
    before = named(1, 2) | named(1, 2, kind="group")
    told, _ = departed(memory(before), set(), set(), nobody)
    assert [kind for kind, _ in told] == sorted((kind for kind, _ in before), key=KINDS.index)


def test_more_than_can_be_told_and_nothing_of_it_deleted_asks_for_a_full_reading() -> None:
    with pytest.raises(CheckpointLost, match="More is gone"):
        departed(memory(named(*range(500))), set(), set(), nobody)


def test_a_group_is_touched_by_what_changes_at_any_depth_below_and_a_circle_ends() -> None:
    groups = Groups()
    for name, below in {"T": "m", "M": "z", "Z": "t", "O": "x", "X": ""}.items():
        groups.add_group(f"cn={name.lower()},dc=x", name, [f"cn={below},dc=x"] if below else [])
    assert (groups.touched(["Z"]), groups.touched(["X"]), groups.touched(["O"])) == (
        {"T", "M", "Z"},
        {"O", "X"},
        {"O"},
    )


def test_the_checkpoint_holds_the_number_after_the_last_and_nothing_of_memberships() -> None:
    told = remember(Server("a", None, 4000), AT, [*named(1), ("membership", f"{UUID(int=1)}/{UUID(int=2)}")])
    assert (told.since, told.asked()) == (4001, "4001")
    read = read_checkpoint(write_checkpoint(told, SETTINGS), SETTINGS)
    assert (read.since, read.server, str(read.sketch)) == (4001, "a", str(sketch_of(named(1))))


def test_a_checkpoint_by_time_of_the_version_before_leads_to_a_full_reading() -> None:
    with HostileLdap(answers([*invocation()])) as server, pytest.raises(CheckpointLost):
        old = write_checkpoint(Memory(AT, "a", sketch_of([])), SETTINGS)
        list(connector(server).changes(old))


def test_a_server_that_counts_less_than_it_did_was_set_back() -> None:
    check(memory(set()), Server("a", AT, 99), 100)
    with pytest.raises(CheckpointLost, match="set back"):
        check(memory(set()), Server("a", AT, 98), 99)


@given(st.text(alphabet="0123456789 -+abT", max_size=30))
def test_a_number_that_is_none_is_no_checkpoint(told: str) -> None:
    parts = write_checkpoint(memory(set()), SETTINGS).split(" ")
    try:
        read = read_checkpoint(" ".join([parts[0], told, *parts[2:]]), SETTINGS)
    except CheckpointLost:
        assert not (told.isdigit() and len(told) < 20)
    else:
        assert str(read.since) == (told.lstrip("0") or "0")


def connector(server: HostileLdap) -> LdapConnector:
    return LdapConnector(LdapSettings.model_validate({**PLAIN, "url": server.url}))


def invocation(*told: str) -> list[object]:
    return [found("dc1", {"invocationId": [*told]} if told else {})]


def answers(who: list[object], *then: object) -> Behaviour:
    """A domain controller that says this of itself, and then these."""
    return scripted(result(0), found("base", GUID), found("root", ROOT), *who, *then)  # type: ignore[arg-type]


def persons(usn: list[str]) -> object:
    """A page of one person with this number of change."""

    def answer(number: int, tag: int) -> bytes:
        end = len(result(0)(number, tag))
        entry = found("aino", {**GUID, "uSNChanged": usn, "uSNCreated": ["1"]})(number, tag)[:-end]
        return entry + page(cookie=b"")(number, tag)

    return answer


def read(who: list[object]) -> str:
    empty = page(cookie=b"")
    with HostileLdap(answers(who, persons(["7"]), empty, persons(["7"]), empty)) as server:
        reading = connector(server).read()
        assert len(list(reading)) == 1
        assert reading.checkpoint is not None
        return reading.checkpoint


def test_a_server_that_does_not_say_which_it_is_is_read_in_full_each_time_and_says_so() -> None:
    checkpoint = read(invocation())
    with HostileLdap(answers(invocation())) as server, pytest.raises(CheckpointLost, match="which domain controller"):
        list(connector(server).changes(checkpoint))


def test_a_server_with_another_invocation_id_is_another_one() -> None:
    checkpoint = read(invocation("one"))
    with HostileLdap(answers(invocation("two"))) as server, pytest.raises(CheckpointLost, match="not of this"):
        list(connector(server).changes(checkpoint))


def test_an_entry_whose_number_may_not_be_read_is_not_taken_for_an_unchanged_one() -> None:
    checkpoint = read(invocation("one"))
    for number in ([], ["many"]):
        with HostileLdap(answers(invocation("one"), persons(number))) as server:
            with pytest.raises(CheckpointLost, match="does not tell of every entry"):
                list(connector(server).changes(checkpoint))


def test_where_what_is_deleted_may_not_be_asked_for_nothing_is_told_of_it() -> None:
    with HostileLdap(scripted(result(0), result(12))) as server:
        with connected(connector(server)._settings, Deadline(5)) as directory:
            assert directory.deleted("dc=mansikkala,dc=example", "5") == set()
