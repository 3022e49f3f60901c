"""What a load draws is as random as what the system gives, and never the same twice."""

from __future__ import annotations

import os
from uuid import UUID

import pytest

from iam.database.entropy import BLOCK, Entropy
from iam.database.types import uuid7


def test_what_is_drawn_is_what_the_system_gave_and_each_byte_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given, system = list[bytes](), os.urandom

    def urandom(size: int) -> bytes:
        given.append(system(size))
        return given[-1]

    monkeypatch.setattr(os, "urandom", urandom)
    draw, drawn = Entropy(), list[bytes]()
    while len(given) < 3:
        drawn.append(draw(12))
    whole = BLOCK // 12
    expected = [block[at * 12 : at * 12 + 12] for block in given for at in range(whole)]
    assert drawn == expected[: len(drawn)]
    assert len(drawn) == 2 * whole + 1


def test_ids_of_a_load_are_versions_7_and_none_is_given_twice() -> None:
    draw = Entropy()
    ids = [uuid7(draw) for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    assert {(one.version, one.variant) for one in ids} == {(7, UUID(int=0x8000 << 48).variant)}
