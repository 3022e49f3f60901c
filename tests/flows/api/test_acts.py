"""What a program does through the API: it grants and ends rights, ends the access, and starts runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from iam import clock
from iam.directory.source import Source
from iam.tokens.session import LoginSessionRow
from tests.flows.api.test_calling import problem
from tests.kit.peers.api import Caller
from tests.kit.worlds.admin import World
from tests.kit.worlds.source import hr_text, rows

Of = Callable[..., Caller]


@pytest.fixture
def right(world: World) -> dict[str, Any]:
    """A right that may be granted to Anna in KOIVU."""
    return {
        "role": "wilma:opettaja",
        "capacity": str(world.ids["anna KOIVU"]),
        "organisation": str(world.ids["RANTA"]),
        "last_day": (clock.today() + timedelta(days=30)).isoformat(),
        "reason": "sijaisuus",
    }


def by_hand(told: Any) -> list[Any]:
    return [b for one in told["items"] for b in one["because"] if b["reason"] == "sijaisuus"]


def test_a_right_is_granted_with_a_reason_and_ended(world: World, caller: Of, right: dict[str, Any]) -> None:
    paula, rights = caller("paula"), f"/persons/{world.ids['anna']}/rights"
    granted = paula.post(rights, right)
    assert granted.status_code == 201, granted.text
    assert granted.headers["Location"].endswith(rights)
    (reason,) = by_hand(granted.get_json())
    (event,) = world.events("right:hand:granted")
    assert event.actor_id == world.ids["paula"]
    ended = paula.post(f"{rights}/{reason['id']}/end", {"reason": "ohi"})
    assert (ended.status_code, by_hand(ended.get_json())) == (200, [])
    assert problem(paula.post(f"{rights}/{reason['id']}/end", {"reason": "ohi"})) == (409, "conflict")


def test_what_was_changed_meanwhile_is_not_changed_again_unseen(
    world: World, caller: Of, right: dict[str, Any]
) -> None:
    paula, rights = caller("paula"), f"/persons/{world.ids['anna']}/rights"
    seen = {"If-Match": paula.get(rights).headers["ETag"]}
    assert paula.post(rights, right, seen).status_code == 201
    assert problem(paula.post(rights, right, seen)) == (412, "changed-meanwhile")
    assert len(world.events("right:hand:granted")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "wilma:tuntematon"),
        ("organisation", "0192f000-0000-7000-8000-000000000000"),
        ("reason", " "),
        ("last_day", "2020-01-01"),
    ],
)
def test_what_cannot_be_granted_is_told_beside_its_field(
    world: World, caller: Of, right: dict[str, Any], field: str, value: str
) -> None:
    response = caller("paula").post(f"/persons/{world.ids['anna']}/rights", right | {field: value})
    assert problem(response) == (422, "invalid")
    assert response.get_json()["problems"][0]["field"] in (field, "until")


def test_nobody_grants_to_themselves(world: World, caller: Of, right: dict[str, Any]) -> None:
    own = right | {"capacity": str(world.ids["paula ROOT"])}
    assert problem(caller("paula").post(f"/persons/{world.ids['paula']}/rights", own)) == (422, "invalid")


def test_what_is_no_json_is_answered_as_unreadable(world: World, caller: Of) -> None:
    paula = caller("paula")
    headers = {"Authorization": f"Bearer {paula.token}"}
    response = paula.http.post(f"/api/v1/persons/{world.ids['anna']}/end", data="{", headers=headers)
    assert problem(response)[0] == 400


def test_the_access_is_ended_at_once(world: World, caller: Of) -> None:
    ended = caller("paula").post(f"/persons/{world.ids['anna']}/end", {"reason": "lähti"})
    assert (ended.status_code, ended.get_json()) == (200, {"whole": True})
    assert caller("paula").get(f"/persons/{world.ids['anna']}").get_json()["state"] == "suspended"
    assert caller("paula").get(f"/persons/{world.ids['anna']}/rights").get_json() == {"items": []}


def test_a_school_ends_what_is_its_own(world: World, caller: Of) -> None:
    ended = caller("lauri").post(f"/persons/{world.ids['anna']}/end", {"reason": "lähti"})
    assert ended.get_json() == {"whole": False}
    assert caller("paula").get(f"/persons/{world.ids['anna']}/rights").get_json()["items"]


def test_granting_asks_for_a_fresh_sign_in(world: World, caller: Of, right: dict[str, Any]) -> None:
    paula, rights = caller("paula"), f"/persons/{world.ids['anna']}/rights"
    with world.transaction() as session:
        row = session.get_one(LoginSessionRow, paula.session_id)
        row.auth_time -= timedelta(minutes=6)
    refused = paula.post(rights, right)
    assert problem(refused) == (401, "step-up-needed")
    assert "insufficient_user_authentication" in refused.headers["WWW-Authenticate"]
    assert paula.get(rights).status_code == 200


def test_a_run_is_started_and_told_of_at_its_address(world: World, caller: Of) -> None:
    paula = caller("paula")
    refused = paula.post("/sources/tuntematon/runs")
    assert problem(refused) == (404, "not-found")
    wrong = paula.post("/sources/hr/runs", {"dry_run": "perhaps"})
    assert problem(wrong) == (422, "invalid")


def test_a_run_goes_on_in_a_process_of_its_own_and_is_read_to_its_end(world: World, caller: Of, tmp_path: Path) -> None:
    file = tmp_path / "hr.csv"
    file.write_text(hr_text(rows(range(3))), encoding="utf-8")
    with world.transaction() as session:
        session.execute(update(Source).where(Source.key == "hr").values(settings={"path": str(file)}))
    paula, key = caller("paula"), {"Idempotency-Key": "huomenna"}
    started, again = (paula.post("/sources/hr/runs", {"dry_run": True}, key) for _ in range(2))
    assert (started.status_code, again.status_code) == (202, 202)
    # Sent twice, it is read once: the second is told of the first one's run.
    assert again.get_json() == started.get_json()
    assert again.headers["Location"] == started.headers["Location"]
    told = _to_its_end(paula, started.headers["Location"])
    # Three rows are fewer than the last good run had: it is stopped, and says why.
    assert (told["dry_run"], told["state"], len(told["reasons"])) == (True, "stopped", 1)

    listed = paula.get("/sources/hr/runs").get_json()["items"]
    assert (len(listed), listed[0]) == (2, told)


def _to_its_end(caller: Caller, address: str) -> Any:
    end = time.monotonic() + 60
    while (told := caller.get(address).get_json())["ended_at"] is None:
        assert told["state"] == "running"
        assert time.monotonic() < end
        time.sleep(0.1)
    return told
