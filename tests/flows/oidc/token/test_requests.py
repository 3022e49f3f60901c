"""Requests that are malformed, and a database that does not answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.client_proofs import basic
from tests.kit.worlds.oidc import ISSUER, SECRET, Application, World


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"])
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"data": b""},
        {"json": {"grant_type": "authorization_code"}},
        {"data": b"\xff\x00%%%=&&==", "content_type": "application/x-www-form-urlencoded"},
        {
            "data": b"grant_type=authorization_code&grant_type=authorization_code",
            "content_type": "application/x-www-form-urlencoded",
        },
        {"data": b"grant_type=%00", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"grant_type=authorization_code&code=%FF", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"a" * 300_000, "content_type": "application/x-www-form-urlencoded"},
        {
            "data": b"--x\r\nContent-Disposition: form-data; name=grant_type\r\n\r\nx\r\n--x--",
            "content_type": "multipart/form-data; boundary=x",
        },
        {"data": b"<x/>", "content_type": "application/xml"},
    ],
)
def test_a_malformed_body_is_an_oauth_error_and_never_a_server_error(
    world: World, path: str, sent: dict[str, Any]
) -> None:
    response = world.app.test_client().post(path, base_url=ISSUER, headers=basic("wilma", SECRET), **sent)
    assert response.status_code in (400, 413)
    assert response.get_json()["error"] in ("invalid_request", "invalid_grant")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_database_that_does_not_answer_is_503_without_a_word_of_it(world: World, wilma: Application) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE one_shot")
    response = wilma.redeem("avc_x")
    assert response.status_code in (500, 503)
    assert response.get_json()["error"] in ("server_error", "temporarily_unavailable")
    assert "one_shot" not in response.text
    assert "Traceback" not in response.text
