"""Publishing a rule replaces the version before; a preview tells what would happen and keeps nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.commands.publish import Preview, preview, publish, try_person, withdraw
from iam.access.model.rule import RuleVersion
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, Actor
from iam.errors import Invalid, NotFound
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import contents, open_assignments, roles_of, row_counts
from tests.unit.access.conftest import Town

AUTUMN = day("2026-09-15")
TEACHERS = access.teachers(kind="employee", occupation="opettaja")
PUPILS = access.teachers(kind="student")


def versions(session: Session) -> list[tuple[int, str]]:
    """Number and state of each rule version."""
    session.expire_all()
    return [(row.n, row.state) for row in session.scalars(select(RuleVersion).order_by(RuleVersion.n))]


@pytest.fixture
def people(session: Session, town: Town, frozen: Any) -> dict[str, Any]:
    """A teacher, a pupil, and somebody who is both, in one school."""
    found = {name: facts.person(session) for name in ("teacher", "pupil", "both")}
    for name, kind in (("teacher", "employee"), ("pupil", "student"), ("both", "employee"), ("both", "student")):
        facts.affiliation(session, found[name], town.school, kind=kind)
    return found


def test_a_published_rule_gives_its_rights_at_once(session: Session, people: dict[str, Any]) -> None:
    author = facts.person(session)
    version = publish(session, "saanto", TEACHERS, "kunta", Actor(author))
    assert (version.n, version.state, version.published_by) == (1, "published", author)
    assert roles_of(session, people["teacher"], AUTUMN) == {"opettaja@koulu"}
    assert roles_of(session, people["pupil"], AUTUMN) == set()


def test_a_new_version_withdraws_the_one_before_and_its_rights(session: Session, people: dict[str, Any]) -> None:
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    second = publish(session, "saanto", PUPILS, "kunta", SYSTEM)
    assert versions(session) == [(1, "withdrawn"), (2, "published")]
    assert {row.rule_version_id for row in open_assignments(session)} == {second.id}
    assert [roles_of(session, one, AUTUMN) for one in people.values()] == [
        set(),
        {"opettaja@koulu"},
        {"opettaja@koulu"},
    ]


def test_a_withdrawn_rule_gives_nothing_any_more(session: Session, people: dict[str, Any]) -> None:
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    withdraw(session, "saanto", SYSTEM)
    assert (versions(session), open_assignments(session)) == ([(1, "withdrawn")], [])
    with pytest.raises(NotFound):
        withdraw(session, "toinen", SYSTEM)


def test_publishing_and_withdrawing_are_told_to_the_log(session: Session, town: Town, people: dict[str, Any]) -> None:
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    withdraw(session, "saanto", SYSTEM)
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert {(event.type, event.organisation_id, event.envelope["rule"]) for event in events} == {
        ("rule:version:published", town.town, "saanto"),
        ("rule:version:withdrawn", town.town, "saanto"),
    }


def test_a_rule_of_another_organisation_cannot_be_replaced(session: Session, people: dict[str, Any]) -> None:
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    with pytest.raises(Invalid):
        publish(session, "saanto", TEACHERS, "hva", SYSTEM)
    assert versions(session) == [(1, "published")]


def numbers(found: Preview) -> tuple[int, int, int]:
    """How many gain, lose, and keep."""
    return len(found.effects.persons(gains=True)), len(found.effects.persons(gains=False)), found.unchanged


def test_a_preview_of_a_new_rule_tells_who_would_gain(session: Session, town: Town, people: dict[str, Any]) -> None:
    found = preview(session, TEACHERS, "kunta")
    assert numbers(found) == (2, 0, 0)
    assert found.effects.counts() == {town.school: (2, 0)}
    assert found.effects.persons(gains=True) == {people["teacher"], people["both"]}


def test_a_preview_of_a_next_version_tells_who_would_gain_lose_and_keep(
    session: Session, town: Town, people: dict[str, Any]
) -> None:
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    found = preview(session, PUPILS, "kunta", "saanto")
    assert numbers(found) == (1, 1, 1)
    assert (found.effects.persons(gains=True), found.effects.persons(gains=False)) == (
        {people["pupil"]},
        {people["teacher"]},
    )
    assert found.effects.counts() == {town.school: (1, 1)}
    same = preview(session, TEACHERS, "kunta", "saanto")
    assert (numbers(same), same.effects.rows) == ((0, 0, 2), [])


def test_a_preview_of_a_withdrawal_tells_who_would_lose(session: Session, people: dict[str, Any]) -> None:
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    assert numbers(preview(session, None, "kunta", "saanto")) == (0, 2, 0)
    assert versions(session) == [(1, "published")]


def test_a_preview_tells_nothing_of_rights_that_are_over(session: Session, town: Town, people: dict[str, Any]) -> None:
    facts.affiliation(session, facts.person(session), town.school, day("2020-08-01"), day("2021-06-01"))
    assert numbers(preview(session, TEACHERS, "kunta"))[0] == 2


def test_a_preview_keeps_nothing(session: Session, people: dict[str, Any]) -> None:
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    counts, before = row_counts(session), contents(session)
    preview(session, PUPILS, "kunta", "saanto")
    preview(session, PUPILS, "kunta")
    with pytest.raises(Invalid):
        preview(session, access.teachers("wilma:tuntematon"), "kunta")
    assert (row_counts(session), contents(session)) == (counts, before)
    assert versions(session) == [(1, "published")]
    session.commit()
    assert row_counts(session) == counts


def test_what_a_preview_told_is_what_publishing_does(session: Session, people: dict[str, Any]) -> None:
    told = preview(session, TEACHERS, "kunta")
    publish(session, "saanto", TEACHERS, "kunta", SYSTEM)
    assert len({row.person_id for row in open_assignments(session)}) == numbers(told)[0]


def test_a_rule_is_tried_on_one_person_without_publishing_it(session: Session, people: dict[str, Any]) -> None:
    counts = row_counts(session)
    assert try_person(session, TEACHERS, "kunta", people["teacher"]) == (True, None)
    held, problem = try_person(session, TEACHERS, "kunta", people["pupil"])
    assert (held, str(problem)) == (False, "The kind is student, the rule asks for employee.")
    held, problem = try_person(session, TEACHERS, "kunta", people["teacher"], clock.LONG_AGO)
    assert (held, str(problem)) == (False, "It does not hold on that day.")
    with pytest.raises(Invalid):
        try_person(session, {}, "kunta", people["teacher"])
    assert row_counts(session) == counts
