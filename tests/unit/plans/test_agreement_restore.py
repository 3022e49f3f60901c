"""The clauses of an agreement are restored as they were before a change: by the right side, and waiting where they open
data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from iam.access import asker
from iam.access.agreement_acts.catalogue import read
from iam.access.agreement_acts.clause import EndClause
from iam.access.agreement_acts.restore import RestoreClauses, restoring
from iam.access.agreement_acts.suspension import Suspend
from iam.access.model import agreements
from iam.access.model.agreement import AgreementClause
from iam.access.model.agreements import Clause
from iam.access.model.amendments import Amendment
from iam.audit.log import AuditEvent
from iam.errors import Conflict, Denied, Invalid, NotFound
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day

from .conftest import Welfare

BY = Amendment(delegation="§ 4: johtaja voi tehdä teknisiä muutoksia")
WIDER = frozenset({("psykologi", "oppilaat", "read"), ("psykologi", "arviot", "write")})


def standing(welfare: Welfare) -> list[Clause]:
    return list(agreements.clauses(welfare.session, of=[welfare.agreed.id])[welfare.agreed.id].values())


def last_change(welfare: Welfare) -> UUID:
    """The last change that wrote of a clause."""
    query = select(AgreementClause.opened_by, AgreementClause.closed_by)
    found: list[UUID] = [one for row in welfare.session.execute(query) for one in row if one is not None]
    return max(found)


def closed(welfare: Welfare) -> UUID:
    """Close the only clause; return by which change."""
    access.set_clauses(welfare.session, welfare.agreed.id, [])
    access.derive_all(welfare.session)
    assert not welfare.enters()
    return last_change(welfare)


def act(welfare: Welfare, change_id: UUID, who: UUID) -> RestoreClauses:
    found = restoring(welfare.session, welfare.agreement, change_id, asker.asker_of(welfare.session, who))
    return replace(found, by=BY)


def restore(welfare: Welfare, change_id: UUID, who: UUID) -> list[str]:
    return welfare.do(act(welfare, change_id, who), who)


def test_what_was_closed_by_mistake_comes_back_when_a_second_person_accepts_it(welfare: Welfare) -> None:
    had, change_id = standing(welfare), closed(welfare)
    assert "It gives rights in another legal entity." in restore(welfare, change_id, welfare.of_city)
    assert not welfare.enters()
    for wrong in (welfare.of_city, welfare.of_county):
        with pytest.raises(Denied):
            welfare.accept(wrong)
    assert welfare.accept(welfare.second_of_city)
    assert welfare.enters()
    assert standing(welfare) == had
    query = select(AuditEvent).where(AuditEvent.type == "agreement:clause:restored")
    assert [one.envelope["before"] for one in welfare.session.scalars(query)] == [str(change_id)]


def test_what_was_widened_is_narrowed_again_at_once_by_either_side(welfare: Welfare) -> None:
    had = standing(welfare)
    access.set_clauses(welfare.session, welfare.agreed.id, [replace(had[0], content=WIDER)])
    access.derive_all(welfare.session)
    assert restore(welfare, last_change(welfare), welfare.of_county) == []
    assert standing(welfare) == had
    assert welfare.enters()


def test_the_grantee_brings_nothing_back_that_allows_more(welfare: Welfare) -> None:
    change_id = closed(welfare)
    with pytest.raises(Denied):
        restore(welfare, change_id, welfare.of_county)
    assert not welfare.enters()


def test_what_is_restored_in_a_signed_agreement_says_by_what_it_is_amended(welfare: Welfare) -> None:
    found = act(welfare, closed(welfare), welfare.of_city)
    with pytest.raises(Invalid, match="amends the agreement"):
        welfare.do(replace(found, by=None), welfare.of_city)
    assert welfare.do(found, welfare.of_city)
    assert welfare.accept(welfare.second_of_city)
    assert standing(welfare)[0].amendment is not None


def test_a_third_party_restores_nothing(welfare: Welfare) -> None:
    access.set_clauses(welfare.session, welfare.agreed.id, [replace(standing(welfare)[0], content=WIDER)])
    person_id = facts.person(welfare.session)
    access.admin_grant(welfare.session, person_id, "agreements.write", welfare.third)
    with pytest.raises(Denied):
        restore(welfare, last_change(welfare), person_id)
    assert standing(welfare)[0].content == WIDER


def test_nobody_who_comes_under_it_restores_it_nor_accepts_it(welfare: Welfare) -> None:
    change_id = closed(welfare)
    for permission in ("agreements.write", "agreements.sign"):
        access.admin_grant(welfare.session, welfare.psychologist, permission, welfare.city)
    with pytest.raises(Denied, match="come under this agreement"):
        restore(welfare, change_id, welfare.psychologist)
    restore(welfare, change_id, welfare.of_city)
    with pytest.raises(Denied, match="come under this agreement"):
        welfare.accept(welfare.psychologist)
    assert not welfare.enters()


def test_before_the_signatures_it_is_done_at_once_and_gives_nobody_anything(welfare: Welfare) -> None:
    welfare.unsign(welfare.county)
    change_id = closed(welfare)
    assert restore(welfare, change_id, welfare.of_city) == []
    assert not welfare.enters()


def test_not_even_before_the_signatures_does_who_comes_under_it_restore_it(welfare: Welfare) -> None:
    welfare.unsign(welfare.county)
    change_id = closed(welfare)
    access.admin_grant(welfare.session, welfare.psychologist, "agreements.write", welfare.city)
    with pytest.raises(Denied, match="come under this agreement"):
        restore(welfare, change_id, welfare.psychologist)


def test_a_clause_that_is_over_does_not_come_back_but_the_others_do(welfare: Welfare) -> None:
    first = standing(welfare)[0]
    over = replace(first, content=WIDER, valid_to=day("2026-09-01"))
    access.set_clauses(welfare.session, welfare.agreed.id, [first, over])
    assert act(welfare, closed(welfare), welfare.of_city).says == (first,)


def test_signatures_and_suspensions_stay_as_they_are(welfare: Welfare) -> None:
    change_id = closed(welfare)
    welfare.do(Suspend(welfare.city, "syy"), welfare.of_city)
    restore(welfare, change_id, welfare.of_city)
    welfare.accept(welfare.second_of_city)
    assert standing(welfare)
    assert not welfare.enters()


def test_nothing_is_restored_where_nothing_was_or_nothing_differs(welfare: Welfare) -> None:
    first = welfare.session.scalars(select(AgreementClause.opened_by)).one()
    with pytest.raises(Conflict, match="allowed nothing"):
        act(welfare, first, welfare.of_city)
    with pytest.raises(NotFound, match="altered no clause"):
        act(welfare, facts.change(welfare.session).id, welfare.of_city)
    welfare.do(EndClause(welfare.city, 1, date(2026, 10, 31), BY), welfare.of_city)
    change_id = last_change(welfare)
    welfare.do(act(welfare, change_id, welfare.of_city), welfare.of_city)
    welfare.accept(welfare.second_of_city)
    with pytest.raises(Conflict, match="like this already"):
        restore(welfare, change_id, welfare.of_city)


def test_what_does_not_belong_to_who_allowed_it_any_more_is_refused(welfare: Welfare) -> None:
    odd = replace(standing(welfare)[0], scope_id=welfare.county)
    access.set_clauses(welfare.session, welfare.agreed.id, [odd])
    change_id = closed(welfare)
    with pytest.raises(Invalid, match="does not belong"):
        restore(welfare, change_id, welfare.of_city)


def test_what_waits_is_kept_as_it_was_stated(welfare: Welfare) -> None:
    kept = act(welfare, closed(welfare), welfare.of_city)
    assert read(kept.stated()) == kept
