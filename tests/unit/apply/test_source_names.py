"""A source has a name by language, or its key stands; the export gives back what was said."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.export import as_data, in_yaml
from iam.directory.source import Source

from .conftest import ACCESS, CONSORTIUM, Apply

PLAIN = CONSORTIUM + ACCESS
NAMED = PLAIN.replace("- {key: hr, ", "- {key: hr, name: {fi: Palkat, sv: Löner}, ")


def test_a_name_is_kept_in_every_language_and_taken_away_by_what_states_none(applied: Apply, session: Session) -> None:
    report = applied(NAMED)
    assert [list(one.fields) for one in report.differences if one.action == "change"] == [["name"]]
    found = session.scalars(select(Source).where(Source.key == "hr")).one()
    assert [found.called(language) for language in ("fi", "sv", "en")] == ["Palkat", "Löner", "Palkat"]
    assert as_data(session)["sources"][0]["name"] == {"fi": "Palkat", "sv": "Löner", "en": "Palkat"}
    assert applied(in_yaml(as_data(session))).applied is None
    applied(PLAIN)
    session.expire_all()
    assert "name" not in as_data(session)["sources"][0]
    assert found.called("sv") == "hr"


@pytest.mark.parametrize(("wrong", "field"), [("{sv: Löner}", "name.fi"), ("Palkat", "name"), ("{fi: ''}", "name.fi")])
def test_a_name_without_finnish_is_refused_at_its_place(applied: Apply, wrong: str, field: str) -> None:
    (problem,) = applied(PLAIN.replace("- {key: hr, ", f"- {{key: hr, name: {wrong}, ")).problems
    assert problem.field == f"sources[0].{field}"
