"""Groups too large for one answer: nobody beyond the first part is left out, and no directory holds a run for ever."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from connectors.contract import Malformed, TimedOut, Unreachable
from connectors.records import Record
from tests.kit.peers.hostile_ldap import HostileLdap, active_directory, name_of
from tests.unit.connectors.ldap.test_ldap_hostile import connector

PERSONS = [str(UUID(int=n)) for n in range(1, 8)]
GROUP = str(UUID(int=99))
Serve = Callable[[int], tuple[str, list[str]] | None]


def parts(size: int) -> Callable[[int], tuple[str, list[str]]]:
    """Serve the members in parts of ``size``, as Active Directory does."""

    def serve(start: int) -> tuple[str, list[str]]:
        members = [name_of(uuid) for uuid in PERSONS[start : start + size]]
        return f"{start}-{'*' if start + size >= len(PERSONS) else start + size - 1}", members

    return serve


def members(serve: Serve, *, deadline: float = 5) -> list[str]:
    with HostileLdap(active_directory(serve, *PERSONS, group=GROUP)) as server:
        items = list(connector(server.url, deadline=deadline).read())
    return [str(i.fields["person"]) for i in items if isinstance(i, Record) and i.kind == "membership"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_everybody_in_a_large_group_is_a_member_however_many_parts_it_comes_in(size: int) -> None:
    assert members(parts(size)) == PERSONS


def test_a_large_group_that_is_empty_has_nobody() -> None:
    assert members(lambda _start: ("0-*", [])) == []


def repeating(start: int) -> tuple[str, list[str]]:
    return f"{start}-{start + 1}", [name_of(uuid) for uuid in PERSONS[:2]]


def repeating_at_the_end(start: int) -> tuple[str, list[str]]:
    return f"{start}-{'*' if start else 1}", [name_of(uuid) for uuid in PERSONS[:2]]


def back(start: int) -> tuple[str, list[str]]:
    return "0-1", [name_of(uuid) for uuid in PERSONS[:2]]


def skipping(start: int) -> tuple[str, list[str]]:
    return (f"{start + 2}-*" if start else "0-1"), [name_of(uuid) for uuid in PERSONS[start : start + 2]]


def short(start: int) -> tuple[str, list[str]]:
    return f"{start}-{start + 4}", [name_of(uuid) for uuid in PERSONS[start : start + 2]]


def empty(start: int) -> tuple[str, list[str]]:
    return (f"{start}-{start - 1}", []) if start else parts(2)(0)


def late(start: int) -> tuple[str, list[str]]:
    return "1-*", [name_of(uuid) for uuid in PERSONS[1:]]


def huge(start: int) -> tuple[str, list[str]]:
    return f"{start}-99999999999999999999", [name_of(PERSONS[0])]


@pytest.mark.parametrize("serve", [repeating, repeating_at_the_end, back, skipping, short, empty, late, huge])
def test_parts_that_do_not_join_change_nobody_and_are_told(serve: Serve) -> None:
    with pytest.raises(Malformed, match="do not join") as caught:
        members(serve)
    assert caught.value.problem.remedy


def test_a_group_whose_members_never_end_is_given_up_in_time_and_told() -> None:
    def endless(start: int) -> tuple[str, list[str]]:
        return f"{start}-{start}", [f"uid={start},dc=mansikkala,dc=example"]

    with pytest.raises(TimedOut, match="did not come to an end"):
        members(endless, deadline=0.4)


def test_a_group_that_is_removed_while_it_is_read_is_no_small_group() -> None:
    with pytest.raises(Unreachable, match="moved or removed"):
        members(lambda start: None if start else parts(2)(start))
