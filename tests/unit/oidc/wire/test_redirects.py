"""AZ-01: redirect URIs compare by exact string; a native client's loopback port alone may vary."""

from __future__ import annotations

import pytest

from iam.oidc.authorization.response import granted, refused
from iam.oidc.wire.redirects import registered

WEB = ("https://rp.example/cb", "https://rp.example/cb?tenant=a")
NATIVE = ("http://127.0.0.1/cb", "http://[::1]:7000/cb?x=1", "fi.example.app:/cb")

OTHERS = [
    "https://rp.example/cb/",
    "https://rp.example/CB",
    "https://RP.example/cb",
    "HTTPS://rp.example/cb",
    "http://rp.example/cb",
    "https://rp.example:443/cb",
    "https://rp.example/cb#f",
    "https://rp.example/cb?",
    "https://rp.example/cb?x=1",
    "https://rp.example/cb?tenant=b",
    "https://rp.example/cb?tenant=a&x=1",
    "https://rp.example/cb/../cb",
    "https://rp.example/./cb",
    "https://rp.example//cb",
    "https://rp.example/%63b",
    "https://rp.example/cb%00",
    "https://rp.example/cb%0d%0a",
    "https://rp.example",
    "https://rp.example/",
    "https://rp.example.evil.example/cb",
    "https://evil.example/cb",
    "https://rp.example@evil.example/cb",
    "https://evil.example\\@rp.example/cb",
    "https://evil.example/?https://rp.example/cb",
    "//rp.example/cb",
    "/cb",
    "",
    " ",
    " https://rp.example/cb",
    "https://rp.example/cb ",
    "https://rp.example/cb\n",
    "https://sub.rp.example/cb",
    "https://rp.example./cb",
    "https://xn--rp-example/cb",
    "javascript:alert(1)//https://rp.example/cb",
    "data:text/html,x",
    "https:rp.example/cb",
    "https:///rp.example/cb",
    "https://rp.example/cb;x",
    "https://*.example/cb",
    "http://127.0.0.1:8000/cb",
]


@pytest.mark.parametrize("uri", OTHERS)
def test_only_the_very_string_is_a_web_clients_redirect_uri(uri: str) -> None:
    assert not registered(WEB, uri, native=False)


@pytest.mark.parametrize("uri", WEB)
def test_a_registered_uri_is_accepted(uri: str) -> None:
    assert registered(WEB, uri, native=False)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:1/cb",
        "http://127.0.0.1:65535/cb",
        "http://[::1]:5/cb?x=1",
        "fi.example.app:/cb",
    ],
)
def test_a_native_client_may_listen_on_any_loopback_port(uri: str) -> None:
    assert registered(NATIVE, uri, native=True)


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8000/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000/cb?x",
        "https://127.0.0.1:8000/cb",
        "http://127.0.0.1:8000/cb#x",
        "http://127.0.0.2/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://127.0.0.1:80a/cb",
        "http://127.0.0.1:@evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://user@127.0.0.1:8000/cb",
        "http://127.0.0.1:٣/cb",
        "http://[::1]:5/cb",
        "http://[::0001]:5/cb?x=1",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:8000\\@evil.example/cb",
        "fi.example.app:/cb2",
    ],
)
def test_nothing_but_the_port_varies_for_a_native_client(uri: str) -> None:
    assert not registered(NATIVE, uri, native=True)


def test_a_web_client_has_no_free_loopback_port() -> None:
    assert not registered(NATIVE, "http://127.0.0.1:8000/cb", native=False)


def test_every_answer_says_who_answers() -> None:
    ok = granted("https://rp.example/cb", "query", "https://id.example", "a b&c", "avc_1")
    assert ok.location == "https://rp.example/cb?code=avc_1&state=a+b%26c&iss=https%3A%2F%2Fid.example"
    no = refused("https://rp.example/cb?tenant=a", "query", "https://id.example", None, "login_required")
    assert no.location == "https://rp.example/cb?tenant=a&error=login_required&iss=https%3A%2F%2Fid.example"


def test_the_origin_of_an_answer_is_what_a_form_may_lead_to() -> None:
    assert granted("https://rp.example:8443/cb?x", "query", "i", None, "c").origin == "https://rp.example:8443"
    assert granted("fi.example.app:/cb", "query", "i", None, "c").origin == "fi.example.app:"
