"""TK-01: of sixteen callers at once exactly one redeems a code, exactly one moves a refresh family, exactly one uses an
assertion."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.oidc.claims import subjects as subject
from iam.tokens.grant import GrantRow
from tests.kit.client_proofs import assertion
from tests.kit.worlds.oidc import Application, Browser, World

CALLERS = 16
Result = TypeVar("Result")


def at_once(call: Callable[[], Result]) -> list[Result]:
    """Call from sixteen threads that start together, on the test's clock."""
    barrier, now = Barrier(CALLERS), clock.now()

    def start() -> Result:
        with clock.fixed(now):
            barrier.wait()
            return call()

    with ThreadPoolExecutor(CALLERS) as pool:
        return [future.result() for future in [pool.submit(start) for _ in range(CALLERS)]]


def test_a_code_is_redeemed_once_and_the_replays_end_what_it_gave(world: World, anna: Browser) -> None:
    """TK-01, AZ-10."""
    code = anna.code(scope="openid offline_access")
    answers = at_once(lambda: Application(world).redeem(code))
    assert sorted(response.status_code for response in answers) == [200] + [400] * (CALLERS - 1)
    tokens = next(response.get_json() for response in answers if response.status_code == 200)
    assert Application(world).introspect(tokens["access_token"]) == {"active": False}
    with Session(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(GrantRow)) == 1
    assert len(world.events("oidc:token:issued")) == 1


def test_a_refresh_family_moves_once_and_every_retry_gets_the_same_successor(world: World, anna: Browser) -> None:
    """C-04, TK-01, TK-03."""
    tokens = Application(world).redeem(anna.code(scope="openid offline_access")).get_json()
    answers = at_once(lambda: Application(world).refresh(tokens["refresh_token"]))
    assert {response.status_code for response in answers} == {200}
    assert len({response.get_json()["refresh_token"] for response in answers}) == 1
    with Session(world.engine) as session:
        assert session.scalars(select(GrantRow.generation)).one() == 1
    assert world.events("oidc:token:replayed") == []


def test_an_assertion_authenticates_once(world: World) -> None:
    """C-20, TK-01."""
    data = {"grant_type": "client_credentials"} | assertion()
    answers = at_once(lambda: Application(world, "wilma-key").post("/oauth2/token", data))
    assert sorted(response.status_code for response in answers) == [200] + [401] * (CALLERS - 1)


def test_a_person_gets_one_name_in_a_sector(world: World) -> None:
    def give() -> str:
        with Session(world.engine) as session, session.begin():
            return subject.give(session, "wilma.example", world.ids["anna"])

    assert len(set(at_once(give))) == 1
