"""The plan Front-Channel OP (oidcc-frontchannel-rp-initiated-logout-certification-test-plan)."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from iam.oidc.model import Client
from tests.flows.suite.basic_modules import NEEDS_PAGE
from tests.flows.suite.party import BYE, Party
from tests.kit.worlds.oidc import ISSUER, Browser, World

OUT = "https://suite.example/test/a/avain/frontchannel_logout"


@pytest.fixture
def frames(world: World) -> None:
    """The client has a front-channel address."""
    world.change(
        Client,
        Client.client_id == "suite",
        frontchannel_logout_uri=OUT,
        metadata_={"frontchannel_logout_session_required": True},
    )


def test_frontchannel_logout_discovery_endpoint_verification(stranger: Browser) -> None:
    """oidcc-frontchannel-logout-discovery-endpoint-verification (https: the plan Config)"""
    response = stranger.get("/.well-known/openid-configuration")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    said: dict[str, Any] = response.get_json()
    assert said["frontchannel_logout_supported"] is True
    assert said["frontchannel_logout_session_supported"] is True
    assert said["end_session_endpoint"] == f"{ISSUER}/oauth2/logout"


@pytest.mark.usefixtures("frames")
def test_frontchannel_rp_initiated_logout(party: Party, browser: Browser) -> None:
    """oidcc-frontchannel-rp-initiated-logout (in a real browser: tests/browser/test_signing_out.py)"""
    tokens, state = party.tokens(browser), "s" * 128
    query = {"id_token_hint": tokens.said["id_token"], "post_logout_redirect_uri": BYE, "state": state}
    page = browser.get("/oauth2/logout?" + urlencode(query))
    (frame,) = [html.unescape(found) for found in re.findall(r'<iframe src="([^"]+)"', page.text)]
    assert frame.startswith(f"{OUT}?")
    assert parse_qs(urlsplit(frame).query) == {"iss": [ISSUER], "sid": [tokens.claims["sid"]]}
    onward = re.search(r'<a [^>]*href="([^"]+)"[^>]* id="continue"', page.text)
    assert onward is not None
    assert html.unescape(onward[1]) == f"{BYE}?state={state}"
    assert party.refused(party.ask(browser, prompt="none")) in NEEDS_PAGE
