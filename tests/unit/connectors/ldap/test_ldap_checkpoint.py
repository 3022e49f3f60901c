"""From when on a directory is asked for changes: no change is lost by what a clock, an entry or another server says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from connectors.contract import CheckpointLost
from connectors.ldap import LdapConnector
from connectors.ldap.checkpoint import Memory, check, horizon, read_checkpoint
from connectors.ldap.sketch import Sketch
from connectors.ldap.wire.server import Server
from connectors.records import Record
from tests.kit.peers.hostile_ldap import Behaviour, HostileLdap, found, page, result, scripted
from tests.unit.connectors.ldap.test_ldap_hostile import connector

OURS = datetime(2026, 9, 15, 3, 0, 0, 250_000, tzinfo=UTC)
BASE, ONE, TWO = (str(UUID(int=n)) for n in (9, 1, 2))
FUTURE = "20990101000000Z"


def persons(stamps: dict[str, list[str]], *uuids: str) -> Callable[[int, int], bytes]:
    """A page of these persons, all with these stamps."""

    def answer(number: int, tag: int) -> bytes:
        end = len(result(0)(number, tag))
        return b"".join(found(uuid, stamps)(number, tag)[:-end] for uuid in uuids) + page(cookie=b"")(number, tag)

    return answer


def directory(root: dict[str, list[str]], base: str = BASE, stamps: dict[str, list[str]] | None = None) -> Behaviour:
    """A directory that says this of itself and holds one person, and no group."""
    one = persons(stamps if stamps is not None else {"modifyTimestamp": [FUTURE]}, ONE)
    nobody = page(cookie=b"")
    return scripted(result(0), found(base, {}), found("root", root), one, nobody, one, nobody)


def read(behave: Behaviour) -> str:
    with HostileLdap(behave) as server:
        reading = connector(server.url).read()
        list(reading)
    assert reading.checkpoint is not None
    return reading.checkpoint


def changes(behave: Behaviour, checkpoint: str) -> list[str]:
    with HostileLdap(behave) as server:
        return [item.key for item in connector(server.url).changes(checkpoint) if isinstance(item, Record)]


def since(checkpoint: str) -> datetime:
    return read_checkpoint(checkpoint, _settings()).since


def _settings() -> object:
    source = connector("ldap://127.0.0.1:389")
    assert isinstance(source, LdapConnector)
    return source._settings


def test_changes_are_asked_for_from_ten_minutes_before_the_reading_began_by_our_own_clock() -> None:
    assert horizon(Server("a", None), OURS) == datetime(2026, 9, 15, 2, 50, tzinfo=UTC)


def test_where_the_server_tells_its_time_changes_are_asked_for_by_that() -> None:
    behind = OURS - timedelta(hours=3)
    assert horizon(Server("a", behind), OURS) == datetime(2026, 9, 14, 23, 50, tzinfo=UTC)


def test_an_entry_stamped_in_the_future_hides_no_later_change() -> None:
    begun = datetime.now(UTC)
    assert begun - timedelta(minutes=11) < since(read(directory({}))) < begun


def test_the_clock_of_active_directory_goes_before_ours() -> None:
    checkpoint = read(directory({"currentTime": ["20260915060000.0+0300"]}))
    assert since(checkpoint) == datetime(2026, 9, 15, 2, 50, tzinfo=UTC)


@pytest.mark.parametrize("told", [["yesterday"], [], ["20261315060000.0Z"]])
def test_a_time_of_the_server_that_cannot_be_read_is_no_time(told: list[str]) -> None:
    begun = datetime.now(UTC)
    assert begun - timedelta(minutes=11) < since(read(directory({"currentTime": told}))) < begun


@pytest.mark.parametrize(
    ("root", "base"),
    [({"dsServiceName": ["CN=NTDS Settings,CN=DC2"]}, BASE), ({"dsServiceName": ["CN=NTDS Settings,CN=DC1"]}, ONE)],
)
def test_what_one_server_told_is_not_continued_at_another(root: dict[str, list[str]], base: str) -> None:
    checkpoint = read(directory({"dsServiceName": ["CN=NTDS Settings,CN=DC1"]}))
    with pytest.raises(CheckpointLost, match="not of this directory"):
        changes(directory(root, base), checkpoint)


def sweep(stamps: dict[str, list[str]]) -> Behaviour:
    """The same directory, as a reading of changes asks it."""
    return directory({}, stamps=stamps)


def test_a_directory_that_tells_no_more_when_entries_changed_is_not_taken_for_an_unchanged_one() -> None:
    checkpoint = read(directory({}))
    with pytest.raises(CheckpointLost, match="does not tell of every entry"):
        changes(sweep({}), checkpoint)
    assert changes(sweep({"modifyTimestamp": ["20200101000000Z"]}), checkpoint) == [ONE]


def test_who_comes_while_changes_are_read_comes_whole_the_next_time_and_can_end_later() -> None:
    checkpoint, stamps, nobody = read(directory({})), {"modifyTimestamp": [FUTURE]}, page(cookie=b"")
    asked = result(0), found(BASE, {}), found("root", {})
    assert changes(scripted(*asked, persons(stamps, ONE), nobody, persons(stamps, ONE, TWO)), checkpoint) == [ONE]
    assert changes(scripted(*asked, persons(stamps, ONE, TWO), nobody, persons(stamps, ONE, TWO)), checkpoint) == [
        ONE,
        TWO,
    ]


def test_who_comes_into_sight_without_being_modified_is_not_passed_over() -> None:
    checkpoint, stamps, nobody = read(directory({})), {"modifyTimestamp": ["20200101000000Z"]}, page(cookie=b"")
    asked = result(0), found(BASE, {}), found("root", {})
    with pytest.raises(CheckpointLost, match="does not tell of every entry"):
        changes(scripted(*asked, persons(stamps, ONE, TWO), nobody, nobody), checkpoint)


def test_after_a_clock_went_back_everything_is_read() -> None:
    memory = Memory(OURS, "a", Sketch())
    check(memory, Server("a", None), OURS)
    with pytest.raises(CheckpointLost, match="still to come"):
        check(memory, Server("a", None), OURS - timedelta(seconds=1))


def test_a_checkpoint_of_an_earlier_version_is_lost() -> None:
    text = read(directory({})).split(" ")
    with pytest.raises(CheckpointLost):
        read_checkpoint(" ".join(["1", text[1], text[3], text[4]]), _settings())
