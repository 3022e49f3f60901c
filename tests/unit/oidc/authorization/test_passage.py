"""What pages carry back to the authorization endpoint cannot be made up, moved to another request, or kept for
later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest

from iam.oidc.authorization.passage import LIFE, Passage, digest, seal, unseal

KEY = b"k" * 32
REQUEST = digest({"client_id": "wilma", "state": "x"})


def test_a_passage_comes_back_as_it_was(frozen: datetime) -> None:
    passage = Passage(REQUEST, frozen, UUID(int=1), UUID(int=2))
    assert unseal(KEY, seal(KEY, passage), REQUEST) == passage
    bare = Passage(REQUEST, frozen)
    assert unseal(KEY, seal(KEY, bare), REQUEST) == bare


def test_the_digest_ignores_order_language_and_the_passage_itself() -> None:
    assert digest({"state": "x", "client_id": "wilma", "flow": "y", "lang": "sv"}) == REQUEST
    assert digest({"client_id": "wilma", "state": "y"}) != REQUEST


def test_a_passage_of_another_request_or_key_is_nothing(frozen: datetime) -> None:
    sealed = seal(KEY, Passage(REQUEST, frozen))
    assert unseal(KEY, sealed, digest({"client_id": "other"})) is None
    assert unseal(b"o" * 32, sealed, REQUEST) is None


def test_a_passage_grows_old(frozen: datetime, at: Callable[[datetime], None]) -> None:
    sealed = seal(KEY, Passage(REQUEST, frozen))
    at(frozen + LIFE)
    assert unseal(KEY, sealed, REQUEST) is not None
    at(frozen + LIFE * 1.01)
    assert unseal(KEY, sealed, REQUEST) is None


@pytest.mark.parametrize("text", [None, "", ".", "a.b", "é.é", "x" * 5000])
def test_what_was_made_up_is_nothing(text: str | None) -> None:
    assert unseal(KEY, text, REQUEST) is None


def test_a_passage_altered_anywhere_is_nothing(frozen: datetime) -> None:
    sealed = seal(KEY, Passage(REQUEST, frozen, UUID(int=1)))
    for n, character in enumerate(sealed):
        altered = sealed[:n] + ("A" if character != "A" else "B") + sealed[n + 1 :]
        assert unseal(KEY, altered, REQUEST) is None
