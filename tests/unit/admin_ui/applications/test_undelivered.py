"""Undelivered logouts: the owner's administrators see which application was not told and why, and have it tried
again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.delivery.outbox import Message
from tests.kit.factories import consortium
from tests.kit.worlds.admin import Reader, World, administer

HERE = "/admin/undelivered"


def note(world: World, client_id: str, error: str, **changes: Any) -> UUID:
    """Add a message that was given up."""
    now = clock.now()
    values: dict[str, Any] = {
        "kind": "backchannel-logout",
        "created_at": now,
        "due_at": now,
        "given_up_at": now,
        "attempts": 28,
    }
    row = Message(target=client_id, payload={"person": "0f"}, last_error=error, **{**values, **changes})
    world.write(row)
    return row.id


def get(world: World, message_id: UUID) -> Message:
    with Session(world.engine) as session:
        return session.get_one(Message, message_id)


@pytest.fixture
def wilma(world: World) -> None:
    consortium.client(world, "wilma", "wilma-web")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("status 400", "It refused the logout (status 400)"),
        ("status 503", "It answered with an error (status 503)"),
        ("address: not a public address", "Its address may not be contacted: not a public address"),
        ("no answer: ConnectionRefusedError", "It did not answer: no answer: ConnectionRefusedError"),
    ],
)
def test_the_list_tells_application_client_and_reason(
    world: World, reader: Callable[[str], Reader], wilma: None, error: str, words: str
) -> None:
    note(world, "wilma-web", error)
    text = reader("paula").get(HERE).text
    assert "Wilma (wilma-web)</a>" in text
    assert words in text
    assert words in reader("paula").get(f"{HERE}.csv").text


def test_what_has_arrived_or_is_still_tried_is_not_listed(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    note(world, "wilma-web", "status 503", given_up_at=None)
    note(world, "wilma-web", "status 503", kind="another")
    assert "Everything has been delivered." in reader("paula").get(HERE).text


def test_trying_again_makes_it_due_at_once_and_is_written_in_the_log(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula, message_id = reader("paula"), note(world, "wilma-web", "status 503")
    assert HERE in paula.get("/admin/applications").text
    assert f"{HERE}/{message_id}/again" in paula.get(HERE).text
    done = paula.post(f"{HERE}/{message_id}/again", HERE)
    assert (done.status_code, done.location) == (303, HERE)
    assert "The logout is being sent again." in paula.get(HERE).text
    row = get(world, message_id)
    assert (row.given_up_at, row.attempts) == (None, 0)
    assert row.due_at <= clock.now()
    (event,) = world.events("outbox:message:retried")
    assert (event.actor_id, event.envelope) == (world.ids["paula"], {"message": str(message_id), "target": "wilma-web"})
    assert paula.force(f"{HERE}/{message_id}/again").status_code == 404


def test_only_who_administers_the_applications_owner_sees_and_tries_it(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    administer(world, "ville", "MUSTIKKALA", "applications.read")
    administer(world, "anna", "MANSIKKALA", "applications.read")
    message_id = note(world, "wilma-web", "status 503")
    ville, sanna = reader("ville"), reader("sanna")
    assert "wilma-web" not in ville.get(HERE).text
    assert "wilma-web" not in ville.get(f"{HERE}.csv").text
    assert ville.force(f"{HERE}/{message_id}/again").status_code == 404
    assert sanna.get(HERE).status_code == 404
    assert get(world, message_id).given_up_at is not None
    anna = reader("anna")
    assert "wilma-web" in anna.get(HERE).text
    assert "Try again" not in anna.get(HERE).text
    assert anna.force(f"{HERE}/{message_id}/again").status_code == 404
    assert get(world, message_id).given_up_at is not None
    administer(world, "anna", "MUSTIKKALA", "applications.write")
    assert "Try again" not in anna.get(HERE).text
    assert anna.force(f"{HERE}/{message_id}/again").status_code == 404
