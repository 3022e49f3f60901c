"""Reading, replacing and deleting one's own registration."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from iam.oidc.clients import write as registration
from iam.tokens import secret
from tests.kit.registrar import BACK, KEYS, Registrar, refused
from tests.kit.worlds.oidc import ISSUER, World

Clock = Callable[[datetime], None]


def test_reading_tells_all_but_the_secret(registrar: Registrar) -> None:
    client = registrar.made(client_name="Sovellus", jwks=KEYS)
    shown = registrar.manage("GET", client).get_json()
    assert shown == {name: value for name, value in client.items() if not name.startswith("client_secret")}


def test_an_update_replaces_all_and_what_is_left_out_takes_its_default(world: World, registrar: Registrar) -> None:
    client = registrar.made(client_name="Vanha", id_token_signed_response_alg="ES256", default_max_age=60)
    wanted = {
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "redirect_uris": ["https://app.example/new"],
    }
    said = registrar.manage("PUT", client, wanted).get_json()
    assert (said["redirect_uris"], said["id_token_signed_response_alg"]) == (["https://app.example/new"], "RS256")
    assert said["client_secret"] == client["client_secret"]
    assert not {"client_name", "default_max_age"} & said.keys()
    (event,) = world.events("oidc:client:updated")
    assert event.envelope == {
        "client": client["client_id"],
        "fields": ["default_max_age", "id_token_alg", "metadata", "redirect_uris"],
    }


def test_an_update_is_refused_that_is_not_the_clients_own(registrar: Registrar) -> None:
    client = registrar.made()
    good = {"client_id": client["client_id"], "redirect_uris": [BACK]}
    for more in (
        {"client_id": "wilma"},
        {"client_id": None},
        {"client_id": 1},
        {"client_secret": "chosen" * 8},
        {"client_secret": 1},
        {"client_secret": "\ud800"},
        {"client_secret": ""},
        {"registration_access_token": "x"},
        {"registration_client_uri": "x"},
        {"client_id_issued_at": 1},
        {"client_secret_expires_at": 0},
        {"id_token_signed_response_alg": "none"},
    ):
        refused(registrar.manage("PUT", client, good | more))
    assert registrar.manage("GET", client).get_json()["redirect_uris"] == [BACK]


def test_secrets_follow_the_method(world: World, registrar: Registrar) -> None:
    client = registrar.made()
    keyed = {
        "client_id": client["client_id"],
        "redirect_uris": [BACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": KEYS,
    }
    assert "client_secret" not in registrar.manage("PUT", client, keyed).get_json()
    with Session(world.engine) as session:
        assert registration.secret_hashes(session, client["client_id"]) == {}
    again = registrar.manage("PUT", client, {"client_id": client["client_id"], "redirect_uris": [BACK]}).get_json()
    assert again["client_secret"] not in (client["client_secret"], None)
    with Session(world.engine) as session:
        living = registration.secret_hashes(session, client["client_id"])[client["client_id"]]
    assert living == {secret.hash_of(again["client_secret"])}


def test_a_deleted_client_is_out_of_use_with_all_its_tokens(world: World, registrar: Registrar, at: Clock) -> None:
    client = registrar.made(grant_types=["client_credentials"], scope="wilma.read", redirect_uris=[])
    proof = {
        "Authorization": "Basic " + b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    }
    ask = {"base_url": ISSUER, "headers": proof}
    got = registrar.http.post("/oauth2/token", data={"grant_type": "client_credentials"}, **ask)
    assert got.status_code == 200, got.text
    response = registrar.manage("DELETE", client)
    assert (response.status_code, response.data) == (204, b"")
    registrar.world.app.extensions.pop("avain.oidc")  # another process, which has not read the client yet
    assert registrar.http.post("/oauth2/token", data={"grant_type": "client_credentials"}, **ask).status_code == 401
    with Session(world.engine) as session:
        assert registration.secret_hashes(session, client["client_id"]) == {}
    assert registrar.manage("GET", client).status_code == 401
