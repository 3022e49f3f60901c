"""The modules of the Basic plan, which the Form Post plan plays again with ``response_mode=form_post``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from iam.signin.factors import levels
from tests.flows.suite.party import Party, Tokens, sign_in
from tests.kit.worlds.oidc import CHALLENGE, ISSUER, VERIFIER, Browser, World

Later = Callable[[float], None]
NEEDS_PAGE = {"interaction_required", "login_required", "account_selection_required", "consent_required"}
PROFILE = {"name", "given_name", "family_name", "preferred_username", "locale", "zoneinfo", "updated_at"}


def scoped(party: Party, browser: Browser, scope: str) -> set[str]:
    """The claims of userinfo for a scope, each of the type OpenID Connect gives it (Core section 5.1)."""
    told = party.userinfo(party.tokens(browser, scope=scope))
    claims = {name: value for name, value in told.items() if name != "capacity"}
    kinds = {name: bool if name.endswith("_verified") else int if name == "updated_at" else str for name in claims}
    assert {name: type(value) for name, value in claims.items()} == kinds
    return set(claims)


def same_sign_in(first: Tokens, second: Tokens) -> bool:
    """Whether two ID tokens tell of one person and one sign-in."""
    return all(first.claims[name] == second.claims[name] for name in ("sub", "auth_time"))


class BasicModules:
    """Each method is a module; ``mode`` is the ``response_mode`` that is asked for, None: none."""

    mode: str | None = None

    def test_server(self, party: Party, browser: Browser) -> None:
        """oidcc-server"""
        tokens = party.tokens(browser)
        assert party.userinfo(tokens)["sub"] == tokens.claims["sub"]

    def test_response_type_missing(self, party: Party, browser: Browser) -> None:
        """oidcc-response-type-missing"""
        assert party.refused(party.ask(browser, response_type=None)) == "invalid_request"

    def test_userinfo_get(self, party: Party, browser: Browser) -> None:
        """oidcc-userinfo-get"""
        assert party.userinfo(party.tokens(browser)).keys() == {"sub", "capacity"}

    def test_userinfo_post_header(self, party: Party, browser: Browser) -> None:
        """oidcc-userinfo-post-header"""
        tokens = party.tokens(browser)
        http, bearer = party.world.app.test_client(), {"Authorization": f"Bearer {tokens.access}"}
        told = http.post("/oauth2/userinfo", base_url=ISSUER, headers=bearer)
        assert (told.status_code, told.get_json()["sub"]) == (200, tokens.claims["sub"])

    def test_userinfo_post_body(self, party: Party, browser: Browser) -> None:
        """oidcc-userinfo-post-body"""
        tokens = party.tokens(browser)
        told = party.world.app.test_client().post(
            "/oauth2/userinfo", base_url=ISSUER, data={"access_token": tokens.access}
        )
        assert (told.status_code, told.get_json()["sub"]) == (200, tokens.claims["sub"])

    def test_ensure_request_without_nonce_succeeds_for_code_flow(self, party: Party, browser: Browser) -> None:
        """oidcc-ensure-request-without-nonce-succeeds-for-code-flow"""
        assert "nonce" not in party.tokens(browser, nonce=None).claims

    def test_scope_profile(self, party: Party, browser: Browser) -> None:
        """oidcc-scope-profile"""
        assert scoped(party, browser, "openid profile") == {"sub", *PROFILE}

    def test_scope_email(self, party: Party, browser: Browser) -> None:
        """oidcc-scope-email"""
        assert scoped(party, browser, "openid email") == {"sub", "email", "email_verified"}

    def test_scope_address(self, party: Party, browser: Browser) -> None:
        """oidcc-scope-address: no source tells addresses, so nothing announces the scope (the suite skips); asked, it
        gives nothing."""
        assert "address" not in browser.get("/.well-known/openid-configuration").get_json()["scopes_supported"]
        tokens = party.tokens(browser, scope="openid address")
        assert tokens.said["scope"] == "openid address"
        assert party.userinfo(tokens).keys() == {"sub", "capacity"}

    def test_scope_phone(self, party: Party, browser: Browser) -> None:
        """oidcc-scope-phone"""
        assert scoped(party, browser, "openid phone") == {"sub", "phone_number", "phone_number_verified"}

    def test_scope_all(self, party: Party, browser: Browser) -> None:
        """oidcc-scope-all: the suite skips it while no address is announced."""
        found = scoped(party, browser, "openid profile email phone address")
        assert found == {"sub", *PROFILE, "email", "email_verified", "phone_number", "phone_number_verified"}

    def test_alternate_happy_flow(self, party: Party, browser: Browser) -> None:
        """oidcc-alternate-happy-flow: the scopes and the parameters come in another order."""
        asked = party.request(scope="email openid")
        told = browser.get("/oauth2/authorize?" + urlencode(dict(reversed(asked.items()))))
        assert party.userinfo(party.finish(told)).keys() == {"sub", "capacity", "email", "email_verified"}

    @pytest.mark.parametrize("display", ["page", "popup"])
    def test_display(self, party: Party, stranger: Browser, display: str) -> None:
        """oidcc-display-page, oidcc-display-popup"""
        assert party.finish(sign_in(stranger, party.ask(stranger, display=display))).claims["sub"]

    def test_prompt_login(self, party: Party, browser: Browser, later: Later) -> None:
        """oidcc-prompt-login"""
        first = party.tokens(browser)
        later(5)
        second = party.finish(sign_in(browser, party.ask(browser, prompt="login")))
        assert second.claims["sub"] == first.claims["sub"]
        assert second.claims["auth_time"] == first.claims["auth_time"] + 5

    def test_prompt_none_not_logged_in(self, party: Party, stranger: Browser) -> None:
        """oidcc-prompt-none-not-logged-in"""
        assert party.refused(party.ask(stranger, prompt="none", state="s" * 128)) in NEEDS_PAGE

    def test_prompt_none_logged_in(self, party: Party, browser: Browser, later: Later) -> None:
        """oidcc-prompt-none-logged-in"""
        first = party.tokens(browser)
        later(2)
        assert same_sign_in(first, party.tokens(browser, prompt="none"))

    def test_max_age_1(self, party: Party, browser: Browser, later: Later) -> None:
        """oidcc-max-age-1"""
        first = party.tokens(browser)
        later(2)
        second = party.finish(sign_in(browser, party.ask(browser, max_age="1")))
        assert second.claims["auth_time"] == first.claims["auth_time"] + 2

    def test_max_age_10000(self, party: Party, browser: Browser, later: Later) -> None:
        """oidcc-max-age-10000"""
        first = party.tokens(browser, max_age="15000")
        later(2)
        assert same_sign_in(first, party.tokens(browser, max_age="10000"))

    def test_ensure_request_with_unknown_parameter_succeeds(self, party: Party, browser: Browser) -> None:
        """oidcc-ensure-request-with-unknown-parameter-succeeds"""
        assert party.tokens(browser, extra="foobar").claims["sub"]

    def test_id_token_hint(self, party: Party, browser: Browser) -> None:
        """oidcc-id-token-hint"""
        first = party.tokens(browser)
        assert same_sign_in(first, party.tokens(browser, prompt="none", id_token_hint=first.said["id_token"]))

    def test_login_hint(self, party: Party, stranger: Browser) -> None:
        """oidcc-login-hint"""
        assert party.finish(sign_in(stranger, party.ask(stranger, login_hint="buffy@localhost"))).claims["sub"]

    @pytest.mark.parametrize("name", ["ui_locales", "claims_locales"])
    def test_locales(self, party: Party, browser: Browser, name: str) -> None:
        """oidcc-ui-locales, oidcc-claims-locales"""
        assert party.tokens(browser, **{name: "se"}).claims["sub"]

    def test_ensure_request_with_acr_values_succeeds(self, party: Party, browser: Browser) -> None:
        """oidcc-ensure-request-with-acr-values-succeeds"""
        offered = browser.get("/.well-known/openid-configuration").get_json()["acr_values_supported"]
        assert party.tokens(browser, acr_values=" ".join(offered)).claims["acr"] == levels.PASSWORD

    def test_codereuse(self, party: Party, browser: Browser) -> None:
        """oidcc-codereuse"""
        code = party.answered(party.ask(browser))["code"]
        party.checked(party.redeem(code))
        again = party.redeem(code)
        assert (again.status_code, again.mimetype, again.get_json()["error"]) == (
            400,
            "application/json",
            "invalid_grant",
        )

    def test_codereuse_30seconds(self, party: Party, browser: Browser, later: Later) -> None:
        """oidcc-codereuse-30seconds"""
        code = party.answered(party.ask(browser))["code"]
        tokens = party.checked(party.redeem(code))
        later(30)
        bearer = {"Authorization": f"Bearer {tokens.access}"}
        http = party.world.app.test_client()
        assert http.get("/oauth2/userinfo", base_url=ISSUER, headers=bearer).status_code == 200
        assert party.redeem(code).get_json()["error"] == "invalid_grant"
        assert http.get("/oauth2/userinfo", base_url=ISSUER, headers=bearer).status_code == 401

    def test_ensure_registered_redirect_uri(self, party: Party, browser: Browser) -> None:
        """oidcc-ensure-registered-redirect-uri"""
        page = party.ask(browser, redirect_uri=party.redirect_uri + "x")
        assert (page.status_code, page.mimetype) == (400, "text/html")
        assert "redirect_uri" in page.text
        assert "Location" not in page.headers

    def test_ensure_post_request_succeeds(self, party: Party, browser: Browser) -> None:
        """oidcc-ensure-post-request-succeeds"""
        sent = browser.http.post("/oauth2/authorize", base_url=ISSUER, data=party.request())
        assert sent.status_code == 303
        assert party.finish(browser.get(sent.location)).claims["sub"]

    def test_server_client_secret_post(self, world: World, browser: Browser) -> None:
        """oidcc-server-client-secret-post"""
        party = Party(world, "suite-post", auth="client_secret_post", mode=self.mode)
        assert party.userinfo(party.tokens(browser))["sub"]

    def test_claims_essential(self, party: Party, browser: Browser) -> None:
        """oidcc-claims-essential"""
        asked = json.dumps({"userinfo": {"name": {"essential": True}}})
        assert party.userinfo(party.tokens(browser, claims=asked))["name"] == "Anna Virtanen"

    def test_refresh_token(self, world: World, party: Party, browser: Browser, later: Later) -> None:
        """oidcc-refresh-token"""
        refreshes(party, Party(world, "suite-2", mode=self.mode), browser, later)

    def test_ensure_request_with_valid_pkce_succeeds(self, party: Party, browser: Browser) -> None:
        """oidcc-ensure-request-with-valid-pkce-succeeds"""
        sent = party.ask(browser, code_challenge=CHALLENGE, code_challenge_method="S256")
        assert party.finish(sent, code_verifier=VERIFIER).claims["sub"]


def refreshes(party: Party, other: Party, browser: Browser, later: Later) -> None:
    """Refresh for one client, and see that another's token is no good to it (also for the Dynamic plan)."""
    asked = {"scope": "openid offline_access", "prompt": "consent"}
    given = [one.finish(browser.informed(one.ask(browser, **asked))) for one in (party, other)]
    data: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": given[0].said["refresh_token"]}
    later(1)
    fresh = party.checked(party.post(data | {"scope": asked["scope"]}), nonce=None)
    assert fresh.access != given[0].access
    assert all(fresh.claims[name] == given[0].claims[name] for name in ("iss", "sub", "aud", "auth_time"))
    assert fresh.claims["iat"] > given[0].claims["iat"]
    assert party.userinfo(fresh)["sub"] == given[0].claims["sub"]
    stolen = party.post(data | {"refresh_token": given[1].said["refresh_token"]})
    assert (stolen.status_code, stolen.get_json()["error"]) == (400, "invalid_grant")
