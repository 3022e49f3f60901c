"""An agreement that is made after another one gives nobody anything before both sides have signed it, and then waits
for a second person of who allows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from iam.access import asker
from iam.access.agreement_acts.make import NewAgreement, make
from iam.access.agreement_acts.sign import Sign
from iam.change import Actor
from iam.errors import Denied, Invalid
from iam.plans import agreement_proposals
from tests.kit.factories import access
from tests.kit.factories.facts import day

from .conftest import END, Welfare


def copied(welfare: Welfare, **said: Any) -> NewAgreement:
    """What is said of an agreement after the one that is in force."""
    parties = ((welfare.city, "controller"), (welfare.county, "controller"))
    times = {"valid_from": day("2026-08-01"), "valid_to": END}
    basis: dict[str, Any] = {"decision": {"body": "x"}, "purpose": "test", "legal_basis": {"act": "1"}}
    clauses = (welfare.agreed.clause,)
    return NewAgreement("uusi", "U-1", **basis | times | {"parties": parties, "clauses": clauses} | said)


def made(welfare: Welfare, said: NewAgreement, who: UUID) -> UUID:
    """Somebody makes it."""
    return make(welfare.session, said, asker.asker_of(welfare.session, who), Actor(who))


def test_a_copy_gives_nobody_anything_before_both_have_signed(welfare: Welfare) -> None:
    id_ = made(welfare, copied(welfare), welfare.of_city)
    access.set_term(welfare.session, welfare.agreed.id, day("2026-08-01"), day("2026-09-01"))
    assert not welfare.enters()
    copy = replace(welfare, agreed=replace(welfare.agreed, id=id_))
    signed = date(2026, 9, 10)
    assert copy.do(Sign(welfare.county, signed), welfare.of_county) == []
    assert copy.do(Sign(welfare.city, signed), welfare.of_city) == ["It gives rights in another legal entity."]
    assert not welfare.enters()
    waiting = agreement_proposals.of_agreement(welfare.session, "uusi")
    assert waiting is not None
    second = welfare.second_of_city
    found = asker.asker_of(welfare.session, second)
    assert agreement_proposals.accept(welfare.session, waiting, lambda _: True, found, Actor(second))
    assert welfare.enters()


def test_only_who_allows_it_copies_what_is_allowed_and_nobody_who_would_come_under_it(welfare: Welfare) -> None:
    with pytest.raises(Denied):
        made(welfare, copied(welfare), welfare.of_county)
    access.admin_grant(welfare.session, welfare.psychologist, "agreements.write", welfare.city)
    with pytest.raises(Denied, match="come under this agreement"):
        made(welfare, copied(welfare), welfare.psychologist)
    assert made(welfare, copied(welfare, clauses=()), welfare.of_county)


def test_a_scope_of_somebody_else_is_not_copied_along(welfare: Welfare) -> None:
    access.admin_grant(welfare.session, welfare.of_city, "agreements.write", welfare.third)
    other = replace(welfare.agreed.clause, grantor_id=welfare.third)
    parties = ((welfare.third, "controller"), (welfare.county, "controller"))
    with pytest.raises(Invalid, match="another party's organisations"):
        made(welfare, copied(welfare, clauses=(other,), parties=parties), welfare.of_city)
