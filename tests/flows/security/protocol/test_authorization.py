"""AZ-01 to AZ-09, C-01, C-03, C-16: the authorization endpoint sends nobody anywhere but to a proved address, and skips
no check."""

from __future__ import annotations

import re
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from iam.oidc.model import Client
from tests.flows.security.protocol.kinds import URN
from tests.kit.worlds.oidc import (
    CHALLENGE,
    ISSUER,
    SECRET,
    VERIFIER,
    Application,
    Browser,
    World,
    answer,
    form,
    request_of,
)

REGISTERED = "https://foo.example.com/cb?tenant=a"

LOOKALIKES = [
    "https://foo.example.com/cb",
    "https://foo.example.com/cb?tenant=a&x=1",
    "https://foo.example.com/cb?tenant=b",
    "https://foo.example.com/cb?Tenant=a",
    "https://foo.example.com/cb?tenant=a#x",
    "https://foo.example.com/cb?tenant=a#",
    "https://foo.example.com/cb/?tenant=a",
    "https://foo.example.com/CB?tenant=a",
    "https://fooaexample.com/cb?tenant=a",
    "https://foo.example.com.evil.example/cb?tenant=a",
    "https://evil-foo.example.com/cb?tenant=a",
    "https://evilfoo.example.com/cb?tenant=a",
    "https://x.foo.example.com/cb?tenant=a",
    "https://example.com/cb?tenant=a",
    "https://FOO.example.com/cb?tenant=a",
    "HTTPS://foo.example.com/cb?tenant=a",
    "http://foo.example.com/cb?tenant=a",
    "https://foo.example.com./cb?tenant=a",
    "https://foo.example.com:443/cb?tenant=a",
    "https://foo.example.com:8443/cb?tenant=a",
    "https://foo.example.com@evil.example/cb?tenant=a",
    "https://a@b@foo.example.com/cb?tenant=a",
    "https://user:pass@foo.example.com/cb?tenant=a",
    "https://evil.example\\@foo.example.com/cb?tenant=a",
    "https://evil.example#@foo.example.com/cb?tenant=a",
    "https://evil.example?@foo.example.com/cb?tenant=a",
    "https://evil.example/https://foo.example.com/cb?tenant=a",
    "https://foo.example.com/cb/..;/x?tenant=a",
    "https://foo.example.com/cb/../cb?tenant=a",
    "https://foo.example.com/./cb?tenant=a",
    "https://foo.example.com/x/%2e%2e/cb?tenant=a",
    "https://foo.example.com/x%2f..%2fcb?tenant=a",
    "https://foo.example.com/x%252f..%252fcb?tenant=a",
    "https://foo.example.com//cb?tenant=a",
    "https://foo.example.com/cb%00?tenant=a",
    "https://foo.example.com/cb%0d%0aLocation:%20https://evil.example?tenant=a",
    "https://foo.example.com/%63b?tenant=a",
    "https://foo.example.com/cb;x?tenant=a",
    "https://foo.example.com\\cb?tenant=a",
    "https:\\\\foo.example.com/cb?tenant=a",
    "https:/foo.example.com/cb?tenant=a",
    "https:foo.example.com/cb?tenant=a",
    "//foo.example.com/cb?tenant=a",
    "/cb?tenant=a",
    "https://f\u043eo.example.com/cb?tenant=a",
    "https://xn--fo-8sc.example.com/cb?tenant=a",
    "https://foo.example.com\t/cb?tenant=a",
    "https://foo.example.com/cb?tenant=a ",
    " https://foo.example.com/cb?tenant=a",
    "https://foo.example.com/cb?tenant=a\n",
    "https://foo.example.com/cb?tenant=a\x00",
    "https://[::1]/cb?tenant=a",
    "https://0/cb?tenant=a",
    "https://127.0.0.1/cb?tenant=a",
    "https://*/cb?tenant=a",
    "https://*.example.com/cb?tenant=a",
    "javascript:alert(1)//https://foo.example.com/cb?tenant=a",
    "data:text/html,<script>alert(1)</script>",
    "about:blank",
    "https%3A%2F%2Ffoo.example.com%2Fcb%3Ftenant%3Da",
    "https://foo.example.com/cb?tenant=a&redirect_uri=https://evil.example",
    "",
    " ",
    ".*",
]
"""Addresses that have passed for the registered one somewhere, when it was compared by prefix, pattern, host or after
decoding."""

NATIVE = [
    "http://localhost:8000/cb",
    "http://127.0.0.1:8000/",
    "http://127.0.0.1:8000/cb/",
    "http://127.0.0.1:8000/cb?x=1",
    "http://127.0.0.1:8000/cb#x",
    "https://127.0.0.1:8000/cb",
    "http://127.0.0.2:8000/cb",
    "http://127.1:8000/cb",
    "http://2130706433/cb",
    "http://0x7f000001/cb",
    "http://0177.0.0.1/cb",
    "http://[::1]:8000/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://127.0.0.1:0x50/cb",
    "http://127.0.0.1:65536/cb",
    "http://127.0.0.1:-1/cb",
    "http://127.0.0.1:@evil.example/cb",
    "http://127.0.0.1:80@evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://evil.example#127.0.0.1/cb",
    "http://127.0.0.1\\@evil.example/cb",
    "http://user@127.0.0.1:8000/cb",
    "http://127.0.0.1:8000\\cb",
    "http://127.0.0.1.:8000/cb",
    "http://127.0.0.1:8000//cb",
]
"""Addresses near the native client's, where the port alone may vary."""


@pytest.fixture(scope="module", autouse=True)
def registered(world: World) -> None:
    """The client verso has one address, with a query of its own."""
    world.change(Client, Client.client_id == "verso", redirect_uris=[REGISTERED])


def stays_here(response: TestResponse, what: object) -> None:
    """The answer is a page of ours that leads nowhere by itself and repeats nothing that was given."""
    assert response.status_code == 400, what
    assert "Location" not in response.headers, what
    assert "Refresh" not in response.headers, what
    main = response.text.split("<main", 1)[1]
    assert "evil.example" not in main, what
    assert not re.search(r"<(form|script|iframe|meta)\b", main), what


def test_c_01_az_01_nothing_that_only_looks_like_the_registered_address_is_gone_to(anna: Browser) -> None:
    assert len(LOOKALIKES) + len(NATIVE) > 80
    for uri, mode in zip(LOOKALIKES, cycle(("query", "form_post")), strict=False):
        stays_here(anna.authorize("verso", redirect_uri=uri, response_mode=mode), uri)
    assert "code" in answer(anna.authorize("verso", redirect_uri=REGISTERED))


def test_c_01_az_01_only_the_port_of_a_native_client_varies(anna: Browser) -> None:
    anna.code("wilma-app")
    for uri in NATIVE:
        stays_here(anna.authorize("wilma-app", redirect_uri=uri), uri)
    for port in ("", ":1", ":65535"):
        told = anna.informed(anna.authorize("wilma-app", redirect_uri=f"http://127.0.0.1{port}/cb"))
        assert told.location.startswith(f"http://127.0.0.1{port}/cb?code=")


def test_c_01_the_address_is_compared_as_it_was_sent_and_not_decoded_twice(anna: Browser) -> None:
    twice = request_of("verso", redirect_uri=quote(REGISTERED, safe=""))
    stays_here(anna.get("/oauth2/authorize?" + urlencode(twice)), "decoded twice")


FAULTS: dict[str, dict[str, Any]] = {
    "response_type unknown": {"response_type": "dance"},
    "response_type missing": {"response_type": None},
    "token": {"response_type": "token"},
    "hybrid": {"response_type": "code id_token"},
    "scope unknown": {"scope": "nothing"},
    "scope missing": {"scope": None},
    "no PKCE": {"code_challenge": None},
    "plain PKCE": {"code_challenge_method": "plain"},
    "short PKCE": {"code_challenge": "x"},
    "prompt": {"prompt": "dance"},
    "max_age": {"max_age": "soon"},
    "claims": {"claims": "["},
    "resource": {"resource": "https://other.example"},
    "request": {"request": "eyJ"},
    "request_uri": {"request_uri": "https://evil.example/r"},
    "registration": {"registration": "{}"},
    "prompt none": {"prompt": "none"},
    "nothing wrong": {},
}
"""Every kind of error that the endpoint tells an application."""

UNPROVED = [
    "https://evil.example/cb",
    "javascript:alert(document.domain)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example",
    "https://wilma.example/other",
    None,
]


def test_az_02_c_03_no_error_goes_to_an_address_that_was_not_proved(world: World) -> None:
    """Each kind of error in each response mode; the addresses take turns."""
    nobody, uris = Browser(world), cycle(UNPROVED)
    for name, changes in FAULTS.items():
        for mode in (None, "form_post", "fragment", "web_message", "dance"):
            uri = next(uris)
            stays_here(nobody.authorize(**(changes | {"redirect_uri": uri, "response_mode": mode})), (name, mode, uri))


def test_az_02_no_error_goes_to_the_proved_address_of_another_client(world: World) -> None:
    nobody = Browser(world)
    for name, changes in FAULTS.items():
        stays_here(nobody.authorize("wilma", **(changes | {"redirect_uri": REGISTERED})), name)
        stays_here(nobody.authorize("nobody", **(changes | {"redirect_uri": "https://wilma.example/cb"})), name)


def test_c_03_no_script_is_posted_to_where_a_native_client_registered_a_scheme_of_its_own(world: World) -> None:
    """A form is posted to http and https only; an address of another scheme gets its answer in the address, or none."""
    world.change(Client, Client.client_id == "wilma-app", redirect_uris=["http://127.0.0.1/cb", "fi.example.app:/cb"])
    try:
        said = Browser(world).authorize("wilma-app", redirect_uri="fi.example.app:/cb", response_mode="form_post")
        assert said.location.startswith("fi.example.app:/cb?error=invalid_request")
    finally:
        world.change(Client, Client.client_id == "wilma-app", redirect_uris=["http://127.0.0.1/cb"])


def test_az_03_code_is_the_only_response_type_and_no_grant_takes_a_password(world: World, wilma: Application) -> None:
    nobody = Browser(world)
    words = (
        "token",
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
        "code id_token token",
        "token code",
        "none",
        "CODE",
        "code code",
        "code,token",
    )
    for word in words:
        assert answer(nobody.authorize(response_type=word))["error"] == "unsupported_response_type", word
    for grant in (
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "Authorization_Code",
    ):
        data = {"grant_type": grant, "username": "anna", "password": "x", "code": "x"}
        assert wilma.post("/oauth2/token", data).get_json()["error"] == "unsupported_grant_type", grant
    for place in ("openid-configuration", "oauth-authorization-server"):
        told = world.app.test_client().get(f"/.well-known/{place}", base_url=ISSUER).get_json()
        assert told["response_types_supported"] == ["code"]
        assert set(told["grant_types_supported"]) == {"authorization_code", "refresh_token", "client_credentials"}


CHALLENGES: list[dict[str, Any]] = [
    {"code_challenge": None},
    {"code_challenge": None, "code_challenge_method": None},
    {"code_challenge": ""},
    {"code_challenge_method": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": "s256"},
    {"code_challenge_method": "S512"},
    {"code_challenge_method": "none"},
    {"code_challenge": CHALLENGE[:-1]},
    {"code_challenge": CHALLENGE[:-1] + "="},
    {"code_challenge": VERIFIER[:20]},
]


@pytest.mark.parametrize("client_id", ["wilma", "wilma-app", "verso"])
def test_az_04_c_16_no_client_does_without_a_challenge_whatever_it_says_of_it(world: World, client_id: str) -> None:
    """Before anybody signs in; at the authorization endpoint and where a request is pushed."""
    nobody, uri = Browser(world), REGISTERED if client_id == "verso" else request_of(client_id)["redirect_uri"]
    for changes in CHALLENGES:
        assert answer(nobody.authorize(client_id, redirect_uri=uri, **changes))["error"] == "invalid_request", changes
        pushed = {
            name: value
            for name, value in request_of(client_id, redirect_uri=uri, **changes).items()
            if name != "client_id"
        }
        said = Application(world, client_id).post("/oauth2/par", pushed)
        assert (said.status_code, said.get_json()["error"]) == (400, "invalid_request"), changes


def test_c_16_a_code_that_had_a_challenge_is_worth_nothing_without_its_verifier(
    world: World, anna: Browser, wilma: Application
) -> None:
    """Also for a client that proves itself by a secret: one does not stand in for the other."""
    for verifier in (None, "", "w" * 43, VERIFIER[:-1], VERIFIER + "v", CHALLENGE, "v" * 42, "v" * 129, "é" * 43):
        assert wilma.redeem(anna.code(), code_verifier=verifier).get_json()["error"] in (
            "invalid_grant",
            "invalid_request",
        ), verifier
    assert wilma.redeem(anna.code()).status_code == 200
    app = Application(world, "wilma-app")
    assert app.redeem(anna.code("wilma-app"), code_verifier=None).status_code == 400


def test_c_16_a_public_client_gains_nothing_by_any_secret(world: World, anna: Browser) -> None:
    """It is not authenticated by whatever secret it brings, in place of PKCE or beside it."""
    http = world.app.test_client()
    for secret in ("", "random", SECRET, "wilma-app"):
        data = {
            "grant_type": "authorization_code",
            "code": anna.code("wilma-app"),
            "redirect_uri": "http://127.0.0.1/cb",
            "code_verifier": VERIFIER,
        }
        for more in (
            {"data": data | {"client_id": "wilma-app", "client_secret": secret}},
            {"data": data, "auth": ("wilma-app", secret)},
        ):
            if secret or "auth" in more:
                assert http.post("/oauth2/token", base_url=ISSUER, **more).status_code in (400, 401), (secret, more)
        assert http.post("/oauth2/token", base_url=ISSUER, data=data | {"client_id": "wilma-app"}).status_code == 200


def test_az_05_a_verifier_for_a_code_without_a_challenge_is_refused(world: World, anna: Browser) -> None:
    """Only a confidential client whose setting says so gets such a code; a stranger's code put in its place brings a
    verifier along."""
    old = Application(world, "wilma-old")
    bare: dict[str, Any] = {"code_challenge": None, "code_challenge_method": None}
    assert old.redeem(anna.code("wilma-old", **bare), code_verifier=VERIFIER).get_json()["error"] == "invalid_request"
    assert old.redeem(anna.code("wilma-old", **bare), code_verifier=None).status_code == 200
    assert old.redeem(anna.code("wilma-old"), code_verifier=None).status_code == 400


def test_az_06_every_answer_names_its_issuer_and_discovery_says_so(world: World, anna: Browser) -> None:
    told = world.app.test_client().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert told["authorization_response_iss_parameter_supported"] is True
    anna.code()
    answers = [anna.authorize(), anna.authorize(prompt="none"), Browser(world).authorize(prompt="none")]
    answers += [Browser(world).authorize(**changes) for name, changes in FAULTS.items() if name != "nothing wrong"]
    for said in answers:
        found = parse_qsl(urlsplit(said.location).query)
        assert [value for name, value in found if name == "iss"] == [told["issuer"]], said.location
    for page in (
        anna.authorize(response_mode="form_post"),
        Browser(world).authorize(prompt="none", response_mode="form_post"),
    ):
        assert form(page)["iss"] == told["issuer"]


def test_az_07_after_a_post_the_browser_is_sent_on_by_303(world: World, anna: Browser) -> None:
    """Never 307, which would post a password or a choice to the application."""
    moved = Browser(world).http.post("/oauth2/authorize", base_url=ISSUER, data=request_of("wilma"))
    assert moved.status_code == 303
    page = anna.authorize(prompt="select_account")
    assert anna.choose(page, world.ids["capacity KOIVU"]).status_code == 303
    assert anna.choose(page, "", decision="cancel").status_code == 303


def test_az_08_no_page_of_the_way_can_be_framed_read_or_refer(world: World, anna: Browser) -> None:
    nobody = Browser(world)
    pages = {
        "refused": nobody.authorize(redirect_uri="https://evil.example"),
        "chooser": anna.authorize(prompt="select_account"),
        "sent on": nobody.authorize(),
        "form": anna.authorize(response_mode="form_post"),
        "logout": anna.get("/oauth2/logout"),
        "inform": anna.authorize("wilma-app", prompt="consent"),
        "login": nobody.get("/login"),
        "signed out": nobody.get("/logged-out"),
    }
    for name, page in pages.items():
        assert page.headers["Referrer-Policy"] == "no-referrer", name
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"], name
        assert page.headers["Cache-Control"] == "no-store", name
    for method in ("GET", "POST", "OPTIONS"):
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
        said = anna.http.open(
            "/oauth2/authorize?" + urlencode(request_of("wilma")), method=method, base_url=ISSUER, headers=asked
        )
        assert not [name for name, _ in said.headers if name.lower().startswith("access-control")], method


def test_az_09_a_parameter_that_comes_twice_is_refused_though_both_are_the_same(
    world: World, anna: Browser, wilma: Application
) -> None:
    good = request_of("wilma", prompt="login", response_mode="query", max_age="60")
    for name, value in good.items():
        for second in (value, "other", ""):
            said = anna.get("/oauth2/authorize?" + urlencode([*good.items(), (name, second)]))
            stays_here(said, (name, second))
        doubled = [*((one, other) for one, other in good.items() if one != "client_id"), (name, value)]
        if name != "client_id":
            body = urlencode(doubled)
            said = wilma.http.post(
                "/oauth2/par",
                base_url=ISSUER,
                data=body,
                content_type="application/x-www-form-urlencoded",
                headers={"Authorization": "Basic x"},
            )
            assert (said.status_code, said.get_json()["error"]) == (400, "invalid_request"), name


def test_az_11_c_17_a_code_is_its_own_clients_in_every_combination(world: World) -> None:
    """Code, refresh token and pushed request of each client, at each other client with that one's own proof."""
    lasting = "openid roles offline_access"
    world.change(Client, Client.client_id == "verso", grants=["authorization_code", "refresh_token"], scope=lasting)
    world.change(Client, Client.client_id == "wilma-old", grants=["authorization_code", "refresh_token"], scope=lasting)
    uris = {
        "wilma": "https://wilma.example/cb",
        "wilma-app": "http://127.0.0.1/cb",
        "wilma-old": "https://wilma.example/cb",
        "verso": REGISTERED,
    }
    browser = Browser(world)
    browser.sign_in()
    for owner, own in uris.items():
        asked = {"redirect_uri": own, "scope": lasting}
        given = {name: value for name, value in request_of(owner, **asked).items() if name != "client_id"}
        uri = Application(world, owner).post("/oauth2/par", given).get_json()["request_uri"]
        code = browser.code(owner, **asked)
        tokens = Application(world, owner).redeem(browser.code(owner, **asked), redirect_uri=own).get_json()
        for thief in uris:
            if thief == owner:
                continue
            app, both = Application(world, thief), (owner, thief)
            assert app.redeem(code, redirect_uri=own).get_json()["error"] == "invalid_grant", both
            assert app.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant", both
            assert app.post("/oauth2/revoke", {"token": tokens["refresh_token"]}).status_code == 400, both
            stays_here(
                Browser(world).get("/oauth2/authorize?" + urlencode({"client_id": thief, "request_uri": uri})), both
            )
        assert Application(world, owner).redeem(code, redirect_uri=own).status_code == 200, owner
        assert Application(world, owner).refresh(tokens["refresh_token"]).status_code == 200, owner
        assert uri.startswith(URN)
