"""The plan Back-Channel OP (oidcc-backchannel-rp-initiated-logout-certification-test-plan)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from iam import clock
from iam.database.engine import make_sessions
from iam.ephemeral import SqlGenerations
from iam.jobs import Worker
from iam.oidc.issuer import Issuer
from iam.oidc.logout.backchannel import Backchannel
from iam.oidc.model import Client
from iam.settings import Settings
from iam.tokens import sign_out
from iam.web import extension
from tests.flows.suite.basic_modules import NEEDS_PAGE
from tests.flows.suite.party import BYE, Party
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.worlds.oidc import ISSUER, Browser, World, verified

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def listening() -> Iterator[RelyingParty]:
    with RelyingParty() as server:
        yield server


@pytest.fixture
def worker(world: World, listening: RelyingParty, tmp_path: Path) -> Worker:
    """The worker that may go to the relying party's server, which the client names."""
    world.change(
        Client,
        Client.client_id == "suite",
        backchannel_logout_uri=listening.url,
        metadata_={"backchannel_logout_session_required": True},
    )
    settings = Settings(issuer=ISSUER, state_dir=tmp_path, egress={"hosts": [listening.host]})
    issuer = Issuer(settings, extension.parts_of(world.app).vault, SqlGenerations())
    return Worker(make_sessions(world.engine), {sign_out.KIND: Backchannel(issuer, settings.egress)})


def test_backchannel_logout_discovery_endpoint_verification(stranger: Browser) -> None:
    """oidcc-backchannel-logout-discovery-endpoint-verification (https: the plan Config)"""
    said: dict[str, Any] = stranger.get("/.well-known/openid-configuration").get_json()
    assert said["backchannel_logout_supported"] is True
    assert said["backchannel_logout_session_supported"] is True
    assert said["end_session_endpoint"] == f"{ISSUER}/oauth2/logout"


def test_backchannel_rp_initiated_logout(
    world: World, party: Party, browser: Browser, worker: Worker, listening: RelyingParty
) -> None:
    """oidcc-backchannel-rp-initiated-logout"""
    tokens, state = party.tokens(browser), "s" * 128
    query = {"id_token_hint": tokens.said["id_token"], "post_logout_redirect_uri": BYE, "state": state}
    gone = browser.get("/oauth2/logout?" + urlencode(query))
    assert gone.location == f"{BYE}?state={state}"
    assert worker.deliver() == {"delivered": 1, "failed": 0, "given_up": 0}
    assert listening.types == ["application/x-www-form-urlencoded"]
    said = verified(world, listening.tokens[0], "logout+jwt")
    assert (said["iss"], said["aud"]) == (ISSUER, party.client_id)
    assert said["iat"] <= clock.now().timestamp() < said["exp"]
    assert said["jti"]
    assert said["events"] == {EVENT: {}}
    assert (said["sub"], said["sid"]) == (tokens.claims["sub"], tokens.claims["sid"])
    assert "nonce" not in said
    assert party.refused(party.ask(browser, prompt="none")) in NEEDS_PAGE
