"""What a logout token is signed with, and what it does not open."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from json import loads

import pytest
import structlog

from iam.jobs import Worker
from iam.oidc.model import Client
from iam.tokens import witness
from tests.flows.backchannel.listening import sign_off, signed_in
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World

At = Callable[[datetime], None]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_token_is_signed_as_the_clients_id_tokens_are_and_the_witness_accepts_it(
    world: World, worker: Worker, wilma: RelyingParty, at: At, algorithm: str
) -> None:
    # The witness knows no other clock than the machine's.
    at(datetime.now(UTC))
    world.change(Client, Client.client_id == "wilma", id_token_alg=algorithm)
    browser, _, _ = signed_in(world)
    sign_off(browser)
    worker.deliver()
    head = loads(urlsafe_b64decode(wilma.tokens[0].split(".")[0] + "=="))
    assert (head["typ"], head["alg"]) == ("logout+jwt", algorithm)
    published = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]
    (public,) = [one for one in published if one["kid"] == head["kid"]]
    assert witness.accepts(wilma.tokens[0], public, "wilma")


def test_a_logout_token_is_no_hint_and_opens_nothing(world: World, worker: Worker, wilma: RelyingParty) -> None:
    browser, _, _ = signed_in(world)
    sign_off(browser)
    worker.deliver()
    (token,) = wilma.tokens
    assert Application(world).userinfo(token).status_code == 401
    assert Application(world).introspect(token) == {"active": False}
    again = Browser(world)
    again.sign_in()
    assert again.get(f"/oauth2/logout?id_token_hint={token}").status_code == 200
    assert again.get("/account").status_code == 200


def test_no_log_line_holds_a_token(world: World, worker: Worker, wilma: RelyingParty) -> None:
    browser, _, _ = signed_in(world)
    wilma.status = 503
    sign_off(browser)
    with structlog.testing.capture_logs() as lines:
        worker.deliver()
    (token,) = wilma.tokens
    assert lines[0]["target"] == "wilma"
    assert lines[0]["error"] == "status 503"
    assert not any(part in str(lines) for part in token.split("."))
