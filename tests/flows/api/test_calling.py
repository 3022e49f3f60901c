"""Who may call the administration API, by which token, and what one is told who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from iam.tokens import session as sessions
from tests.kit.peers.api import Caller
from tests.kit.worlds.admin import ISSUER, Reader, World

Of = Callable[..., Caller]


def problem(response: TestResponse) -> tuple[int, str]:
    """The status and the kind of a problem (RFC 9457)."""
    assert response.content_type == "application/problem+json", response.text
    told = response.get_json()
    assert told["status"] == response.status_code
    return told["status"], told["type"].removeprefix("urn:avain:problem:")


def names(response: TestResponse) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["family_name"] for one in response.get_json()["items"]]


def test_an_administrator_reads_by_a_token_the_persons_that_the_page_shows(caller: Of) -> None:
    assert {"Virtanen", "Kiisunen", "Vieras"} <= set(names(caller("paula", "persons.read").get("/persons?size=200")))
    here = names(caller("lauri", "persons.read").get("/persons?size=200"))
    assert "Virtanen" in here
    assert not {"Kiisunen", "Vieras"} & set(here)


def test_without_a_token_nothing_is_told(world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer nothing"}, {"Authorization": "Basic eDp5"}, {"Accept": "text/html"}):
        response = world.app.test_client().get("/api/v1/persons", base_url=ISSUER, headers=headers)
        assert problem(response) == (401, "invalid-token")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_browser_that_is_signed_in_opens_nothing_by_its_cookie(world: World) -> None:
    paula = Reader(world, "paula").enter()
    assert problem(paula.get("/api/v1/persons")) == (401, "invalid-token")


def test_a_token_for_another_application_is_not_taken(caller: Of) -> None:
    elsewhere = caller("paula", "persons.read", resource="https://virkavarmenne.example")
    assert problem(elsewhere.get("/persons")) == (401, "invalid-token")


def test_a_token_does_no_more_than_its_scope_names(caller: Of) -> None:
    narrow = caller("paula", "organisations.read").get("/persons")
    assert problem(narrow) == (403, "insufficient-scope")
    assert 'scope="persons.read"' in narrow.headers["WWW-Authenticate"]


def test_a_token_does_no_more_than_its_person_may(caller: Of) -> None:
    assert problem(caller("nelli").get("/persons")) == (404, "not-found")
    assert problem(caller("anna", "admin persons.read").get("/persons")) == (404, "not-found")


def test_a_token_ends_with_the_sign_in_that_it_came_from(world: World, caller: Of) -> None:
    paula = caller("paula")
    assert paula.get("/persons").status_code == 200
    with world.transaction() as session:
        sessions.end(session, "test", person_id=world.ids["paula"])
    assert problem(paula.get("/persons")) == (401, "invalid-token")


@pytest.mark.parametrize("path", ["/persons?size=0", "/persons?after=x", "/persons?kind=king", "/persons?unknown=1"])
def test_what_is_wrong_in_a_request_is_told_field_by_field(caller: Of, path: str) -> None:
    response = caller("paula").get(path)
    assert problem(response) == (422, "invalid")
    assert response.get_json()["problems"][0]["field"] in path


def test_the_document_tells_the_routes_and_the_permissions_they_need(world: World) -> None:
    response = world.app.test_client().get("/api/v1/openapi.json", base_url=ISSUER)
    told = response.get_json()
    assert told["openapi"].startswith("3.1")
    assert told["paths"]["/api/v1/persons"]["get"]["security"] == [{"avain": ["persons.read"]}]
    assert all(path.startswith("/api/v1/") for path in told["paths"])
    assert "application/problem+json" in told["paths"]["/api/v1/persons"]["get"]["responses"]["404"]["content"]
