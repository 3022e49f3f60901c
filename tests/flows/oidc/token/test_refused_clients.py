"""What is told of refused clients, and of secrets in addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from iam.access.model.role import Application as ApplicationRow
from iam.oidc.model import Client
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import VERIFIER, Application, Browser, World, request_of, verified

Clock = Callable[[datetime], None]


def test_a_refused_client_is_in_the_log_and_its_secret_is_not(world: World, wilma: Application) -> None:
    wilma.redeem("avc_unknown")
    event = world.events("oidc:token:refused")[0]
    assert event.envelope == {"client": "wilma", "error": "invalid_grant"}


def test_a_wrong_secret_is_told_of_the_named_client_once_a_minute_and_of_nobody_unknown(
    world: World, wilma: Application, at: Clock
) -> None:
    def guess(client_id: str, **fields: str) -> None:
        data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "guess"} | fields
        assert wilma.post("/oauth2/token", data, authenticated=False).status_code in (400, 401)

    for _ in range(3):
        guess("wilma-old")
        guess("nobody")
    guess("wilma-old", grant_type="password")
    told = [(event.envelope["client"], event.envelope["error"]) for event in world.events("oidc:token:refused")]
    assert told == [("wilma-old", "invalid_client"), ("wilma-old", "unsupported_grant_type")]
    assert "guess" not in str([event.envelope for event in world.events("oidc:token:refused")])
    at(oidc_world.instant(61))
    guess("wilma-old")
    assert len(world.events("oidc:token:refused")) == 3


def test_whoever_merely_names_a_public_client_fills_no_log(world: World) -> None:
    for n in range(3):
        Application(world, "wilma-app").redeem(f"avc_{n}")
    assert len(world.events("oidc:token:refused")) == 1


def test_a_token_in_the_query_of_the_token_endpoint_is_not_read(
    world: World, anna: Browser, wilma: Application
) -> None:
    code = anna.code()
    query = f"code={code}&grant_type=authorization_code&code_verifier={VERIFIER}&redirect_uri={request_of('wilma')['redirect_uri']}"
    assert (
        wilma.post(f"/oauth2/token?{query}", {"grant_type": "authorization_code"}).get_json()["error"]
        == "invalid_request"
    )
    assert wilma.redeem(code).status_code == 200


def test_a_client_of_a_public_subject_sector_shares_names_with_the_owners_others(world: World, anna: Browser) -> None:
    world.change(ApplicationRow, ApplicationRow.key.in_(("wilma", "verso")), subject_mode="public")
    world.change(Client, Client.client_id == "verso", mapper={})
    wilma = verified(world, Application(world).redeem(anna.code()).get_json()["id_token"], "JWT")["sub"]
    verso = verified(world, Application(world, "verso").redeem(anna.code("verso")).get_json()["id_token"], "JWT")["sub"]
    assert wilma == verso
