"""A list of occupations has a name by language, or its key stands; what does not say a name leaves it as it is."""

from __future__ import annotations

from sqlalchemy.orm import Session

from iam.apply.export import as_data, in_yaml

from .conftest import CONSORTIUM, Apply

NAMED = CONSORTIUM.replace("- {key: opettajat, ", "- {key: opettajat, name: {fi: Opettajat, sv: Lärare}, ")


def name_of(session: Session) -> object:
    (row,) = as_data(session)["code_lists"]
    return row.get("name")


def test_a_name_is_written_out_and_stays_until_it_is_taken_away(applied: Apply, session: Session) -> None:
    report = applied(NAMED)
    assert [list(one.fields) for one in report.differences if one.action == "change"] == [["name"]]
    name = {"fi": "Opettajat", "sv": "Lärare", "en": "Opettajat"}
    assert name_of(session) == name
    assert applied(in_yaml(as_data(session))).applied is None
    applied(CONSORTIUM.replace("tuntiopettaja]", "tuntiopettaja, rehtori]"))
    assert name_of(session) == name, "a file that says nothing of it"
    applied(CONSORTIUM.replace("- {key: opettajat, ", "- {key: opettajat, name: null, "))
    assert name_of(session) is None
