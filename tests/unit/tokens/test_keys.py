"""Signing keys move from next to current to previous, each in its time, and the last one cannot go (security JW-08)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM
from iam.errors import Conflict
from iam.tokens import jose, keys
from iam.tokens.keys import AHEAD, KEEP, LIFE, SigningKey
from iam.vault import Vault

Clock = Callable[[datetime], None]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "vault.key")


@pytest.fixture
def begun(session: Session, vault: Vault, at: Clock) -> datetime:
    """The first keys are made at this moment. The witness knows no other clock than the machine's, so it is the
    present."""
    moment = datetime.now(UTC)
    at(moment)
    keys.ensure(session, vault, SYSTEM, ("ES256",))
    return moment


def states(session: Session) -> dict[str, str]:
    return {row.state: row.kid for row in session.scalars(select(SigningKey))}


def published(session: Session) -> set[str]:
    return {key["kid"] for key in keys.published(session)}


def rotate(session: Session, vault: Vault) -> dict[str, str]:
    return {state: kid for kid, state in keys.rotate(session, vault, SYSTEM)}


def test_jw_08_the_first_rotation_publishes_the_next_key_and_a_second_does_nothing(
    session: Session, vault: Vault, begun: datetime
) -> None:
    made = rotate(session, vault)["next"]
    assert made in published(session)
    assert rotate(session, vault) == {}
    assert keys.current(session, vault, "ES256").kid == states(session)["current"]


def test_jw_08_a_key_signs_only_after_it_was_published_for_two_hours(
    session: Session, vault: Vault, begun: datetime, at: Clock
) -> None:
    kid = keys.create(session, vault, "ES256", SYSTEM).kid
    at(begun + AHEAD - timedelta(seconds=1))
    with pytest.raises(Conflict):
        keys.promote(session, vault, kid, SYSTEM)
    assert states(session)["next"] == kid


def test_jw_08_a_whole_life_of_keys_never_leaves_a_token_without_its_key(
    session: Session, vault: Vault, begun: datetime, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iam.tokens.witness.accepts", lambda *_: True)
    tokens: list[tuple[datetime, str]] = []
    cached: tuple[datetime, list[dict[str, object]]] = (begun, keys.published(session))
    for hours in range(0, int(LIFE.total_seconds() // 3600) + 200, 12):
        moment = begun + timedelta(hours=hours)
        at(moment)
        rotate(session, vault)
        tokens.append((moment, jose.sign(keys.current(session, vault, "ES256"), "at+jwt", {"at": hours})))
        # A relying party that read the keys an hour ago, and tokens of the last day: all of them verify.
        for _, token in (pair for pair in tokens if moment - pair[0] <= timedelta(hours=24)):
            jose.verify(token, "at+jwt", keys.published(session))
        jose.verify(tokens[-1][1], "at+jwt", cached[1])
        cached = moment, keys.published(session)
    assert len({jose._header(token)["kid"] for _, token in tokens}) == 2


def test_jw_08_a_retired_key_is_forgotten_when_its_tokens_are_over(
    session: Session, vault: Vault, begun: datetime, at: Clock
) -> None:
    first = states(session)["current"]
    keys.promote(session, vault, keys.create(session, vault, "ES256", SYSTEM).kid, SYSTEM, at_once=True)
    at(begun + KEEP - timedelta(seconds=1))
    assert "removed" not in rotate(session, vault)
    at(begun + KEEP)
    assert rotate(session, vault)["removed"] == first
    assert first not in published(session)


def test_jw_08_the_key_that_signs_and_one_whose_tokens_live_cannot_be_removed(
    session: Session, vault: Vault, begun: datetime
) -> None:
    first = states(session)["current"]
    with pytest.raises(Conflict):
        keys.remove(session, first, SYSTEM, compromised=True)
    keys.promote(session, vault, keys.create(session, vault, "ES256", SYSTEM).kid, SYSTEM, at_once=True)
    with pytest.raises(Conflict):
        keys.remove(session, first, SYSTEM)
    keys.remove(session, first, SYSTEM, compromised=True)
    assert published(session) == {states(session)["current"]}


def test_a_key_that_is_not_there_cannot_be_removed(session: Session, vault: Vault) -> None:
    with pytest.raises(Conflict):
        keys.remove(session, "nobody", SYSTEM)


def test_jw_09_no_column_of_a_key_holds_its_private_half(session: Session, vault: Vault, begun: datetime) -> None:
    row = session.scalars(select(SigningKey)).one()
    private = keys.current(session, vault, "ES256").as_dict(private=True)
    assert "d" not in row.public
    assert str(private["d"]).encode() not in row.wrapped


def test_a_key_the_witness_refuses_never_signs(
    session: Session, vault: Vault, begun: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iam.tokens.witness.accepts", lambda *_: False)
    kid = keys.create(session, vault, "ES256", SYSTEM).kid
    with pytest.raises(Conflict):
        keys.promote(session, vault, kid, SYSTEM, at_once=True)
    assert session.get_one(SigningKey, kid).state == "refused"
    assert kid not in published(session)
    assert clock.now() == begun
