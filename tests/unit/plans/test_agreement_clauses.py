"""What an agreement allows, made, widened, narrowed and ended by the right side and by the wrong one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from iam import clock
from iam.access.agreement_acts.catalogue import read
from iam.access.agreement_acts.clause import EndClause, SetClause, standing_clause
from iam.access.asker import asker_of
from iam.access.model.agreement import AgreementClause
from iam.access.model.agreements import Clause, Party, is_within
from iam.access.model.amendments import Amendment, amendments
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.plans import agreement_proposals
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day

from .conftest import END, Welfare

BY = Amendment(delegation="§ 4: johtaja voi tehdä teknisiä muutoksia")
WIDER = frozenset({("psykologi", "oppilaat", "read"), ("psykologi", "arviot", "write")})


def standing(welfare: Welfare, number: int = 1) -> Clause:
    """The clause as it stands."""
    return standing_clause(welfare.session, welfare.agreement, number)[1]


def altered(welfare: Welfare, number: int = 1, **said: object) -> SetClause:
    """The clause with other words, in the grantor's name."""
    return SetClause(welfare.city, replace(standing(welfare, number), **said), number, BY)  # type: ignore[arg-type]


def without_clauses(welfare: Welfare) -> Clause:
    """Leave the agreement without clauses; return the one that it had."""
    had = standing(welfare)
    access.set_clauses(welfare.session, welfare.agreed.id, [])
    access.derive_all(welfare.session)
    assert not welfare.enters()
    return had


def test_a_new_clause_waits_for_a_second_person_of_the_grantor_and_then_gives(welfare: Welfare) -> None:
    act = SetClause(welfare.city, without_clauses(welfare), by=BY)
    assert "It gives rights in another legal entity." in welfare.do(act, welfare.of_city)
    assert not welfare.enters()
    for wrong in (welfare.of_city, welfare.of_county):
        with pytest.raises(Denied):
            welfare.accept(wrong)
    assert welfare.accept(welfare.second_of_city)
    assert welfare.enters()


def test_a_clause_that_allows_more_waits_even_when_nobody_gains_by_it_today(welfare: Welfare) -> None:
    act = altered(welfare, content=WIDER)
    assert welfare.do(act, welfare.of_city) == ["It allows more in another legal entity."]
    assert standing(welfare).content != WIDER
    assert welfare.accept(welfare.second_of_city)
    assert standing(welfare, 2).content == WIDER
    assert welfare.enters()


def test_a_clause_between_two_who_have_not_signed_is_made_at_once_and_gives_nobody_anything(welfare: Welfare) -> None:
    welfare.unsign(welfare.county)
    had = without_clauses(welfare)
    act = SetClause(welfare.city, had, by=BY)
    assert agreement_proposals.preview(welfare.session, welfare.agreement, act).effects.rows == []
    assert welfare.do(act, welfare.of_city) == []
    assert not welfare.enters()
    assert "It gives rights in another legal entity." in welfare.do(welfare.sign(welfare.county), welfare.of_county)
    assert welfare.accept(welfare.second_of_city)
    assert welfare.enters()


def test_a_clause_that_begins_later_tells_from_when_somebody_gains(welfare: Welfare) -> None:
    act = SetClause(welfare.city, replace(without_clauses(welfare), valid_from=day("2026-11-01")), by=BY)
    (gain,) = agreement_proposals.preview(welfare.session, welfare.agreement, act).effects.rows
    assert (gain.gains, gain.person_id, gain.valid_from, gain.valid_to) == (
        True,
        welfare.psychologist,
        day("2026-11-01"),
        END,
    )


def test_a_narrowed_clause_takes_at_once_what_the_role_needs_and_the_grantee_may_narrow_it(welfare: Welfare) -> None:
    access.set_clauses(welfare.session, welfare.agreed.id, [replace(standing(welfare), content=WIDER)])
    access.derive_all(welfare.session)
    narrow = replace(standing(welfare, 2), content=frozenset({("psykologi", "arviot", "write")}))
    act = SetClause(welfare.county, narrow, 2, by=BY)
    (loss,) = agreement_proposals.preview(welfare.session, welfare.agreement, act).effects.rows
    assert (loss.gains, loss.person_id) == (False, welfare.psychologist)
    assert welfare.enters()
    assert welfare.do(act, welfare.of_county) == []
    assert not welfare.enters()


def test_either_side_ends_a_clause_for_itself_and_at_0000_of_the_next_day_the_right_is_gone(welfare: Welfare) -> None:
    act = EndClause(welfare.county, 1, date(2026, 10, 31), BY)
    (loss,) = agreement_proposals.preview(welfare.session, welfare.agreement, act).effects.rows
    assert (loss.gains, loss.valid_from, loss.valid_to) == (False, day("2026-11-01"), END)
    assert welfare.do(act, welfare.of_county) == []
    assert welfare.enters(clock.day_start(date(2026, 10, 31)))
    assert not welfare.enters(day("2026-11-01"))


def test_nobody_who_comes_under_a_clause_states_it_nor_accepts_it(welfare: Welfare) -> None:
    act = SetClause(welfare.city, without_clauses(welfare), by=BY)
    for permission in ("agreements.write", "agreements.sign"):
        access.admin_grant(welfare.session, welfare.psychologist, permission, welfare.city)
    with pytest.raises(Denied, match="come under this agreement"):
        welfare.do(act, welfare.psychologist)
    welfare.do(act, welfare.of_city)
    with pytest.raises(Denied, match="come under this agreement"):
        welfare.accept(welfare.psychologist)
    assert not welfare.enters()


def test_not_even_a_clause_that_gives_nothing_before_the_signatures_is_stated_by_who_comes_under_it(
    welfare: Welfare,
) -> None:
    welfare.unsign(welfare.county)
    act = SetClause(welfare.city, without_clauses(welfare), by=BY)
    access.admin_grant(welfare.session, welfare.psychologist, "agreements.write", welfare.city)
    with pytest.raises(Denied, match="come under this agreement"):
        welfare.do(act, welfare.psychologist)


REFUSED: list[tuple[str, type[AvainError], Callable[[Welfare], tuple[SetClause | EndClause, UUID]]]] = [
    ("a new clause by the grantee", Denied, lambda w: (SetClause(w.county, standing(w, 2), by=BY), w.of_county)),
    ("a wider one by the grantee", Denied, lambda w: (altered(w, 2, content=WIDER), w.of_county)),
    ("a later end by the grantee", Denied, lambda w: (altered(w, 2, valid_to=day("2027-12-31")), w.of_county)),
    ("a clause of another's scope", Invalid, lambda w: (altered(w, 2, scope_id=w.county), w.of_city)),
    ("a clause for itself", Invalid, lambda w: (altered(w, 2, grantee_id=w.city), w.of_city)),
    ("a clause for who is no party", NotFound, lambda w: (altered(w, 2, grantee_id=w.third), w.of_city)),
    ("a clause that allows nothing", Invalid, lambda w: (altered(w, 2, content=frozenset()), w.of_city)),
    ("a last day before the first", Invalid, lambda w: (altered(w, 2, valid_from=day("2028-01-01")), w.of_city)),
    ("a last day that is over", Invalid, lambda w: (altered(w, 2, valid_to=day("2026-09-01")), w.of_city)),
    ("the same once more", Conflict, lambda w: (altered(w, 2), w.of_city)),
    ("one that is closed", NotFound, lambda w: (EndClause(w.city, 7, date(2026, 10, 31), BY), w.of_city)),
    ("an end in the past", Invalid, lambda w: (EndClause(w.city, 2, date(2026, 9, 1), BY), w.of_city)),
    ("an end that is there already", Invalid, lambda w: (EndClause(w.city, 2, date(2099, 1, 1), BY), w.of_city)),
]


@pytest.mark.parametrize(("error", "tried"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_is_refused_and_nobody_gains_or_loses(
    welfare: Welfare,
    error: type[AvainError],
    tried: Callable[[Welfare], tuple[SetClause | EndClause, UUID]],
) -> None:
    had = replace(standing(welfare), valid_to=END)
    access.set_clauses(welfare.session, welfare.agreed.id, [had])
    access.derive_all(welfare.session)
    act, who = tried(welfare)
    with pytest.raises(error):
        welfare.do(act, who)
    assert welfare.enters()
    assert standing(welfare, 2) == had


def test_neither_side_is_somebody_of_a_third_party(welfare: Welfare) -> None:
    person_id = facts.person(welfare.session)
    access.admin_grant(welfare.session, person_id, "agreements.write", welfare.third)
    with pytest.raises(Denied):
        welfare.do(EndClause(welfare.third, 1, date(2026, 10, 31), BY), person_id)
    assert welfare.enters(day("2026-11-01"))


def test_a_third_party_puts_no_clause_of_its_own_in_the_place_of_anothers(welfare: Welfare) -> None:
    session, person_id = welfare.session, facts.person(welfare.session)
    access.admin_grant(session, person_id, "agreements.write", welfare.third)
    entities = (welfare.city, welfare.county, welfare.third)
    access.set_parties(session, welfare.agreed.id, [Party(one, "controller", date(2026, 6, 1)) for one in entities])
    own = {"grantor_id": welfare.third, "scope_id": welfare.third}
    with pytest.raises(Denied, match="Only an administrator of that party"):
        welfare.do(SetClause(welfare.third, replace(standing(welfare), **own), 1, by=BY), person_id)
    assert welfare.enters()


DECIDED = Amendment({"body": "lautakunta", "date": "2026-09-01", "section": 3, "case_number": "KAUP-2026-200"})


def test_what_is_made_altered_or_ended_after_both_signed_says_by_what(welfare: Welfare) -> None:
    asks = (
        SetClause(welfare.city, replace(standing(welfare), content=frozenset({("kuraattori", "nimi", "read")}))),
        replace(altered(welfare, valid_to=day("2027-01-01")), by=None),
        EndClause(welfare.city, 1, date(2026, 10, 31)),
    )
    for act in asks:
        with pytest.raises(Invalid, match="amends the agreement"):
            welfare.do(act, welfare.of_city)
    welfare.unsign(welfare.county)
    for act in asks:
        act.check(welfare.session, welfare.agreement, asker_of(welfare.session, welfare.of_city))


def test_an_amendment_is_numbered_and_the_clause_that_it_opened_names_it(welfare: Welfare) -> None:
    assert welfare.do(replace(altered(welfare, valid_to=day("2027-06-01")), by=DECIDED), welfare.of_city) == []
    assert welfare.do(EndClause(welfare.county, 2, date(2027, 3, 31), BY), welfare.of_county) == []
    first, second = amendments(welfare.session, [welfare.agreed.id])[welfare.agreed.id]
    assert (first.n, first.decision, first.delegation) == (1, DECIDED.decision, None)
    assert (second.n, second.decision, second.delegation) == (2, None, BY.delegation)
    c = AgreementClause
    opened = welfare.session.execute(select(c.n, c.amendment_id).order_by(c.n)).all()
    assert [tuple(one) for one in opened] == [(1, None), (2, first.id), (3, second.id)]


def test_an_amendment_that_waits_is_written_with_its_clause_when_it_is_accepted_and_not_before(
    welfare: Welfare,
) -> None:
    welfare.do(replace(altered(welfare, content=WIDER), by=DECIDED), welfare.of_city)
    assert amendments(welfare.session) == {}
    assert welfare.accept(welfare.second_of_city)
    (one,) = amendments(welfare.session)[welfare.agreed.id]
    assert standing(welfare, 2).amendment == one.id


def test_a_clause_is_neither_another_nor_wider_for_the_amendment_by_which_it_came_about(welfare: Welfare) -> None:
    had = standing(welfare)
    named = replace(had, amendment=uuid4())
    assert (named == had, is_within(named, had), is_within(had, named)) == (True, True, True)
    access.set_clauses(welfare.session, welfare.agreed.id, [named])
    assert standing(welfare) == had
    with pytest.raises(Conflict):
        welfare.do(SetClause(welfare.city, named, 1, BY), welfare.of_city)


def test_what_waits_is_read_as_it_was_kept(welfare: Welfare) -> None:
    for act in (
        replace(altered(welfare, content=WIDER), by=DECIDED),
        EndClause(welfare.city, 1, date(2026, 10, 31), BY),
    ):
        assert read(act.stated()) == act
