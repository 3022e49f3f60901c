"""An earlier version of a rule beside another in words, and restored: with its effect first, and waiting where much is
moved."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.rule import Rule, RuleVersion
from iam.change import SYSTEM
from iam.directory.source import Acceptance
from iam.plans import rule_proposals
from tests.kit.factories import access
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, employ, hidden, person
from tests.unit.admin_ui.rules.test_rules import given, published, told

FIRST, SECOND = "/admin/rules/vanha/versions/1", "/admin/rules/vanha/versions/2"


@pytest.fixture
def ruled(world: World) -> World:
    """A rule of the town for employees of schools that was altered to pupils, in an installation in use."""
    catalogue.rule(world, "vanha")
    publish(world, access.teachers(kind="student", organisation={"kind": "school"}))
    world.write(
        Acceptance(
            source_id=world.ids["hr"],
            digest="1",
            run_id=world.ids["run"],
            accepted_by=world.ids["paula"],
            accepted_at=clock.now(),
        )
    )
    return world


def publish(world: World, pattern: Any) -> None:
    with Session(world.engine) as session, session.begin():
        rule_proposals.publish(session, "vanha", pattern, "MANSIKKALA", SYSTEM)


def restore(who: Reader, path: str = FIRST) -> Any:
    return who.post(path, path)


def patterns(world: World) -> list[Any]:
    with Session(world.engine) as session:
        query = select(RuleVersion.pattern).join(Rule, Rule.id == RuleVersion.rule_id).where(Rule.key == "vanha")
        return list(session.scalars(query.order_by(RuleVersion.n)))


def test_two_versions_stand_side_by_side_with_what_changed(ruled: World, reader: Callable[[str], Reader]) -> None:
    page = told(reader("paula").get(FIRST))
    assert "Whoever is an employee (school" in page
    assert "Whoever is a pupil or student (school" in page
    assert "Who an employee a pupil or student" in page
    assert "What changed" in told(reader("paula").get(SECOND)), "the one in force stands beside the one before"
    assert reader("paula").get("/admin/rules/vanha/versions/9").status_code == 404


def test_an_earlier_version_reads_replaced_and_the_last_of_a_rule_that_was_given_up_withdrawn(
    ruled: World, reader: Callable[[str], Reader]
) -> None:
    def states() -> list[str]:
        text = reader("paula").get("/admin/rules/vanha").text
        table = text[text.index('id="versions"') :]
        return re.findall(r'<span class="hds-status-label[^>]*><svg.*?</svg>([^<]+)<', table, re.DOTALL)

    assert states() == ["In force", "Replaced"]
    with Session(ruled.engine) as session, session.begin():
        assert rule_proposals.withdraw(session, "vanha", SYSTEM) is not None
    assert states() == ["Withdrawn", "Replaced"]
    assert "Replaced" in reader("paula").get("/admin/rules/vanha/versions.csv").text


def test_a_version_is_restored_as_another_that_says_the_same_with_its_effect_first(
    ruled: World, reader: Callable[[str], Reader]
) -> None:
    page = reader("paula").get(FIRST)
    assert "Sanna" in told(page)
    assert str(ruled.ids["sanna"]) not in given(ruled)
    answer = restore(reader("paula"))
    assert answer.location == "/admin/rules/vanha"
    assert published(ruled, "vanha") == [(1, "withdrawn"), (2, "withdrawn"), (3, "published")]
    assert patterns(ruled)[0] == patterns(ruled)[2]
    assert str(ruled.ids["sanna"]) in given(ruled)
    (event,) = ruled.events("rule:version:restored")
    assert (event.envelope["restored"], event.envelope["waits"]) == (1, False)


def test_nothing_is_restored_when_the_effects_are_not_those_that_were_shown(
    ruled: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    seen = hidden(paula.get(FIRST), FIRST)["seen"]
    person(ruled, "uusi", "Uusikko")
    employ(ruled, "uusi", "KOIVU", "Opettaja")
    answer = paula.post(FIRST, FIRST, seen=seen)
    assert answer.status_code == 409
    assert "The effects changed meanwhile." in told(answer)
    assert published(ruled, "vanha") == [(1, "withdrawn"), (2, "published")]


def test_restoring_what_gives_many_a_role_waits_for_a_second_person(
    ruled: World, reader: Callable[[str], Reader]
) -> None:
    for number in range(30):
        person(ruled, f"opettaja{number}", f"Opettaja{number:02}")
        employ(ruled, f"opettaja{number}", "KOIVU", "Opettaja")
    assert restore(reader("paula")).location == "/admin/rules/vanha/proposal"
    assert published(ruled, "vanha") == [(1, "withdrawn"), (2, "published"), (3, "draft")]
    page = told(reader("paula").get("/admin/rules/vanha/versions/3"))
    assert "This version waits for a second person." in page


def test_what_is_in_force_is_not_restored(ruled: World, reader: Callable[[str], Reader]) -> None:
    assert "The rule says this already." in told(reader("paula").get(SECOND))
    assert reader("paula").force(SECOND, seen="x").status_code == 409
    assert len(published(ruled, "vanha")) == 2


def test_what_may_not_be_published_any_more_says_why_it_cannot_be_restored(
    ruled: World, reader: Callable[[str], Reader]
) -> None:
    with Session(ruled.engine) as session, session.begin():
        version = session.scalars(select(RuleVersion).where(RuleVersion.n == 1)).one()
        version.pattern = access.teachers(kind="employee") | {
            "gives": {"role": "wilma:poissa", "scope": "organisation of a"}
        }
    page = told(reader("paula").get(FIRST))
    assert "This version cannot be restored." in page
    assert "wilma:poissa" in page


def test_who_only_reads_sees_the_difference_and_restores_nothing(ruled: World, reader: Callable[[str], Reader]) -> None:
    person(ruled, "lukija", "Lukija")
    administer(ruled, "lukija", "MANSIKKALA", "rules.read")
    page = reader("lukija").get(FIRST)
    assert "What changed" in told(page)
    assert "Restore this version" not in told(page)
    assert reader("lukija").force(FIRST, seen="x").status_code == 404
    administer(ruled, "lukija", "KOIVU", "rules.write")
    assert reader("lukija").force(FIRST, seen="x").status_code == 404
    assert len(published(ruled, "vanha")) == 2
