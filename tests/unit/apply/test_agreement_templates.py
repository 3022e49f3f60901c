"""Templates of agreements are declared, changed and written out; what makes no sense in one is told with its place."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.agreement import AgreementTemplate
from iam.access.model.agreement_templates import TemplateBody
from iam.apply.export import as_data, in_yaml

from .conftest import CONSORTIUM, Apply

TEMPLATE = """
agreement_templates:
  - key: opiskeluhuolto
    owner: konsortio
    name: {fi: Opiskeluhuolto, sv: Elevhälsa, en: Student welfare}
    places:
      - {key: kunta, name: {fi: Kunta, sv: Kommun, en: Municipality}}
      - {key: hva, name: {fi: Hyvinvointialue}, role: joint}
    purpose: opiskeluhuolto
    legal_basis: {act: 1287/2013, gdpr: 6.1.c}
    competence: hallintosääntö 34 §
    notice: {months: 6}
    supervision: otanta kuukausittain
    all_sign: true
    clauses:
      - {grantor: kunta, grantee: hva, relationship: potilas, allows: {psykologi: [nimi:read, arviointi:write]}}
      - {grantor: hva, grantee: kunta, with_descendants: false, allows: {luokanopettaja: [nimi:read]}}
"""


def stored(session: Session) -> AgreementTemplate:
    return session.scalars(select(AgreementTemplate)).one()


def test_a_template_is_kept_with_its_places_and_its_clauses(applied: Apply, session: Session) -> None:
    report = applied(TEMPLATE)
    assert (list(report.problems), report.told, report.held) == ([], [], None)
    row = stored(session)
    body = TemplateBody.read(row.body)
    assert [row.name(language) for language in ("fi", "sv", "en")] == ["Opiskeluhuolto", "Elevhälsa", "Student welfare"]
    assert [(one.key, one.name("sv"), one.role) for one in body.places] == [
        ("kunta", "Kommun", "controller"),
        ("hva", "Hyvinvointialue", "joint"),
    ]
    assert (body.notice_months, body.notice_days, body.all_sign, body.competence) == (
        6,
        None,
        True,
        "hallintosääntö 34 §",
    )
    first, second = body.clauses
    assert first.allows == {"psykologi": ["arviointi:write", "nimi:read"]}
    assert (first.relationship_kind, first.with_descendants) == ("potilas", True)
    assert (second.grantor, second.grantee, second.with_descendants) == ("hva", "kunta", False)


def test_applying_a_template_again_or_its_export_changes_nothing(applied: Apply, session: Session) -> None:
    applied(TEMPLATE)
    for text in (TEMPLATE, in_yaml(as_data(session))):
        report = applied(text)
        assert (list(report.problems), report.counts["create"], report.counts["change"]) == ([], 0, 0)


def test_a_template_is_changed_and_nothing_else_of_it(applied: Apply, session: Session) -> None:
    applied(TEMPLATE)
    report = applied(TEMPLATE.replace("{months: 6}", "{days: 30}").replace("sv: Elevhälsa", "sv: Elevvård"))
    assert report.counts["change"] == 1
    session.expire_all()
    body = TemplateBody.read(stored(session).body)
    assert (stored(session).name_sv, body.notice_months, body.notice_days, len(body.clauses)) == (
        "Elevvård",
        None,
        30,
        2,
    )


@pytest.mark.parametrize(
    ("before", "after", "field", "words"),
    [
        ("owner: konsortio", "owner: muualla", "owner", "There is no organisation"),
        ("key: hva,", "key: kunta,", "places[1].key", "This place is named twice."),
        ("grantee: hva", "grantee: muu", "clauses[0].grantee", "This is no place of the template."),
        ("grantee: hva", "grantee: kunta", "clauses[0].grantee", "This clause gives a place what it has."),
        ("[nimi:read]", "[nimi]", "clauses[1].allows.luokanopettaja[0]", ""),
        ("{months: 6}", "{months: 6, days: 3}", "notice", "A time of notice is so many months, or so many days."),
        ("{luokanopettaja: [nimi:read]}", "{}", "clauses[1].allows", ""),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(
    applied: Apply, session: Session, before: str, after: str, field: str, words: str
) -> None:
    report = applied(TEMPLATE.replace(before, after))
    told = {str(one.field).removeprefix("agreement_templates[0]."): one.message for one in report.problems}
    assert words in told[field]
    assert session.scalars(select(AgreementTemplate)).all() == []


def test_an_occupation_and_a_use_that_nothing_else_names_are_doubted(applied: Apply) -> None:
    text = TEMPLATE.replace("{psykologi: [nimi:read, ", "{psykologoi: [nim:read, ")
    assert applied(CONSORTIUM + text, dry_run=True).told == [
        "opiskeluhuolto names nim:read, which no role has. Check its spelling.",
        "opiskeluhuolto names the occupation psykologoi, which no fact, no code list and no other clause names. "
        "The nearest is psykologi.",
    ]
