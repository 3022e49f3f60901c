"""The simulated school system answers as OneRoster 1.2 says, and breaks down as it is told."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connectors.simulators.oneroster import FAULTS, Roster, Simulator
from connectors.simulators.oneroster.server import BASE, SCOPE
from tests.kit.feeds.roster import folder

ROOT = Path(__file__).parents[4]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    with Simulator(Roster.of_bundle(folder(tmp_path))) as made:
        yield made


def token(address: str) -> str:
    form = {"grant_type": "client_credentials", "scope": SCOPE}
    told = requests.post(f"{address}/token", form, auth=("avain", "simulated"), timeout=5).json()
    return str(told["access_token"])


def get(simulator: Simulator, target: str, **headers: str) -> requests.Response:
    sent = {"Authorization": f"Bearer {token(simulator.address)}", **headers}
    return requests.get(f"{simulator.address}{BASE}/{target}", headers=sent, timeout=5, allow_redirects=False)


def test_a_user_has_roles_with_their_organisations_and_no_password(simulator: Simulator) -> None:
    pupil = get(simulator, "users").json()["users"][0]
    assert (pupil["sourcedId"], pupil["roles"][0]["role"], pupil["roles"][0]["org"]["sourcedId"]) == (
        "oppilas",
        "student",
        "koivu",
    )
    assert [agent["sourcedId"] for agent in pupil["agents"]] == ["huoltaja", "opettaja"]
    assert "password" not in pupil


def test_a_page_says_how_many_there_are_and_where_the_next_is(simulator: Simulator) -> None:
    answer = get(simulator, "users?limit=1&offset=1&sort=sourcedId")
    assert [one["sourcedId"] for one in answer.json()["users"]] == ["opettaja"]
    assert answer.headers["X-Total-Count"] == "3"
    assert set(answer.links) == {"first", "last", "next", "prev"}


def test_a_filter_gives_what_was_changed_and_one_that_is_not_understood_is_refused(simulator: Simulator) -> None:
    simulator.roster.delete("users", "oppilas")
    found = get(simulator, "users?filter=dateLastModified>'2021-01-01T00:00:00.000Z'").json()["users"]
    assert [(one["sourcedId"], one["status"]) for one in found] == [("oppilas", "tobedeleted")]
    assert get(simulator, "users?filter=nonsense").status_code == 400


def test_nothing_is_told_without_a_token_nor_a_token_for_another_secret(simulator: Simulator) -> None:
    assert requests.get(f"{simulator.address}{BASE}/users", timeout=5).status_code == 401
    form = {"grant_type": "client_credentials", "scope": SCOPE}
    assert requests.post(f"{simulator.address}/token", form, auth=("avain", "muu"), timeout=5).status_code == 401


def test_a_fault_is_set_by_a_header_for_one_request_and_by_an_address_until_another(simulator: Simulator) -> None:
    assert get(simulator, "users", **{"X-Simulator-Fault": "busy"}).status_code == 429
    assert get(simulator, "users").status_code == 200
    requests.post(f"{simulator.address}/simulator/fault", {"name": "forbidden", "after": "1"}, timeout=5)
    assert [get(simulator, "users").status_code for _ in range(3)] == [200, 403, 403]
    requests.post(f"{simulator.address}/simulator/fault", {"name": ""}, timeout=5)
    assert get(simulator, "users").status_code == 200


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"cut", "slow", "endless"}))
def test_each_fault_makes_another_answer_than_a_sound_server(simulator: Simulator, fault: str) -> None:
    target = f"users?limit=1&offset={3 if fault == 'twice' else 1}&filter=status='active'"
    sound = get(simulator, target)
    simulator.break_down(fault)
    bad = get(simulator, target)
    assert (bad.status_code, bad.text, bad.headers.get("X-Total-Count")) != (
        sound.status_code,
        sound.text,
        sound.headers["X-Total-Count"],
    )


@pytest.mark.parametrize("fault", ["cut", "slow", "endless"])
def test_a_body_that_is_cut_drips_or_does_not_end_is_not_whole(simulator: Simulator, fault: str) -> None:
    simulator.break_down(fault)
    sent = {"Authorization": f"Bearer {token(simulator.address)}"}
    with requests.get(f"{simulator.address}{BASE}/users", headers=sent, timeout=5, stream=True) as answer:
        some = answer.raw.read1(64)
    assert len(some) < int(answer.headers["Content-Length"])
    assert (len(some) < 64) == (fault == "slow") or fault == "endless"


def test_it_is_a_program_of_its_own_with_the_demonstrations_people() -> None:
    command = [sys.executable, "-m", "iam.cli", "simulate", "oneroster", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        address = re.sub(r"url: (.*)/ims.*\s", r"\1", program.stdout.readline())
        sent = {"Authorization": f"Bearer {token(address)}"}
        told = requests.get(f"{address}{BASE}/orgs", headers=sent, timeout=5)
        program.terminate()
        assert program.wait(10) == 0
    assert int(told.headers["X-Total-Count"]) > 3
