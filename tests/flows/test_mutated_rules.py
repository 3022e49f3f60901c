"""A thousand rules written wrongly: none of them makes an administrator, or gives anybody a right in another legal
entity, without a second person."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.assignment import AdminGrant, Assignment
from iam.change import Actor
from iam.errors import AvainError
from iam.plans import rule_proposals
from tests.kit.worlds.consortium import DECLARATIONS, SMALL, Consortium, prepared

Rule = dict[str, Any]
MANY = 1000
KINDS = ("employee", "substitute", "student", "elected-official", "contractor", "trainee")


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    with Consortium(prepared(tmp_path_factory, *SMALL), tmp_path / "state") as consortium:
        yield consortium


def affiliation_of(rule: Rule) -> dict[str, Any] | None:
    """What a rule asks of an affiliation, if it does."""
    return next((one["affiliation"] for one in rule["bind"].values() if "affiliation" in one), None)


def drop_a_condition(rule: Rule, pick: Random, _words: dict[str, list[Any]]) -> None:
    works = affiliation_of(rule)
    if works and pick.random() < 0.7:
        works.pop(pick.choice(sorted(works)), None)
    else:
        rule.pop("unless", None)


def widen_a_list(rule: Rule, pick: Random, _words: dict[str, list[Any]]) -> None:
    works = affiliation_of(rule)
    if works:
        works["kind"] = pick.sample(KINDS, pick.randint(2, len(KINDS)))
        works.pop("occupation", None)


def write_a_wrong_type(rule: Rule, pick: Random, _words: dict[str, list[Any]]) -> None:
    works = affiliation_of(rule) or rule["gives"]
    works[pick.choice(sorted(works))] = pick.choice([7, None, [], {}, True, "x" * 300, {"in_list": 3}])


def name_another_place(rule: Rule, pick: Random, words: dict[str, list[Any]]) -> None:
    works, place = affiliation_of(rule), pick.choice(words["places"])
    if works and pick.random() < 0.5:
        works["organisation"] = {"under": place}
    else:
        rule["gives"]["scope"] = {"organisation": place}


def give_another_role(rule: Rule, pick: Random, words: dict[str, list[Any]]) -> None:
    rule["gives"]["role"] = pick.choice([*words["roles"], "iam:admin", "admin"])


def change_the_owner(rule: Rule, pick: Random, words: dict[str, list[Any]]) -> None:
    rule["owner"] = pick.choice(words["places"])


MUTATIONS: tuple[Callable[[Rule, Random, dict[str, list[Any]]], None], ...] = (
    drop_a_condition,
    widen_a_list,
    write_a_wrong_type,
    name_another_place,
    give_another_role,
    change_the_owner,
)


def mutated(rules: list[Rule], pick: Random, words: dict[str, list[Any]]) -> Rule:
    rule = copy.deepcopy(pick.choice(rules))
    for mutate in pick.sample(MUTATIONS, pick.choice([1, 1, 2, 3])):
        mutate(rule, pick, words)
    return rule


def powers(session: Session) -> set[tuple[Any, ...]]:
    """Who has what over a border between legal entities, and who administers what."""
    a, g = Assignment, AdminGrant
    across = (a.closed_by.is_(None), a.holder_entity_id != a.scope_entity_id)
    rights = session.execute(select(a.person_id, a.role_id, a.scope_id).where(*across))
    granted = session.execute(select(g.person_id, g.permission, g.organisation_id).where(g.closed_by.is_(None)))
    return {tuple(row) for rows in (rights, granted) for row in rows}


def tried(session: Session, rule: Rule, actor: Actor) -> str:
    """What becomes of a rule: ``refused``, ``waits``, ``crosses`` (in force, and over an entity's border) or
    ``in force``."""
    before = powers(session)
    trial = session.begin_nested()
    try:
        pattern = {name: rule[name] for name in ("bind", "unless", "gives") if name in rule}
        waits = rule_proposals.publish(session, rule["rule"], pattern, str(rule["owner"]), actor)
        return "waits" if waits else "in force" if powers(session) <= before else "crosses"
    except AvainError:
        return "refused"
    finally:
        trial.rollback()
        session.expire_all()


def test_no_rule_written_wrongly_crosses_a_border_or_makes_an_administrator_alone(world: Consortium) -> None:
    declared = yaml.safe_load((DECLARATIONS / "20-rules.yaml").read_text(encoding="utf-8"))["rules"]
    applications = yaml.safe_load((DECLARATIONS / "10-applications.yaml").read_text(encoding="utf-8"))["applications"]
    consortium = yaml.safe_load((world.feeds / "consortium.yaml").read_text(encoding="utf-8"))
    words = {
        "places": [one["key"] for one in consortium["organisations"]],
        "roles": [f"{app['key']}:{role['key']}" for app in applications for role in app["roles"]],
    }
    pick, actor, became = Random(4711), world.actor("paula.paakayttaja"), Counter[str]()
    with world.sessions() as session:
        for _ in range(MANY):
            rule = mutated(declared, pick, words)
            found = tried(session, rule, actor)
            assert found != "crosses", rule
            became[found] += 1
    assert min(became[one] for one in ("refused", "waits", "in force")) > MANY / 20, became
