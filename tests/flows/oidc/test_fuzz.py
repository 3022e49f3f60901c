"""Whatever is sent to whatever address: an answer in the protocol's words or a page, never a server error (security
HT-06)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from iam.signin.factors import levels
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Browser, World

SEED = 20260915
TRIES = 6
"""Requests to each route by each caller."""

NAMES = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "claims",
    "request",
    "request_uri",
    "resource",
    "acr_values",
    "id_token_hint",
    "login_hint",
    "ui_locales",
    "response_mode",
    "grant_type",
    "refresh_token",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "token",
    "token_type_hint",
    "post_logout_redirect_uri",
    "logout_hint",
    "flow",
    "login",
    "password",
    "capacity",
    "decision",
    "csrf_token",
    "lang",
    "after",
    "before",
    "q",
    "organisation",
    "person",
    "role",
    "at",
    "known_at",
    "limit",
    "until",
    "reason",
    "access_token",
    "iss",
    "error",
)
VALUES = (
    "",
    "0",
    "-1",
    "1e400",
    "NaN",
    "null",
    "true",
    "wilma",
    "none",
    "openid",
    "\x00",
    "a\x00b",
    "%00",
    "\ud83d\ude00",
    "ä" * 3000,
    "../../etc/passwd",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "[]",
    "{}",
    '{"a":' * 50,
    "eyJhbGciOiJub25lIn0.e30.",
    "avc_x",
    "avr_" + "A" * 80,
    "urn:ietf:params:oauth:request_uri:avp_x",
    "https://wilma.example/cb",
    "javascript:alert(1)",
    "9" * 400,
    "2026-02-30",
    "00000000-0000-0000-0000-000000000000",
    "\u202eabc",
    "a\r\nSet-Cookie: x=1",
    "*",
    "%",
    "\\",
    "code",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "S256",
    "KOIVU",
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept": "text/html"},
    {"Accept": "application/json"},
    {"Authorization": "Bearer avo_x"},
    {"Authorization": "Bearer eyJ.eyJ.x"},
    {"Authorization": "Basic ////"},
    {"Authorization": "Basic d2lsbWE6eA=="},
    {"Authorization": "Negotiate x"},
    {"Accept-Language": "\xff,;q=x"},
    {"Host": "evil.example"},
    {"X-Forwarded-Host": "evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Content-Length": "-1"},
    {"Range": "bytes=0-0,-1"},
    {"If-None-Match": '"'},
    {"Cookie": "avain=\xff; session=x"},
)


def callers(world: World) -> Iterator[Browser]:
    """Nobody, a person, and an administrator of everything."""
    yield Browser(world)
    person = Browser(world)
    person.sign_in()
    yield person
    oidc_world.administrator(world, oidc_world.person(world, "outi"))
    administrator = Browser(world)
    administrator.sign_in("outi", levels.PASSKEY)
    yield administrator


def address(rule: Rule, chance: Random) -> str:
    """An address of the route, with arguments that may be anything a path can hold."""
    path = rule.rule
    for name in rule.arguments:
        value = quote(chance.choice(VALUES).replace("/", "") or "x", errors="surrogatepass")
        start = path.index("<")
        assert name in path[start : path.index(">")] or True
        path = path[:start] + value + path[path.index(">") + 1 :]
    return path


def body(chance: Random) -> dict[str, Any]:
    """A body of any kind: none, a form, a form twice over, JSON, multipart, noise, or one that lies about what it
    is."""
    fields = [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randrange(8))]
    form = urlencode(fields, errors="surrogatepass")
    kind = chance.randrange(8)
    if kind == 0:
        return {}
    if kind == 1:
        return {"data": json.dumps(dict(fields)), "content_type": "application/json"}
    if kind == 2:
        return {"data": chance.randbytes(200), "content_type": "application/x-www-form-urlencoded"}
    if kind == 3:
        return {
            "data": b"--x\r\nContent-Disposition: form-data; name=a",
            "content_type": "multipart/form-data; boundary=x",
        }
    if kind == 4:
        return {"data": "[" * 20_000, "content_type": "application/json"}
    if kind == 5:
        return {"data": form, "content_type": "text/plain"}
    return {"data": form, "content_type": "application/x-www-form-urlencoded"}


def sent(browser: Browser, rule: Rule, chance: Random) -> tuple[str, TestResponse]:
    """Send one request; return what was sent, to tell it again, and its answer."""
    method = chance.choice(sorted({*(rule.methods or ()), "POST", "GET"} - {"OPTIONS"}))
    query = [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randrange(6))]
    path = address(rule, chance) + "?" + urlencode(query, errors="surrogatepass")
    told = body(chance) if method != "GET" else {}
    headers = chance.choice(HEADERS)
    answer = browser.http.open(path, method=method, base_url=ISSUER, headers=headers, **told)
    return f"{method} {path} {headers} {told}", answer


def test_ht_06_no_request_makes_a_server_error(world: World) -> None:
    chance = Random(SEED)
    rules = [rule for rule in world.app.url_map.iter_rules() if rule.endpoint != "static"]
    assert len(rules) > 60
    seen: set[int] = set()
    for browser in callers(world):
        for rule in rules:
            for _ in range(TRIES):
                what, answer = sent(browser, rule, chance)
                assert answer.status_code < 500, f"{answer.status_code}: {what}\n{answer.text[:500]}"
                assert "Traceback" not in answer.text, what
                assert "evil.example" not in answer.headers.get("Location", ""), what
                assert "Set-Cookie: x=1" not in str(answer.headers), what
                seen.add(answer.status_code)
    # It went behind the doors: pages were shown, forms refused, things not found.
    assert {200, 303, 400, 401, 404, 405} <= seen
