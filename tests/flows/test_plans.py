"""What waits for a second person is one list, whatever it is, and is decided there: on the demonstration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iam import clock
from iam.demo.agreements import WELFARE_AGREEMENT as AGREEMENT
from tests.kit.worlds.consortium import SMALL, Consortium, prepared, yesterday

PAULA, VEERA, OLLI = "paula.paakayttaja", "veera.varahenkilo", "olli.operaattori"
TEACHER = "aino.esimerkki"
RULE = """
rules:
  - rule: rehtori-wilmaan
    owner: mansikkala
    bind:
      a: {affiliation: {kind: employee, organisation: {under: mansikkala}}}
    gives: {role: "wilma:rehtori", scope: organisation of a}
"""


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """A consortium of the test's own, as ``make run`` leaves it."""
    with Consortium(prepared(tmp_path_factory, *SMALL), tmp_path / "state") as consortium:
        yield consortium


def listed(world: Consortium, who: str) -> list[dict[str, Any]]:
    done = world.iam("plan", "list", "--as", who, "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def names(world: Consortium, who: str = VEERA) -> list[str]:
    return [one["name"] for one in listed(world, who)]


def held(world: Consortium) -> None:
    """Run an HR file that ends nearly everybody of a school, as the first operator."""
    lines = world.hr.read_text(encoding="utf-8").splitlines()[1:]
    for number in [line.split(";")[5] for line in lines if ";KOIVU;" in line]:
        world.end_employment(number, yesterday())
    assert world.run().state == "held"


def noticed(world: Consortium) -> None:
    """Let the second operator give notice of an agreement that was suspended this week: it waits."""
    party = ("--party", "mansikkala")
    assert world.iam("agreement", "suspend", AGREEMENT, *party, "--reason", "epäily", "--as", PAULA).exit_code == 0
    assert world.iam("agreement", "lift", AGREEMENT, "--as", VEERA).exit_code == 0
    last = (clock.today() + timedelta(days=30)).isoformat()
    assert world.iam("agreement", "notice", AGREEMENT, *party, "--last-day", last, "--as", VEERA).exit_code == 3


def schools(world: Consortium) -> set[str]:
    return {right["scope_key"] for right in world.explain(TEACHER, "--application", "wilma")["rights"]}


def test_a_run_a_declaration_and_an_agreement_wait_in_one_list_the_oldest_first(
    world: Consortium, tmp_path: Path, at: Callable[[datetime], None]
) -> None:
    held(world)
    at(clock.now() + timedelta(minutes=1))
    file = tmp_path / "rule.yaml"
    file.write_text(RULE, encoding="utf-8")
    assert world.iam("apply", "-f", str(file), "--as", PAULA).exit_code == 3
    at(clock.now() + timedelta(minutes=1))
    noticed(world)
    found = listed(world, VEERA)
    assert [one["name"].partition("/")[0] for one in found] == ["source", "declaration", "agreement"]
    assert found[2]["name"] == f"agreement/{AGREEMENT}"
    assert found[1]["proposed_by"] == "Paula Pääkäyttäjä"
    assert all(one["reasons"] for one in found)
    words = world.iam("plan", "list", "--as", VEERA).stdout
    assert words.splitlines()[0].startswith("source/hr  ")
    assert names(world, "sanna.sihteeri") == []


def test_approving_a_run_applies_it_at_once(world: Consortium) -> None:
    held(world)
    assert "KOIVU" in schools(world)
    own = world.iam("plan", "approve", "source/hr", "--as", OLLI)
    assert own.exit_code != 0
    assert "KOIVU" in schools(world)
    done = world.iam("plan", "approve", "source/hr", "--as", VEERA)
    assert (done.exit_code, names(world)) == (0, []), done.output
    assert schools(world) == {"OPISTO"}


def test_a_refused_run_does_not_come_back_the_next_night(world: Consortium) -> None:
    held(world)
    done = world.iam("plan", "refuse", "source/hr", "--reason", "virhe palkoissa", "--as", VEERA)
    assert (done.exit_code, names(world)) == (0, []), done.output
    assert world.run().state == "done"
    assert names(world) == []
    assert "KOIVU" in schools(world)


def test_who_refused_by_mistake_lets_the_next_run_ask_again(world: Consortium) -> None:
    held(world)
    assert world.iam("plan", "refuse", "source/hr", "--reason", "erehdys", "--as", VEERA).exit_code == 0
    assert world.iam("source", "ask-again", "hr", "--as", "sanna.sihteeri").exit_code != 0
    assert world.run().state == "done"
    assert world.iam("source", "ask-again", "hr", "--as", VEERA).exit_code == 0
    assert world.run().state == "held"


def test_approving_a_notice_ends_the_agreement_on_its_day(world: Consortium) -> None:
    noticed(world)
    name = f"agreement/{AGREEMENT}"
    assert world.iam("plan", "approve", name, "--as", VEERA).exit_code != 0
    assert "lose something" in world.iam("plan", "show", name, "--as", PAULA).stdout
    assert world.iam("plan", "approve", name, "--as", PAULA).exit_code == 0
    assert "notice" in world.iam("agreement", "show", AGREEMENT).stdout
    assert names(world) == []


def test_a_name_under_which_nothing_waits_is_told(world: Consortium) -> None:
    done = world.iam("plan", "approve", "rule/olematon", "--as", VEERA)
    assert done.exit_code == 2
    assert "Nothing waits under the name rule/olematon, or it is outside your part." in done.stderr
