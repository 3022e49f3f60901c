"""Who begins or leaves soon is looked up, whatever the number of those who do not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.database.bulk import is_postgresql
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.pages.listing import coming
from tests.kit.factories import facts


@pytest.mark.parametrize(
    ("what", "index"),
    [("starts", "ix_affiliation_valid_from"), ("ends", "ix_affiliation_valid_to_valid_from")],
)
def test_who_begins_or_leaves_soon_is_found_by_index(session: Session, frozen: datetime, what: str, index: str) -> None:
    school, written = facts.organisation(session, "school"), facts.change(session)
    common = {"organisation_id": school, "kind": "student", "opened_by": written.id, "valid_from": facts.SCHOOL_YEAR}
    rows = [{"person_id": uuid7(), "record_id": uuid7(), "valid_to": clock.FOREVER} | common for _ in range(3000)]
    session.execute(insert(Affiliation), rows)
    person = facts.person(session)
    facts.affiliation(session, person, school, frozen - timedelta(days=9), frozen + timedelta(days=9))
    facts.affiliation(session, person, school, frozen + timedelta(days=9))
    session.connection().exec_driver_sql("ANALYZE")
    query = select(func.count()).where(Affiliation.closed_by.is_(None), *coming(Affiliation, what))
    assert session.scalar(query) == 1
    told = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN " if is_postgresql(session) else "EXPLAIN QUERY PLAN "
    plan = " ".join(str(row) for row in session.connection().exec_driver_sql(explain + told.replace("%", "%%")))
    assert f"{index} " in f"{plan} "
