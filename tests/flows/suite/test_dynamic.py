"""The plan Dynamic OP (oidcc-dynamic-certification-test-plan): each module registers a client of its own, which signs
its assertions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.access.model.role import Application
from iam.change import SYSTEM
from iam.oidc.clients import initial_tokens as registration_terms, keys as client_keys
from iam.settings import Egress
from iam.tokens import jose, keys
from iam.web import extension
from tests.flows.suite.basic_modules import refreshes
from tests.flows.suite.party import BACK, Party, rsa_key
from tests.kit.peers.hostile_http import HostileHttp, answer_json
from tests.kit.servers.certificates import Authority
from tests.kit.worlds.oidc import ISSUER, Browser, World, form, verified

Later = Callable[[float], None]


class Registrar:
    """Registers clients as the suite does, with an initial access token that allows what the suite does without."""

    def __init__(self, world: World) -> None:
        self.world = world
        with Session(world.engine) as session, session.begin():
            verso = session.get_one(Application, world.ids["verso"])
            self.token = registration_terms.allow(session, verso, SYSTEM, uses=100, days=1, pkce_optional=True)

    def post(self, key: jose.Key, **members: Any) -> TestResponse:
        """Ask for a client with this key; None leaves a member out."""
        usual = {
            "client_name": "OIDF Conformance Test",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "redirect_uris": [BACK],
            "contacts": ["certification@suite.example"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [jose.public_dict(key)]},
        }
        document = {name: value for name, value in (usual | members).items() if value is not None}
        return self.world.app.test_client().post(
            "/oauth2/register", base_url=ISSUER, json=document, headers={"Authorization": f"Bearer {self.token}"}
        )

    def party(self, **members: Any) -> Party:
        """A client that was registered, as its answer tells it."""
        key = rsa_key()
        response = self.post(key, **members)
        assert (response.status_code, response.mimetype) == (201, "application/json"), response.text
        said = response.get_json()
        assert said["registration_access_token"]
        assert said["registration_client_uri"].startswith(f"{ISSUER}/")
        assert "client_secret" not in said
        assert all(said[name] == value for name, value in members.items() if name != "jwks")
        return Party(self.world, said["client_id"], "private_key_jwt", key=key, redirect_uri=said["redirect_uris"][0])

    def refused(self, **members: Any) -> str:
        """The error of a registration that must fail."""
        response = self.post(rsa_key(), **members)
        assert (response.status_code, response.mimetype) == (400, "application/json")
        error: str = response.get_json()["error"]
        return error


@pytest.fixture(scope="module")
def registrar(world: World) -> Registrar:
    return Registrar(world)


@pytest.fixture(scope="module")
def site(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileHttp]:
    """The relying party's own server, over https."""
    authority = Authority(tmp_path_factory.mktemp("site"))
    with HostileHttp(answer_json(None), authority.issue("localhost", "localhost")) as running:
        extension.parts_of(world.app).settings.egress = Egress(ca_file=authority.ca_file, hosts=[running.place])
        yield running


def test_idtoken_rs256(registrar: Registrar, browser: Browser) -> None:
    """oidcc-idtoken-rs256"""
    assert registrar.party(id_token_signed_response_alg="RS256").tokens(browser).header["alg"] == "RS256"


def test_idtoken_signature(registrar: Registrar, browser: Browser) -> None:
    """oidcc-idtoken-signature (of the plan Basic, where clients register themselves)"""
    assert registrar.party().tokens(browser).header["alg"] == "RS256"


def test_idtoken_unsigned(registrar: Registrar, stranger: Browser) -> None:
    """oidcc-idtoken-unsigned: skipped by the suite, for discovery does not offer it; asking is refused."""
    said = stranger.get("/.well-known/openid-configuration").get_json()
    assert "none" not in said["id_token_signing_alg_values_supported"]
    assert registrar.refused(id_token_signed_response_alg="none") == "invalid_client_metadata"


def test_userinfo_rs256(world: World, registrar: Registrar, browser: Browser) -> None:
    """oidcc-userinfo-rs256"""
    party = registrar.party(userinfo_signed_response_alg="RS256")
    tokens = party.tokens(browser)
    bearer = {"Authorization": f"Bearer {tokens.access}"}
    told = world.app.test_client().get("/oauth2/userinfo", base_url=ISSUER, headers=bearer)
    assert told.mimetype == "application/jwt"
    said = verified(world, told.text, "JWT")
    assert (said["iss"], said["aud"], said["sub"]) == (ISSUER, party.client_id, tokens.claims["sub"])
    assert "nonce" not in said


def broken(page: TestResponse) -> bool:
    """Whether the person is told of the redirect URI, and nobody is sent anywhere."""
    return (page.status_code, "Location" in page.headers, "redirect_uri" in page.text) == (400, False, True)


def test_ensure_redirect_uri_in_authorization_request(registrar: Registrar, browser: Browser) -> None:
    """oidcc-ensure-redirect-uri-in-authorization-request"""
    assert broken(registrar.party().ask(browser, redirect_uri=None))


def test_redirect_uri_query_ok(registrar: Registrar, browser: Browser) -> None:
    """oidcc-redirect-uri-query-OK"""
    assert registrar.party(redirect_uris=[f"{BACK}?bar=foo"]).tokens(browser).claims["sub"]


def test_redirect_uri_query_mismatch(registrar: Registrar, browser: Browser) -> None:
    """oidcc-redirect-uri-query-mismatch"""
    party = registrar.party(redirect_uris=[f"{BACK}?bar=foo"])
    assert broken(party.ask(browser, redirect_uri=f"{BACK}?foo=bar"))


def test_redirect_uri_query_added(registrar: Registrar, browser: Browser) -> None:
    """oidcc-redirect-uri-query-added"""
    assert broken(registrar.party().ask(browser, redirect_uri=f"{BACK}?foo=bar"))


def test_redirect_uri_regfrag(registrar: Registrar) -> None:
    """oidcc-redirect-uri-regfrag"""
    assert registrar.refused(redirect_uris=[f"{BACK}#foobar"]) == "invalid_redirect_uri"


def test_server(registrar: Registrar, browser: Browser) -> None:
    """oidcc-server"""
    party = registrar.party()
    assert party.userinfo(party.tokens(browser))["sub"]


def test_registration_logo_uri(registrar: Registrar, stranger: Browser) -> None:
    """oidcc-registration-logo-uri: registered and told back; our pages show no picture from elsewhere."""
    party = registrar.party(logo_uri="https://suite.example/images/openid.png")
    page = stranger.get(party.ask(stranger).location)
    assert 'name="password"' in page.text
    assert "suite.example/images" not in page.text
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]


def informed(party: Party, browser: Browser, link: str) -> None:
    """The page that tells what the application receives links somewhere, and goes on."""
    page = party.ask(browser, prompt="consent")
    assert f'<a href="{link}">' in page.text
    fields = form(page)
    sent = browser.http.post(fields["action"], base_url=ISSUER, data=fields | {"decision": "continue"})
    assert party.finish(browser.get(sent.location)).claims["sub"]


def test_registration_policy_uri(registrar: Registrar, browser: Browser, stranger: Browser) -> None:
    """oidcc-registration-policy-uri: linked under the sign-in form and where the person is told what the application
    receives."""
    link = "https://suite.example/policy"
    party = registrar.party(policy_uri=link)
    assert f'<a href="{link}">' in stranger.get(party.ask(stranger).location).text
    informed(party, browser, link)


def test_registration_tos_uri(registrar: Registrar, browser: Browser, stranger: Browser) -> None:
    """oidcc-registration-tos-uri: linked under the sign-in form and where the person is told what the application
    receives."""
    link = "https://suite.example/tos"
    party = registrar.party(tos_uri=link)
    assert f'<a href="{link}">' in stranger.get(party.ask(stranger).location).text
    informed(party, browser, link)


def test_registration_jwks_uri(registrar: Registrar, site: HostileHttp, browser: Browser) -> None:
    """oidcc-registration-jwks-uri"""
    party = registrar.party(jwks=None, jwks_uri=site.url("/jwks"))
    site.behave = answer_json(public(party))
    asked = len(site.requests)
    assert party.tokens(browser).claims["sub"]
    assert len(site.requests) == asked + 1


def public(party: Party) -> dict[str, Any]:
    """The key set a relying party publishes."""
    assert party.key is not None
    return {"keys": [jose.public_dict(party.key)]}


def test_registration_sector_uri(registrar: Registrar, site: HostileHttp) -> None:
    """oidcc-registration-sector-uri"""
    site.behave = answer_json([BACK])
    assert registrar.party(subject_type="pairwise", sector_identifier_uri=site.url("/redirect_uris.json")).client_id


def test_registration_sector_bad(registrar: Registrar, site: HostileHttp) -> None:
    """oidcc-registration-sector-bad"""
    site.behave = answer_json(["https://suite.example/other"])
    members = {"subject_type": "pairwise", "sector_identifier_uri": site.url("/redirect_uris.json")}
    assert registrar.refused(**members) == "invalid_client_metadata"


def test_server_rotate_keys(world: World, stranger: Browser) -> None:
    """oidcc-server-rotate-keys"""
    before = {key["kid"] for key in stranger.get("/oauth2/jwks").get_json()["keys"]}
    with Session(world.engine) as session, session.begin():
        keys.rotate(session, extension.parts_of(world.app).vault, SYSTEM)
    world.app.extensions.pop("avain.oidc")  # another process, which has not read the keys yet
    after = {key["kid"] for key in stranger.get("/oauth2/jwks").get_json()["keys"]}
    assert before < after


def test_refresh_token_rp_key_rotation(registrar: Registrar, site: HostileHttp, browser: Browser) -> None:
    """oidcc-refresh-token-rp-key-rotation: the suite waits a minute; here the last fetch is put back by as much."""
    uri = site.url("/rotated")
    party = registrar.party(jwks=None, jwks_uri=uri, grant_types=["authorization_code", "refresh_token"])
    site.behave = answer_json(public(party))
    page = party.ask(browser, scope="openid offline_access", prompt="consent")
    given = party.finish(browser.informed(page))
    old, party.key = party.key, rsa_key()
    assert party.key is not None
    assert old is not None
    assert old.kid != party.key.kid
    site.behave = answer_json(public(party))
    client_keys._published[uri].asked_at -= client_keys.PAUSE
    fresh = party.post({"grant_type": "refresh_token", "refresh_token": given.said["refresh_token"]})
    assert party.checked(fresh, nonce=None).claims["sub"] == given.claims["sub"]


@pytest.mark.parametrize("signed", [False, True])
def test_request_uri_declined(registrar: Registrar, site: HostileHttp, browser: Browser, signed: bool) -> None:
    """oidcc-request-uri-unsigned, oidcc-request-uri-signed-rs256: nothing is fetched, and discovery says so."""
    said = browser.get("/.well-known/openid-configuration").get_json()
    assert said["request_uri_parameter_supported"] is False
    party = registrar.party(**({"request_object_signing_alg": "RS256"} if signed else {}))
    before = site.connections
    assert party.refused(party.ask(browser, request_uri=site.url("/requests/1"))) == "invalid_request_uri"
    assert site.connections == before
    members = {"request_uris": [site.url("/requests/1")]}
    said = registrar.post(rsa_key(), **members)
    assert (said.status_code, "request_uris" in said.get_json()) == (201, False), (
        "the suite skips where the answer leaves it out"
    )


def test_ensure_request_object_with_redirect_uri(registrar: Registrar, browser: Browser) -> None:
    """oidcc-ensure-request-object-with-redirect-uri: the suite skips it, for its object is unsigned; here it is
    signed."""
    party = registrar.party()
    asked = party.request() | {"iss": party.client_id, "aud": ISSUER}
    assert party.key is not None
    query = {
        "client_id": party.client_id,
        "scope": "openid",
        "response_type": "code",
        "redirect_uri": f"{BACK}/invalid",
        "request": jose.sign(party.key, "oauth-authz-req+jwt", asked),
    }
    assert party.finish(browser.get("/oauth2/authorize?" + urlencode(query))).claims["sub"]


def test_refresh_token(registrar: Registrar, browser: Browser, later: Later) -> None:
    """oidcc-refresh-token"""
    one, other = (registrar.party(grant_types=["authorization_code", "refresh_token"]) for _ in range(2))
    refreshes(one, other, browser, later)


def test_ensure_client_assertion_with_iss_aud_succeeds(registrar: Registrar, browser: Browser) -> None:
    """oidcc-ensure-client-assertion-with-iss-aud-succeeds"""
    party = registrar.party()
    assert party.finish(party.ask(browser), **party.assertion(ISSUER)).claims["sub"]


def test_the_token_endpoint_is_no_audience_of_a_client_that_must_use_pkce(world: World, registrar: Registrar) -> None:
    """The suite's assertions name the token endpoint: only an initial access token that allows the older ways lets them
    in."""
    strict = Registrar(world)
    with Session(world.engine) as session, session.begin():
        verso = session.get_one(Application, world.ids["verso"])
        strict.token = registration_terms.allow(session, verso, SYSTEM, uses=1, days=1, pkce_optional=False)
    refused, known = (one.party().redeem("avc_x") for one in (strict, registrar))
    assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client")
    assert (known.status_code, known.get_json()["error"]) == (400, "invalid_grant")
