"""A school year of one person's rights: a rule, an absence, a correction, an agreement, an end at once; each in its own
transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE
from iam.access.commands import by_hand
from iam.access.commands.publish import preview, publish
from iam.access.derivation.derive import derive
from iam.access.explanation.explain import explain
from iam.access.explanation.proof import prove
from iam.access.explanation.why_not import why_not
from iam.access.right import rights
from iam.access.rules.naming import load
from iam.change import SYSTEM
from iam.lifecycle.leave import end_now, undo_end_now
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day

TEACHERS = {
    "bind": {
        "a": {
            "affiliation": {
                "kind": "employee",
                "occupation": {"in_list": "opettajat"},
                "organisation": {"kind": "school", "under": "kunta"},
            }
        }
    },
    "unless": {"absence_of": "a"},
    "gives": {"role": "wilma:opettaja", "scope": "organisation of a"},
}
PSYCHOLOGISTS = {
    "bind": {"a": {"affiliation": {"kind": "employee", "occupation": "psykologi", "organisation": {"under": "hva"}}}},
    "unless": {"absence_of": "a"},
    "gives": {"role": "wilma:psykologi", "scope": {"organisation": "kunta"}},
}
AUGUST, AUTUMN, CHRISTMAS, SUMMER = day("2026-08-15"), day("2026-10-01"), day("2026-12-20"), day("2027-06-01")


class Year:
    """The databases of a year: every step is a transaction at an instant, every look a session of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def on(self, at: datetime) -> Iterator[Session]:
        """A transaction at an instant, committed when the block ends well."""
        with clock.fixed(at), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def roles(self, person_id: UUID, at: datetime) -> set[str]:
        """What a person holds at an instant, asked at that instant."""
        with self.on(at) as session:
            return {f"{right.role_key}@{right.scope_key}" for right in rights(session, person_id, None)}


@pytest.fixture
def year(engine: Engine) -> Year:
    """A year that begins with a town, its school, a county, and an application with two roles."""
    year = Year(engine)
    with year.on(day("2026-07-01")) as session:
        made = facts.tree(
            session,
            ("marjala", "consortium", None, True),
            ("kunta", "municipality", "marjala", True),
            ("koulu", "school", "kunta", False),
            ("hva", "wellbeing-county", "marjala", True),
            ("opiskeluhuolto", "unit", "hva", False),
        )
        wilma = access.application(session, made["kunta"])
        access.role(session, wilma, "opettaja", ["oppilaat:read", "arviointi:write"])
        access.role(session, wilma, "psykologi", ["nimi:read", "luokka:read"])
        access.code_list(session, "opettajat", "luokanopettaja", "tuntiopettaja")
        publish(session, "opettajat", TEACHERS, "kunta", SYSTEM)
        publish(session, "psykologit", PSYCHOLOGISTS, "hva", SYSTEM)
    return year


def ids(session: Session) -> Any:
    """Ids by key."""
    return load(session)


def hired(session: Session, organisation: str, occupation: str) -> Any:
    """Somebody who works from August until the summer."""
    held = facts.affiliation(
        session, facts.person(session), ids(session).organisations[organisation], until=SUMMER, occupation=occupation
    )
    derive(session, facts.change(session), persons=[held.person_id])
    return held


def test_a_teacher_holds_the_role_for_the_school_year_but_for_an_absence(year: Year) -> None:
    with year.on(day("2026-07-15")) as session:
        held = hired(session, "koulu", "luokanopettaja")
        facts.absence(session, held, AUTUMN, CHRISTMAS)
        derive(session, facts.change(session), persons=[held.person_id])
    looks = (day("2026-07-15"), AUGUST, AUTUMN, CHRISTMAS, SUMMER)
    there = {"opettaja@koulu"}
    assert [year.roles(held.person_id, at) for at in looks] == [set(), there, set(), there, set()]


def test_a_late_correction_changes_the_answer_and_both_answers_stay_readable(year: Year) -> None:
    with year.on(AUGUST) as session:
        held = hired(session, "koulu", "luokanopettaja")
    with year.on(CHRISTMAS) as session:
        facts.correct(session, session.merge(held), occupation="siivooja")
        derive(session, facts.change(session), persons=[held.person_id])
    with year.on(SUMMER) as session:
        assert explain(session, held.person_id, at=AUTUMN) == []
        (then,) = explain(session, held.person_id, at=AUTUMN, known_at=AUTUMN)
        assert (then.role, then.because[0].facts[0].position) == ("wilma:opettaja", "luokanopettaja")
        assert (
            str(why_not(session, held.person_id, "wilma:opettaja", AUTUMN)[0].failing)
            == "The position is not in the list opettajat."
        )


def test_a_list_that_grows_gives_rights_to_those_it_reaches(year: Year) -> None:
    with year.on(AUGUST) as session:
        held = hired(session, "koulu", "erityisopettaja")
    assert year.roles(held.person_id, AUTUMN) == set()
    with year.on(AUGUST) as session:
        access.code_list(session, "opettajat", "luokanopettaja", "erityisopettaja")
        derive(session, facts.change(session))
    assert year.roles(held.person_id, AUTUMN) == {"opettaja@koulu"}


def agreement(session: Session, until: datetime) -> access.Agreed:
    """Conclude the agreement on student welfare."""
    known = ids(session).organisations
    allows = {"psykologi": ["nimi:read", "luokka:read"]}
    term = (facts.SCHOOL_YEAR, until)
    return access.agreement(session, known["kunta"], known["hva"], known["kunta"], allows, term=term)


def test_a_countys_psychologist_works_in_the_town_as_long_as_the_agreement_lives(year: Year) -> None:
    with year.on(AUGUST) as session:
        held = hired(session, "opiskeluhuolto", "psykologi")
    assert year.roles(held.person_id, AUTUMN) == set()
    with year.on(AUGUST) as session:
        agreed = agreement(session, SUMMER)
        derive(session, facts.change(session))
    assert year.roles(held.person_id, AUTUMN) == {"psykologi@kunta"}
    with year.on(AUTUMN) as session:
        access.set_term(session, agreed.id, facts.SCHOOL_YEAR, AUTUMN)
    assert year.roles(held.person_id, AUTUMN) == set()
    assert year.roles(held.person_id, AUGUST) == {"psykologi@kunta"}


def test_a_role_that_grows_leaves_the_county_without_it_until_the_clause_allows_more(year: Year) -> None:
    with year.on(AUGUST) as session:
        agreed = agreement(session, SUMMER)
        held = hired(session, "opiskeluhuolto", "psykologi")
    with year.on(AUTUMN) as session:
        role_id = ids(session).roles["wilma:psykologi"][0]
        access.change_role(session, role_id, ["nimi:read", "luokka:read", "oppilaat:read"])
        derive(session, facts.change(session))
    assert year.roles(held.person_id, AUTUMN) == set()
    with year.on(AUTUMN) as session:
        access.alter(session, agreed, content=agreed.clause.content | {("psykologi", "oppilaat", "read")})
        derive(session, facts.change(session))
        assert prove(session, held.person_id) == []
    assert year.roles(held.person_id, AUTUMN) == {"psykologi@kunta"}


def test_ending_at_once_is_felt_at_once_and_undone_without_deriving(year: Year) -> None:
    with year.on(AUGUST) as session:
        held = hired(session, "koulu", "luokanopettaja")
    with year.on(AUTUMN) as session:
        end_now(session, held.person_id, "epäily", SYSTEM)
    assert year.roles(held.person_id, AUTUMN) == set()
    with year.on(CHRISTMAS) as session:
        undo_end_now(session, held.person_id, "aiheeton", SYSTEM)
    assert [year.roles(held.person_id, at) for at in (AUTUMN, CHRISTMAS)] == [set(), {"opettaja@koulu"}]


def test_a_preview_in_a_transaction_that_goes_on_leaves_no_trace(year: Year) -> None:
    with year.on(AUGUST) as session:
        held = hired(session, "koulu", "luokanopettaja")
    with year.on(AUTUMN) as session:
        pattern = TEACHERS | {"gives": {"role": "wilma:opettaja", "scope": {"organisation": "kunta"}}}
        assert len(preview(session, pattern, "kunta", "uusi").effects.persons(gains=True)) == 1
        facts.absence(session, held, AUTUMN, CHRISTMAS)
        derive(session, facts.change(session), persons=[held.person_id])
    assert [year.roles(held.person_id, at) for at in (AUGUST, AUTUMN)] == [{"opettaja@koulu"}, set()]


@pytest.mark.parametrize("fails", [derive, by_hand.grant], ids=["derivation", "grant"])
def test_what_fails_halfway_leaves_everything_as_it_was(year: Year, fails: Callable[..., Any]) -> None:
    with year.on(AUGUST) as session:
        held = hired(session, "koulu", "luokanopettaja")
    with pytest.raises(RuntimeError), year.on(AUTUMN) as session:
        if fails is derive:
            facts.close(session, session.merge(held))
            derive(session, facts.change(session), persons=[held.person_id])
        else:
            scope_id, role_id = ids(session).organisations["kunta"], ids(session).roles["wilma:psykologi"][0]
            by_hand.grant(session, held.person_id, held.fact_id, role_id, scope_id, "sijaistus", SUMMER, SYSTEM, WHOLE)
        raise RuntimeError("the power goes")
    assert year.roles(held.person_id, AUTUMN) == {"opettaja@koulu"}
