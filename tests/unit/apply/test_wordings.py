"""Deciding bodies and purposes are one text, or the same by language; what was declared is written out as it was."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.agreement import Agreement, AgreementTemplate
from iam.apply.export import as_data, in_yaml
from iam.apply.schema.item import Worded
from iam.texts import worded

from .conftest import ACCESS, CONSORTIUM, Apply

BODY = {"fi": "sivistyslautakunta", "sv": "bildningsnämnden", "en": "education committee"}
PURPOSE = {"fi": "opiskeluhuolto", "sv": "elevhälsa", "en": "opiskeluhuolto"}
SAID = (CONSORTIUM + ACCESS).replace("body: sivistyslautakunta", f"body: {BODY}")
SAID = SAID.replace("purpose: opiskeluhuolto", "purpose: {fi: opiskeluhuolto, sv: elevhälsa}")
AMENDED = "    amendments: [{n: 1, decided: {office_holder: {fi: johtaja, sv: direktör}, date: 2026-07-01}}]\n    parties: [{entity: mansikkala, s"
TEMPLATE = """
agreement_templates:
  - key: pohja
    owner: mansikkala
    name: {fi: Pohja}
    places: [{key: a, name: {fi: A}}, {key: b, name: {fi: B}}]
    purpose: {fi: opiskeluhuolto, sv: elevhälsa}
    legal_basis: {act: 1287/2013}
"""


def row_of(session: Session) -> Agreement:
    session.expire_all()
    return session.scalars(select(Agreement).where(Agreement.key == "opiskeluhuolto")).one()


def test_a_purpose_and_a_body_by_language_are_kept_beside_the_finnish_one(applied: Apply, session: Session) -> None:
    report = applied(SAID)
    assert not report.problems
    found = row_of(session)
    assert (found.purpose, found.purpose_names) == ("opiskeluhuolto", PURPOSE)
    assert found.decision["body"] == BODY


def test_the_export_gives_texts_as_texts_and_names_as_names(applied: Apply, session: Session) -> None:
    for text, purpose, body in ((CONSORTIUM + ACCESS, PURPOSE["fi"], BODY["fi"]), (SAID, PURPOSE, BODY)):
        applied(text.replace("    parties: [{entity: mansikkala, s", AMENDED) + TEMPLATE)
        data = as_data(session)
        (told,) = data["agreements"]
        assert (told["purpose"], told["decided"]["body"]) == (purpose, body)
        assert told["amendments"][0]["decided"]["office_holder"] == {"fi": "johtaja", "sv": "direktör", "en": "johtaja"}
        assert data["agreement_templates"][0]["purpose"] == PURPOSE
        assert applied(in_yaml(data)).applied is None


def test_names_taken_back_leave_the_text_alone(applied: Apply, session: Session) -> None:
    applied(SAID)
    report = applied(CONSORTIUM + ACCESS)
    (fields,) = [one.fields for one in report.differences if one.action == "change"]
    assert set(fields) == {"purpose", "decided"}
    assert row_of(session).purpose_names is None


def test_a_template_keeps_a_plain_text_as_it_was(applied: Apply, session: Session) -> None:
    applied(TEMPLATE.replace("{fi: opiskeluhuolto, sv: elevhälsa}", "opiskeluhuolto"))
    assert session.scalars(select(AgreementTemplate)).one().body["purpose"] == "opiskeluhuolto"


@pytest.mark.parametrize(
    ("wrong", "field"), [("{sv: elevhälsa}", "purpose.fi"), ("5", "purpose"), ("''", "purpose.fi"), ("[a]", "purpose")]
)
def test_a_wording_without_finnish_or_of_no_words_is_refused_at_its_place(
    applied: Apply, wrong: str, field: str
) -> None:
    (problem,) = applied((CONSORTIUM + ACCESS).replace("purpose: opiskeluhuolto", f"purpose: {wrong}")).problems
    assert problem.field == f"agreements[0].{field}"


def test_what_is_alike_in_every_language_is_one_text() -> None:
    assert Worded.model_validate("a").said() == "a"
    assert Worded.model_validate({"fi": "a", "sv": "a"}).said() == "a"
    assert Worded.model_validate({"fi": "a", "en": "b"}).said() == {"fi": "a", "sv": "a", "en": "b"}
    assert [worded("a", "sv"), worded({"fi": "a", "sv": "b"}, "sv"), worded(None, "sv")] == ["a", "b", ""]
