"""npm ``openid-client``, the relying party most JavaScript applications use, drives every flow over https with a
private authority."""

from __future__ import annotations

import json
import shutil
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from iam.settings import Settings
from iam.signin.factors import levels
from tests.kit.servers.https import SecureAvain
from tests.relying import consortium
from tests.relying.consortium import ASSERTING, AUDIENCE, BACK, BYE, RESOURCE, SECRET
from tests.relying.node import Party

if TYPE_CHECKING:
    from tests.relying.provider import Relying

pytest_plugins = ("tests.relying.provider",)
pytestmark = pytest.mark.services
BASIC = {"client_id": "oppi-basic", "auth": "client_secret_basic", "secret": SECRET}
POST = {"client_id": "oppi-post", "auth": "client_secret_post", "secret": SECRET}
PUBLIC = {"client_id": "oppi-public", "auth": "none", "id_token_alg": "ES256"}
SIGNED = {"metadata": {"userinfo_signed_response_alg": "ES256"}}


def asserting(provider: SecureAvain, algorithm: str) -> Party:
    """A client that authenticates by an assertion."""
    key = consortium.private_key(algorithm)
    return Party(
        provider,
        redirect_uri=BACK,
        client_id=ASSERTING[algorithm],
        auth="private_key_jwt",
        key=key,
        alg=algorithm,
        id_token_alg=algorithm,
    )


@pytest.fixture
def provider(relying: Relying) -> SecureAvain:
    return relying.provider


@pytest.fixture
def party(provider: SecureAvain) -> Party:
    """A confidential client that may use every grant."""
    return Party(provider, redirect_uri=BACK, **BASIC)


def test_discovery_is_believed_under_both_addresses_and_names_what_is_offered(party: Party) -> None:
    told = party.run("discovery")
    openid = told["openid"]
    assert openid["issuer"] == told["oauth"]["issuer"] == party.provider.issuer
    assert openid["jwks_uri"].startswith("https://")
    assert set(openid["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
    }
    assert openid["authorization_response_iss_parameter_supported"] is True
    assert {key["alg"] for key in told["keys"]} >= {"RS256", "ES256"}
    assert not any({"d", "p", "q"} & set(key) for key in told["keys"])


@pytest.mark.parametrize("client", ["basic", "post", "public", *ASSERTING])
def test_a_person_signs_in_by_code_and_pkce_however_the_client_authenticates(
    provider: SecureAvain, client: str
) -> None:
    known = {"basic": BASIC, "post": POST | SIGNED, "public": PUBLIC}
    party = Party(provider, redirect_uri=BACK, **known[client]) if client in known else asserting(provider, client)
    told = party.run("code")
    claims = told["claims"]
    assert (claims["iss"], claims["aud"]) == (provider.issuer, party.given["client_id"])
    assert (claims["acr"], claims["amr"]) == (levels.PASSWORD, ["pwd"])
    assert claims["roles"] == ["opettaja@koivu"]
    assert told["userinfo"]["sub"] == claims["sub"]
    assert told["userinfo"]["email"] == "anna@suvila.example"
    assert told["type"] == "bearer"


def test_the_answer_comes_by_a_post_when_the_client_wants_it_so(party: Party) -> None:
    told = party.run("code", parameters={"response_mode": "form_post"})
    assert told["claims"]["roles"] == ["opettaja@koivu"]
    assert told["back"]["url"] == BACK
    assert told["back"]["form"].keys() == {"code", "state", "iss"}


def test_a_pushed_request_leaves_only_a_reference_in_the_address_and_is_checked_when_pushed(
    provider: SecureAvain,
) -> None:
    told = Party(provider, redirect_uri=BACK, **BASIC | {"client_id": "oppi-pushing"}).run("pushed")
    assert sorted(told["sent"]) == ["client_id", "request_uri"]
    assert told["claims"]["roles"] == ["opettaja@koivu"]
    assert told["wrong"] in ("invalid_request", "invalid_redirect_uri")


def test_a_client_that_must_push_is_refused_in_the_address(provider: SecureAvain) -> None:
    party = Party(provider, redirect_uri=BACK, **BASIC | {"client_id": "oppi-pushing"})
    assert party.run("refused")["error"] == "invalid_request"


@pytest.mark.parametrize("algorithm", ASSERTING)
def test_a_signed_request_counts_and_what_stands_beside_it_does_not(provider: SecureAvain, algorithm: str) -> None:
    told = asserting(provider, algorithm).run("signed_request")
    assert "request" in told["sent"]
    assert set(told["scope"].split()) == {"openid", "profile", "email", "roles"}
    assert told["claims"]["aud"] == ASSERTING[algorithm]


def test_claims_asked_by_name_arrive_where_they_were_asked_for(party: Party) -> None:
    asked = {"id_token": {"email": None}, "userinfo": {"family_name": {"essential": True}}}
    told = party.run("code", parameters={"scope": "openid profile email", "claims": json.dumps(asked)})
    assert told["claims"]["email"] == "anna@suvila.example"
    assert told["userinfo"]["family_name"] == "Esimerkki"
    assert "email" not in party.run("code", parameters={"scope": "openid profile email"})["claims"]


def test_a_wished_level_is_told_truly_and_an_essential_one_that_is_not_reached_is_no_answer(party: Party) -> None:
    told = party.run("code", parameters={"acr_values": f"urn:other {levels.PASSWORD}"})
    assert told["claims"]["acr"] == levels.PASSWORD
    essential = {"id_token": {"acr": {"essential": True, "values": [levels.PASSKEY]}}}
    told = party.run("refused", after=True, parameters={"claims": json.dumps(essential), "prompt": "none"})
    assert told["error"] in ("interaction_required", "unmet_authentication_requirements")


def test_prompt_and_max_age_ask_for_a_password_exactly_when_they_should(party: Party) -> None:
    told = party.run("prompts")
    shown = told["shown"]
    assert told["refused"] == "login_required"
    assert {name: "/login" in step["pages"] for name, step in shown.items()} == {
        "first": True,
        "none": False,
        "again": False,
        "login": True,
        "young": False,
        "old": True,
    }
    assert len({step["sub"] for step in shown.values()}) == 1
    assert shown["none"]["auth_time"] == shown["again"]["auth_time"] == shown["first"]["auth_time"]
    assert shown["young"]["auth_time"] == shown["login"]["auth_time"] >= shown["first"]["auth_time"]
    assert shown["young"]["auth_time"] <= shown["old"]["auth_time"] <= time.time()


def test_a_login_hint_fills_the_sign_in_page_in(party: Party) -> None:
    party.run("code", parameters={"login_hint": "anna@suvila.example"})
    assert 'value="anna@suvila.example"' in party.person("anna").shown["/login"]


def test_an_id_token_hint_lets_its_own_person_pass_and_no_other(party: Party) -> None:
    told = party.run("hints")
    assert told["same"] == told["anna"] != told["eero"]
    assert told["error"] == "login_required"


def test_a_refresh_token_changes_at_each_use_and_an_old_one_ends_them_all(party: Party) -> None:
    told = party.run("refresh")
    assert told == {
        "rotated": 4,
        "retried": True,
        "same": True,
        "narrow": "openid",
        "wider": "invalid_scope",
        "reused": "invalid_grant",
        "dead": "invalid_grant",
    }


def test_a_client_acts_for_itself_at_its_own_interface_and_at_a_resource(party: Party) -> None:
    told = party.run("client_credentials", resource=RESOURCE)
    assert (told["own"]["aud"], told["other"]["aud"]) == (AUDIENCE, RESOURCE)
    assert told["own"]["sub"] == told["own"]["client_id"] == "oppi-basic"
    assert told["other"]["scope"] == "oppi.read"
    assert (told["refresh"], told["target"], told["scope"]) == (None, "invalid_target", "invalid_scope")


def test_userinfo_answers_get_and_post_alike(party: Party) -> None:
    told = party.run("userinfo")
    assert told["get"]["sub"] == told["sub"]
    assert json.loads(told["post"]) == json.loads(told["body"]) == told["get"]
    assert told["type"].startswith("application/json")


def test_userinfo_is_signed_for_a_client_that_registered_so(provider: SecureAvain) -> None:
    told = Party(provider, redirect_uri=BACK, **POST).run("userinfo", **SIGNED)
    assert told["type"] == "application/jwt"
    head, body, _ = (
        json.loads(urlsafe_b64decode(f"{part}==") if n < 2 else b"0") for n, part in enumerate(told["post"].split("."))
    )
    assert head["alg"] == "ES256"
    assert (body["iss"], body["aud"], body["sub"]) == (provider.issuer, "oppi-post", told["sub"])
    assert told["get"]["email"] == body["email"] == "anna@suvila.example"


def test_introspection_tells_of_a_living_token_and_revocation_ends_it(party: Party) -> None:
    told = party.run("tokens", scope="openid roles offline_access")
    assert told["form"] == 3
    assert told["before"]["active"] is told["refresh"]["active"] is True
    assert told["before"]["sub"] == told["claims"]["sub"]
    assert told["before"]["roles"] == ["opettaja@koivu"]
    assert told["after"] == {"active": False}
    assert told["userinfo"] == 401


def test_an_opaque_token_is_known_by_introspection_only_and_can_be_revoked(provider: SecureAvain) -> None:
    told = Party(provider, redirect_uri=BACK, **POST).run("tokens", scope="openid roles", **SIGNED)
    assert told["form"] == 1
    assert (told["before"]["active"], told["before"]["aud"]) == (True, AUDIENCE)
    assert told["after"] == {"active": False}
    assert told["userinfo"] == 401


def test_the_application_signs_a_person_out_and_gets_her_back(party: Party) -> None:
    told = party.run("logout", bye=BYE, hint=True)
    assert (told["url"], told["state"], told["error"]) == (BYE, True, "login_required")
    assert told["pages"] == []


def test_whoever_asks_without_a_hint_is_asked_and_the_browser_stays(party: Party) -> None:
    told = party.run("logout", bye=BYE, hint=False)
    assert told["pages"][0] == "/oauth2/logout"
    assert told["url"].startswith(party.provider.issuer)
    assert told["error"] == "login_required"


def test_an_answer_names_its_issuer_and_one_that_does_not_is_not_believed(party: Party) -> None:
    told = party.run("issuer")
    assert told["said"] == party.provider.issuer
    assert all('"iss" (issuer)' in complaint for complaint in told["complaints"].values()), told


def test_a_client_registers_itself_signs_a_person_in_and_goes(party: Party) -> None:
    done = party.provider.iam("client", "token", "--application", "oppi")
    assert done.returncode == 0, done.stderr
    told = party.run("registration", initial=done.stdout.strip())
    assert told["claims"]["aud"] == told["client_id"]
    assert (told["seen"], told["removed"]) == ("Itse rekisteröity", 204)
    assert told["used"] == {"status": 401, "error": "invalid_token"}


def test_applications_of_a_pairwise_kind_know_a_person_by_other_names_and_public_ones_by_the_same(party: Party) -> None:
    clients = [BASIC, PUBLIC, *(PUBLIC | {"client_id": one} for one in ("kirjasto", "tori", "halli"))]
    subjects = party.run("subjects", clients=clients)["subjects"]
    assert subjects["oppi-basic"] == subjects["oppi-public"]
    assert subjects["tori"] == subjects["halli"]
    assert len(set(subjects.values())) == 3
    assert not set(subjects.values()) & {"anna"}


@pytest.mark.parametrize("given", ["tls_certificate", "tls_key"])
def test_a_certificate_without_its_key_or_a_key_without_its_certificate_stops_the_start(given: str) -> None:
    with pytest.raises(ValidationError, match="listen"):
        Settings(listen={given: "server.pem"})


def test_a_certificate_that_cannot_be_read_stops_the_start_in_words(sqlite_template: Path, tmp_path: Path) -> None:
    server = SecureAvain(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'avain.db')}", tmp_path)
    (tmp_path / "localhost.key").write_text("no key")
    done = server.iam("serve")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "IAM_LISTEN__TLS_KEY" in done.stderr
