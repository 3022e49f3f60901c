"""What a registered client is: it signs people in, and is told every default."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.role import Application as ApplicationRow
from iam.oidc.model import ClientSecret
from iam.tokens import secret
from tests.kit.registrar import BACK, Registrar
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, VERIFIER, Browser, World


def test_a_registered_client_signs_a_person_in(world: World, registrar: Registrar) -> None:
    client = registrar.made(client_name="Sovellus", grant_types=["authorization_code", "refresh_token"])
    browser = Browser(world)
    browser.sign_in()
    code = browser.code(client["client_id"], redirect_uri=BACK)
    proof = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    told = registrar.http.post(
        "/oauth2/token",
        base_url=ISSUER,
        headers={"Authorization": f"Basic {proof}"},
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER},
    )
    assert told.status_code == 200, told.text
    assert oidc_world.verified(world, told.get_json()["id_token"], "JWT")["aud"] == client["client_id"]


def test_a_client_of_a_public_application_has_public_subjects_or_as_it_says_pairwise_ones(
    world: World, registrar: Registrar
) -> None:
    def subject(client: dict[str, Any]) -> str:
        browser = Browser(world)
        browser.sign_in()
        data = {
            "grant_type": "authorization_code",
            "code": browser.code(client["client_id"], redirect_uri=BACK),
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        told = registrar.http.post("/oauth2/token", base_url=ISSUER, data=data).get_json()["id_token"]
        return str(oidc_world.verified(world, told, "JWT")["sub"])

    world.change(ApplicationRow, ApplicationRow.key == "wilma", subject_mode="public")
    usual, public, pairwise = (
        registrar.made(token_endpoint_auth_method="client_secret_post", **said)
        for said in ({}, {"subject_type": "public"}, {"subject_type": "pairwise"})
    )
    assert [one["subject_type"] for one in (usual, public, pairwise)] == ["public", "public", "pairwise"]
    assert subject(usual) == subject(public)
    assert subject(pairwise) != subject(usual)
    back = registrar.manage("PUT", pairwise, {"redirect_uris": [BACK], "client_id": pairwise["client_id"]})
    assert back.get_json()["subject_type"] == "public"


def test_the_answer_tells_what_is_registered_with_every_default(registrar: Registrar) -> None:
    response = registrar.post({"redirect_uris": [BACK]})
    said = response.get_json()
    fresh = {name: said.pop(name) for name in ("client_id", "client_secret", "registration_access_token")}
    assert said == {
        "client_id_issued_at": said["client_id_issued_at"],
        "client_secret_expires_at": 0,
        "redirect_uris": [BACK],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid profile email roles groups phone",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "RS256",
        "require_pushed_authorization_requests": False,
        "application_type": "web",
        "registration_client_uri": f"{ISSUER}/oauth2/register/{fresh['client_id']}",
    }
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")
    assert fresh["client_secret"].startswith("avk_")
    assert fresh["registration_access_token"].startswith("avm_")


def test_secrets_are_stored_as_hashes_and_the_making_is_in_the_audit_log(world: World, registrar: Registrar) -> None:
    client = registrar.made()
    row = registrar.row(client)
    assert row.management_hash == secret.hash_of(client["registration_access_token"])
    with Session(world.engine) as session:
        stored = session.scalars(select(ClientSecret.hash).where(ClientSecret.client_id == row.client_id)).all()
    assert stored == [secret.hash_of(client["client_secret"])]
    (event,) = world.events("oidc:client:registered")
    assert event.envelope["client"] == client["client_id"]
    assert event.change_id is not None
    assert len(world.events("oidc:client:invited")) == 1
