"""``id_token_hint``: an ID token of ours stays ours after its time and its key's; anything else is an error of the
application that sent it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM
from iam.tokens import jose, keys, past_keys
from iam.tokens.keys import SigningKey
from iam.web import extension
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, answer, person, request_of

Clock = Callable[[datetime], None]
BYE = "https://wilma.example/bye?x=1"


@pytest.fixture
def hint(anna: Browser, wilma: Application) -> str:
    """Anna's ID token."""
    return str(wilma.redeem(anna.code()).get_json()["id_token"])


def retire(world: World) -> str:
    """Have another key sign from now on; return the one before."""
    # The witness knows no other clock than the machine's.
    with clock.fixed(datetime.now(UTC)), Session(world.engine) as session, session.begin():
        vault = extension.parts_of(world.app).vault
        old = str(keys.current(session, vault, "RS256").kid)
        keys.promote(session, vault, keys.create(session, vault, "RS256", SYSTEM).kid, SYSTEM, at_once=True)
    return old


def forget(world: World, kid: str, at: Clock, *, compromised: bool = False) -> None:
    """Remove a retired key when its tokens are over, or at once when it was compromised."""
    at(datetime.now(UTC) + keys.KEEP + timedelta(minutes=1))
    with Session(world.engine) as session, session.begin():
        keys.remove(session, kid, SYSTEM, compromised=compromised)


def published(world: World) -> set[str]:
    found = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()
    return {key["kid"] for key in found["keys"]}


def forged(hint: str) -> list[str]:
    """What is no ID token of ours: another's key, another kind, a changed one, none at all."""
    numbers = jose.generate("RS256", "a name of which none are kept").as_dict(private=True)
    stranger = jose.load({**numbers, "kid": str(jose._header(hint)["kid"])})
    other = jose.generate("RS256", "unknown")
    said = {"iss": ISSUER, "sub": "x", "aud": "wilma", "exp": 2**31}
    return [
        jose.sign(stranger, "JWT", said),
        jose.sign(other, "JWT", said),
        hint[:-4] + "AAAA",
        "x.y.z",
        "x",
        "x" * 20_000,
    ]


def test_a_hint_that_is_not_ours_is_told_to_the_application_at_its_address(anna: Browser, hint: str) -> None:
    for wrong in forged(hint)[:-1]:
        for prompt in (None, "none"):
            said = anna.authorize(prompt=prompt, id_token_hint=wrong)
            assert said.location.startswith("https://wilma.example/cb?")
            assert (answer(said)["error"], answer(said)["state"]) == ("invalid_request", "st4te")


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_no_other_token_of_ours_is_a_hint(anna: Browser, wilma: Application, kind: str) -> None:
    tokens = wilma.redeem(anna.code(scope="openid offline_access")).get_json()
    assert answer(anna.authorize(id_token_hint=tokens[kind]))["error"] == "invalid_request"


def test_a_wrong_hint_goes_nowhere_but_to_a_registered_address(anna: Browser, hint: str) -> None:
    page = anna.authorize(redirect_uri="https://evil.example/cb", id_token_hint=forged(hint)[0])
    assert (page.status_code, page.headers.get("Location")) == (400, None)


def test_a_wrong_hint_is_refused_when_it_is_pushed(wilma: Application, hint: str) -> None:
    said = wilma.post("/oauth2/par", request_of("wilma", id_token_hint=forged(hint)[0]))
    assert (said.status_code, said.get_json()["error"]) == (400, "invalid_request")


def _nothing(world: World, at: Clock) -> None: ...


def _expired(world: World, at: Clock) -> None:
    at(clock.now() + timedelta(hours=1))


def _rotated(world: World, at: Clock) -> None:
    kid = retire(world)
    forget(world, kid, at)
    assert kid not in published(world)


def _rotated_and_left(world: World, at: Clock) -> None:
    """Nobody has called for the removal of what is over."""
    kid = retire(world)
    at(datetime.now(UTC) + keys.KEEP + timedelta(minutes=1))
    assert kid not in published(world)


@pytest.mark.parametrize("change", [_nothing, _expired, _rotated, _rotated_and_left])
def test_a_hint_of_ours_stays_ours_after_its_time_and_its_keys(
    world: World, anna: Browser, hint: str, at: Clock, change: Callable[..., Any]
) -> None:
    change(world, at)
    anna.sign_in()
    assert "code" in answer(anna.authorize(prompt="none", id_token_hint=hint))
    person(world, "berit")
    other = Browser(world)
    other.sign_in("berit")
    assert answer(other.authorize(prompt="none", id_token_hint=hint))["error"] == "login_required"


def test_a_hint_of_a_rotated_key_still_ends_its_session_and_leads_back(
    world: World, anna: Browser, hint: str, at: Clock
) -> None:
    kid = retire(world)
    with Session(world.engine) as session, session.begin():
        row = session.get_one(SigningKey, kid)
        past_keys.keep(session, kid, row.public, clock.now())
        session.delete(row)
    query = {"id_token_hint": hint, "post_logout_redirect_uri": BYE}
    assert anna.http.get("/oauth2/logout", query_string=query, base_url=ISSUER).location == BYE


def test_a_hint_of_a_compromised_key_is_ours_no_more(world: World, anna: Browser, hint: str, at: Clock) -> None:
    forget(world, retire(world), at, compromised=True)
    assert answer(anna.authorize(id_token_hint=hint))["error"] == "invalid_request"
    anna.sign_in()
    query = {"id_token_hint": hint, "post_logout_redirect_uri": BYE}
    assert anna.http.get("/oauth2/logout", query_string=query, base_url=ISSUER).status_code == 200, (
        "the person is asked"
    )


def test_a_key_found_compromised_later_vouches_for_no_hint(world: World, anna: Browser, hint: str, at: Clock) -> None:
    kid = retire(world)
    forget(world, kid, at)
    with Session(world.engine) as session, session.begin():
        keys.remove(session, kid, SYSTEM, compromised=True)
    assert answer(anna.authorize(id_token_hint=hint))["error"] == "invalid_request"
    removed = [event.envelope["compromised"] for event in world.events("key:signing:removed")]
    assert removed == [False, True]


def test_nothing_else_is_accepted_by_a_key_that_was_removed(
    world: World, anna: Browser, wilma: Application, at: Clock
) -> None:
    token = wilma.redeem(anna.code()).get_json()["access_token"]
    kid = retire(world)
    with Session(world.engine) as session, session.begin():
        row = session.get_one(SigningKey, kid)
        past_keys.keep(session, kid, row.public, clock.now())
        session.delete(row)
    world.app.extensions.pop("avain.oidc", None)
    assert wilma.userinfo(token).status_code == 401
    assert wilma.introspect(token) == {"active": False}


def test_a_key_is_kept_for_hints_as_long_as_a_refresh_family_may_live_and_no_longer(world: World, at: Clock) -> None:
    kid = retire(world)
    forget(world, kid, at)
    begun = datetime.now(UTC)
    for days, known in ((399, True), (401, False)):
        at(begun + timedelta(days=days))
        with Session(world.engine) as session:
            assert (kid in {key["kid"] for key in keys.past(session)}) is known
            assert len(session.scalars(select(past_keys.PastKey)).all()) == 1
            session.rollback()
    with Session(world.engine) as session, session.begin():
        assert past_keys.tidy(session) == [kid]
