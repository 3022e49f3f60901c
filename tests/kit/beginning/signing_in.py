"""An employee signs in to the application: it sends the browser, and redeems the code for tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.kit.beginning.application import Registered
from tests.kit.beginning.desk import Desk
from tests.kit.peers.relying_party import RelyingParty


class Wilma(NamedTuple):
    """The application as its developer set it up."""

    issuer: str
    registered: Registered
    party: RelyingParty


def redirect_uri(party: RelyingParty) -> str:
    """Where people come back to."""
    return f"http://{party.host}/callback"


def sign_in(wilma: Wilma, desk: Desk, login: str, password: str) -> dict[str, Any] | None:
    """Open the application and sign in; the claims of the ID token, or None where the person is not let in."""
    verifier = secrets.token_urlsafe(48)
    desk.page.goto(_begun(wilma, verifier))
    desk.fill(Käyttäjätunnus=login, Salasana=password)
    desk.press("Kirjaudu sisään")
    if desk.page.url.startswith(wilma.issuer) and desk.main.get_by_role("button", name="Jatka").count():
        desk.press("Jatka")
    if desk.page.url.startswith(wilma.issuer):
        return None
    (code,) = parse_qs(urlsplit(desk.page.url).query)["code"]
    return _redeemed(wilma, code, verifier)


def _begun(wilma: Wilma, verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": wilma.registered.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri(wilma.party),
        "scope": "openid profile roles",
        "state": secrets.token_urlsafe(16),
        "nonce": secrets.token_urlsafe(16),
        "prompt": "login",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{wilma.issuer}/oauth2/authorize?{urlencode(query)}"


def _redeemed(wilma: Wilma, code: str, verifier: str) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri(wilma.party)}
    answer = requests.post(
        f"{wilma.issuer}/oauth2/token", form | {"code_verifier": verifier}, auth=wilma.registered, timeout=30
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()["id_token"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims
