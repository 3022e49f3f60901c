"""An agreement that is altered: whose rights follow, and that nobody else's are looked at."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.access.derivation.derive import Counts, derive
from iam.access.model.assignment import Assignment
from iam.change import SYSTEM, begin
from tests.kit.held import Statements

from .conftest import EVERYTHING, Apply

ALTERED = {
    "wider": ("allows: {psykologi: [nimi:read]}", "allows: {psykologi: [nimi:read, luokka:read]}"),
    "nobody's": ("allows: {psykologi: [nimi:read]}", "allows: {kuraattori: [nimi:read]}"),
    "narrower": ("allows: {psykologi: [nimi:read]}", "allows: {psykologi: [luokka:read]}"),
}


@pytest.mark.parametrize("clause", sorted(ALTERED))
def test_a_clause_that_is_altered_leaves_nobodys_rights_to_be_mended_later(
    applied: Apply, session: Session, clause: str
) -> None:
    report = applied(EVERYTHING.replace(*ALTERED[clause]))
    assert report.applied is not None
    assert report.applied.rights.closed == 1
    change = begin(session, "command", SYSTEM, "test")
    assert derive(session, change) == Counts(0, 0)


def test_an_agreement_that_ends_earlier_makes_nobodys_rights_anew(applied: Apply, session: Session) -> None:
    before = session.scalar(select(func.count()).select_from(Assignment))
    with Statements(session) as statements:
        report = applied(EVERYTHING.replace("to: 2027-07-31}\n    purpose", "to: 2027-06-30}\n    purpose"))
    assert report.counts["change"] == 1
    assert not [text for text in statements.texts if text.startswith("INSERT INTO match_")]
    assert session.scalar(select(func.count()).select_from(Assignment)) == before
