"""Organisations opened to sources of other owners, sources out of use, and what an organisation that moves keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply import export
from iam.apply.standing import load
from iam.audit.log import AuditEvent
from iam.directory.organisation import Organisation
from iam.directory.source import Source, SourceOpening
from tests.kit.factories import facts

from .conftest import Apply

TOWNS = """
organisations:
  - {key: konsortio, kind: consortium, name: {fi: Konsortio}, legal_entity: true}
  - {key: mansikkala, kind: municipality, parent: konsortio, name: {fi: Mansikkala}, legal_entity: true}
  - {key: puolukka, kind: municipality, parent: konsortio, name: {fi: Puolukka}, legal_entity: true}
  - {key: perusopetus, kind: unit, parent: mansikkala, name: {fi: Perusopetus}}
  - {key: KOIVU, kind: school, parent: perusopetus, name: {fi: Koivu}}
sources:
  - {key: primus, connector: hr, owner: mansikkala, purpose: perusopetus, settings: {path: /srv/hr.csv}}
"""
MOVED = """
organisations:
  - {key: perusopetus, kind: unit, parent: mansikkala, name: {fi: Perusopetus}, to: 2027-07-31%s}
  - {key: perusopetus, parent: puolukka, from: 2027-08-01}
"""


def opened(session: Session) -> list[tuple[str, str, datetime, datetime]]:
    o = SourceOpening
    query = (
        select(Organisation.key, Source.key, o.valid_from, o.valid_to)
        .join(Organisation, Organisation.id == o.organisation_id)
        .join(Source, Source.id == o.source_id)
        .where(o.closed_by.is_(None))
        .order_by(o.valid_from)
    )
    return [(one, source, start, end) for one, source, start, end in session.execute(query)]


def events(session: Session) -> list[str]:
    return list(
        session.scalars(select(AuditEvent.type).where(AuditEvent.type.like("source:place:%")).order_by(AuditEvent.id))
    )


@pytest.fixture
def towns(apply: Apply, session: Session) -> Apply:
    assert list(apply(TOWNS).problems) == []
    ids, source = load(session).ids["organisation"], session.scalars(select(Source)).one()
    facts.affiliation(session, facts.person(session), ids["KOIVU"], kind="student", source_id=source.id)
    return apply


def statement(first: str, last: str) -> str:
    return str({"opened_sources": [{"organisation": "puolukka", "source": "primus", "from": first, "to": last}]})


def after(last: str) -> datetime:
    """The instant at which a last day is over."""
    return facts.day(last) + timedelta(days=1)


def test_a_town_opens_itself_to_another_s_source_for_a_time_and_ends_that(towns: Apply, session: Session) -> None:
    assert towns(statement("2026-08-01", "2027-06-30")).counts["create"] == 1
    assert opened(session) == [("puolukka", "primus", facts.day("2026-08-01"), after("2027-06-30"))]
    written = export.as_data(session)
    assert towns(export.in_yaml({"opened_sources": written["opened_sources"]})).applied is None
    towns(statement("2026-08-01", "2027-01-30"))
    assert [end for *_, end in opened(session)] == [after("2027-01-30")]
    assert events(session) == ["source:place:opened", "source:place:closed", "source:place:opened"]


def test_nothing_is_opened_to_a_source_nobody_knows(towns: Apply) -> None:
    (problem,) = towns(str({"opened_sources": [{"organisation": "puolukka", "source": "nobody"}]})).problems
    assert problem.field == "opened_sources[0].source"


def test_a_school_office_that_moves_stays_open_for_180_days_to_the_source_that_has_its_pupils(
    towns: Apply, session: Session
) -> None:
    shown = towns(MOVED % "", dry_run=True)
    assert ("opened source", "perusopetus to primus") in {(one.kind, one.key) for one in shown.differences}
    assert opened(session) == []
    report = towns(MOVED % "")
    assert "primus states facts in perusopetus" in report.told[0]
    moves = facts.day("2027-08-01")
    assert opened(session) == [("perusopetus", "primus", moves, moves + timedelta(days=180))]
    assert towns(MOVED % "").applied is None, "the same again opens nothing more"


def test_told_otherwise_it_is_not_opened_and_the_report_says_what_ends(towns: Apply, session: Session) -> None:
    report = towns(MOVED % ", keep_sources: false")
    assert opened(session) == []
    assert "What it says of people there ends then" in report.told[0]


def test_stated_days_hold_instead_of_the_180(towns: Apply, session: Session) -> None:
    rows = [{"organisation": "perusopetus", "source": "primus", "from": "2027-08-01", "to": "2027-08-31"}]
    assert towns(f"{MOVED % ''}opened_sources: {rows}").told == []
    assert [end for *_, end in opened(session)] == [after("2027-08-31")]


def test_a_move_within_the_owner_s_reach_opens_nothing(towns: Apply, session: Session) -> None:
    report = towns("organisations:\n  - {key: KOIVU, kind: school, parent: mansikkala, name: {fi: Koivu}}\n")
    assert (report.counts["change"], report.told, opened(session)) == (1, [], [])


def test_a_source_is_taken_out_of_use_and_back(towns: Apply, session: Session) -> None:
    said = TOWNS.partition("sources:")[2].replace("purpose:", "disabled: true, purpose:")
    towns(f"sources:{said}")
    assert session.scalars(select(Source.disabled)).one()
    assert export.as_data(session)["sources"][0]["disabled"] is True
    towns(TOWNS)
    assert not session.scalars(select(Source.disabled)).one()
    assert "disabled" not in export.as_data(session)["sources"][0]
    assert session.scalars(select(Source.walled)).one(), "a new source has walls from its first reading on"
