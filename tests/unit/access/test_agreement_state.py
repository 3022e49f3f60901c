"""An agreement that has ended says why: its last day passed, notice was given, or it was cancelled."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from iam.access.agreement_state import AgreementStanding, facts_of
from iam.access.model import agreements
from iam.access.model.agreements import Party, Term
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.unit.access.conftest import Town

SIGNED, NOTICE = date(2026, 6, 1), date(2026, 9, 1)
BEGINS, LEAVES, ENDS, LATER = (day(f"2026-{month:02}-01") for month in (8, 10, 11, 12))
HOW: dict[AgreementStanding, list[tuple[bool, bool, bool, bool]]] = {
    "expired": [(False, False, False, True), (False, False, True, True)],
    "terminated": [(True, False, False, True), (True, False, False, False), (True, True, True, True)],
}
"""By word: whether the county gave notice, the third party too, there is a clause with the third, the term is over."""


@pytest.mark.parametrize(
    ("word", "county", "third", "clause", "over"), [(word, *one) for word, some in HOW.items() for one in some]
)
def test_what_has_ended_says_whether_notice_ended_it(
    session: Session, town: Town, word: AgreementStanding, county: bool, third: bool, clause: bool, over: bool
) -> None:
    id_ = access.agreement(session, town.town, town.county, town.town, {}).id
    given = {True: {"notice_on": NOTICE, "valid_to": LEAVES}, False: {}}
    sides = [Party(town.town, "joint", SIGNED), Party(town.county, "joint", SIGNED, **given[county])]  # type: ignore[arg-type]
    access.set_parties(session, id_, [*sides, Party(town.root, "joint", SIGNED, **given[third])])  # type: ignore[arg-type]
    agreements.set_terms(session, facts.change(session), {id_: Term(BEGINS, ENDS)})
    between = [(town.town, town.county), *([(town.town, town.root)] if clause else [])]
    assert facts_of(session, [id_])[id_].state(between, LATER if over else LEAVES) == word


def test_one_whose_third_party_left_by_notice_before_its_last_day_expired(session: Session, town: Town) -> None:
    id_ = access.agreement(session, town.town, town.county, town.town, {}).id
    left = Party(town.root, "joint", SIGNED, valid_to=LEAVES, notice_on=NOTICE)
    access.set_parties(session, id_, [*(Party(one, "joint", SIGNED) for one in (town.town, town.county)), left])
    agreements.set_terms(session, facts.change(session), {id_: Term(BEGINS, ENDS)})
    known = facts_of(session, [id_])[id_]
    assert known.state([(town.town, town.county)], LEAVES) == "live"
    assert known.state([(town.town, town.county), (town.town, town.root)], LATER) == "expired"


def test_notice_that_ended_it_before_it_began_terminated_it(session: Session, town: Town) -> None:
    id_ = access.agreement(session, town.town, town.county, town.town, {}).id
    noticed = Party(town.county, "joint", SIGNED, valid_to=LEAVES, notice_on=NOTICE)
    access.set_parties(session, id_, [Party(town.town, "joint", SIGNED), noticed])
    agreements.set_terms(session, facts.change(session), {id_: Term(ENDS, ENDS)})
    assert facts_of(session, [id_])[id_].state([], BEGINS) == "terminated"


def test_one_whose_last_day_came_before_that_of_its_notice_expired(session: Session, town: Town) -> None:
    id_ = access.agreement(session, town.town, town.county, town.town, {}).id
    noticed = Party(town.county, "joint", SIGNED, valid_to=LATER, notice_on=NOTICE)
    access.set_parties(session, id_, [Party(town.town, "joint", SIGNED), noticed])
    agreements.set_terms(session, facts.change(session), {id_: Term(BEGINS, ENDS)})
    assert facts_of(session, [id_])[id_].state([(town.town, town.county)], ENDS) == "expired"
