"""An agreement that is altered: whose rights follow, and that nobody else's are looked at."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.derivation.derive import Counts, derive
from iam.access.model.agreement import AgreementClause
from iam.access.model.assignment import Assignment
from iam.access.right import held
from iam.apply.export import as_data
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


THIRD = EVERYTHING.replace(
    "{entity: marjala-hva, role: controller, signed: 2026-06-25}]",
    "{entity: marjala-hva, role: controller, signed: 2026-06-25}, {entity: konsortio, role: joint}]",
)


AREA = EVERYTHING.replace(
    "relations:\n", "relations:\n  - {organisation: konsortio, kind: covers, other: perusopetus}\n"
).replace("scope: {organisation: perusopetus}, allows", "scope: {area: konsortio}, allows")


def test_a_clause_over_an_area_allows_what_the_area_covers_and_is_written_out_so(
    applied: Apply, session: Session
) -> None:
    before = crossing(session)
    assert applied(AREA).problems == ()
    assert crossing(session) == before > 0
    (written,) = as_data(session)["agreements"]
    assert written["clauses"][0]["scope"] == {"area": "konsortio", "with_descendants": True}
    assert applied(AREA).counts["change"] == 0
    assert applied(AREA.replace("to: 2027-07-31}\n    purpose", "to: 2027-06-30}\n    purpose")).problems == ()


def test_a_clause_is_over_an_organisation_or_an_area_and_not_both(applied: Apply) -> None:
    for scope in ("{area: konsortio, organisation: perusopetus}", "{with_descendants: true}"):
        report = applied(EVERYTHING.replace("scope: {organisation: perusopetus}, allows", f"scope: {scope}, allows"))
        assert len(report.problems) == 1


def crossing(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(held(clock.now()).subquery())) or 0


def test_a_third_party_joins_without_touching_the_others(applied: Apply, session: Session) -> None:
    before = crossing(session)
    assert THIRD != EVERYTHING
    report = applied(THIRD)
    assert (report.counts["change"], crossing(session)) == (1, before)


def test_where_all_must_sign_one_that_has_not_keeps_everybody_out(applied: Apply, session: Session) -> None:
    before = crossing(session)
    applied(THIRD.replace("    purpose: opiskeluhuolto", "    all_sign: true\n    purpose: opiskeluhuolto"))
    assert crossing(session) == before - 1


@pytest.mark.parametrize(
    ("party", "told"),
    [
        ("{entity: marjala-hva, document: A-1}", "A signature has a day."),
        ("{entity: mansikkala}", "This party is named twice."),
        ("{entity: marjala-hva, from: 2026-09-01, to: 2026-08-01}", "This ends before it begins."),
        ("{entity: KOIVU}", "KOIVU is no legal entity."),
    ],
)
def test_a_party_that_is_wrong_is_told_with_its_place(applied: Apply, party: str, told: str) -> None:
    report = applied(EVERYTHING.replace("{entity: marjala-hva, role: controller, signed: 2026-06-25}", party))
    assert told in [problem.message % problem.params for problem in report.problems]


def test_what_a_party_signed_is_written_out_as_it_was_stated(applied: Apply, session: Session) -> None:
    party = "{entity: marjala-hva, role: joint, signed: 2026-06-25, signed_by: johtaja, document: A-1, service: s, "
    applied(
        EVERYTHING.replace("{entity: marjala-hva, role: controller, signed: 2026-06-25}", party + "to: 2027-05-31}")
    )
    told = next(one for one in as_data(session)["agreements"] if one["key"] == "opiskeluhuolto")
    county = next(one for one in told["parties"] if one["entity"] == "marjala-hva")
    assert county == {
        "entity": "marjala-hva",
        "role": "joint",
        "signed": date(2026, 6, 25),
        "signed_by": "johtaja",
        "document": "A-1",
        "service": "s",
        "to": date(2027, 5, 31),
    }


def cancelled(text: str) -> str:
    """What is declared, its agreement given up on a day."""
    words = "    cancelled: {on: 2026-07-01, reason: rahoitus peruuntui}\n"
    assert text.count("    purpose: opiskeluhuolto") == 1
    return text.replace("    purpose: opiskeluhuolto", words + "    purpose: opiskeluhuolto")


def test_an_agreement_that_was_cancelled_gives_nobody_anything_and_is_written_out_so(
    applied: Apply, session: Session
) -> None:
    before = crossing(session)
    assert applied(cancelled(EVERYTHING)).problems == ()
    assert crossing(session) == before - 1
    (written,) = as_data(session)["agreements"]
    assert "in_force" not in written
    assert written["cancelled"] == {"on": date(2026, 7, 1), "reason": "rahoitus peruuntui"}
    assert applied(cancelled(EVERYTHING)).counts["change"] == 0
    assert applied(EVERYTHING).counts["change"] == 1
    assert crossing(session) == before


def test_an_agreement_that_a_notice_ended_before_it_began_is_written_out_as_it_is_stated(
    applied: Apply, session: Session
) -> None:
    never = EVERYTHING.replace("    in_force: {from: 2026-08-01, to: 2027-07-31}\n", "")
    assert [one.message for one in applied(never).problems] == ["An agreement is in force for a time."]
    noticed = never.replace("signed: 2026-06-20}", "signed: 2026-06-20, notice: 2026-07-01, to: 2026-07-31}")
    assert applied(noticed).counts["change"] == 1
    (written,) = as_data(session)["agreements"]
    assert "in_force" not in written
    assert applied(noticed).counts["change"] == 0


AMENDED = EVERYTHING.replace(
    "    clauses:\n      - {grantor: mansikkala, grantee: marjala-hva, ",
    "    amendments:\n"
    "      - {n: 1, decided: {body: lautakunta, date: 2026-09-01, section: 3, case_number: KAUP-2026-200}}\n"
    '      - {n: 2, delegation: "§ 4: johtaja voi tehdä teknisiä muutoksia"}\n'
    "    clauses:\n      - {amendment: 2, grantor: mansikkala, grantee: marjala-hva, ",
)
WIDER = ALTERED["wider"]


def test_amendments_are_kept_written_out_and_the_same_when_applied_again(applied: Apply, session: Session) -> None:
    assert AMENDED != EVERYTHING
    assert applied(AMENDED.replace(*WIDER)).problems == ()
    (written,) = as_data(session)["agreements"]
    assert written["amendments"] == [
        {"n": 1, "decided": {"body": "lautakunta", "date": "2026-09-01", "section": 3, "case_number": "KAUP-2026-200"}},
        {"n": 2, "delegation": "§ 4: johtaja voi tehdä teknisiä muutoksia"},
    ]
    assert [one["amendment"] for one in written["clauses"]] == [2]
    assert applied(AMENDED.replace(*WIDER)).counts["change"] == 0


def test_an_amendment_alone_alters_no_clause_and_what_is_left_out_stays(applied: Apply, session: Session) -> None:
    before = session.scalar(select(func.count()).select_from(AgreementClause))
    assert applied(AMENDED).counts["change"] == 1
    assert applied(EVERYTHING).counts["change"] == 0
    assert session.scalar(select(func.count()).select_from(AgreementClause)) == before
    (written,) = as_data(session)["agreements"]
    assert len(written["amendments"]) == 2
    assert "amendment" not in written["clauses"][0]
    assert applied(AMENDED.replace("section: 3, case", "section: 4, case")).counts["change"] == 1
    assert as_data(session)["agreements"][0]["amendments"][0]["decided"]["section"] == 4


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("n: 2", "n: 1", "Amendment 1 is stated twice."),
        ("      - {n: 1, decided", "      - {n: 3, decided", "Amendment 1 is left out."),
        ("amendment: 2", "amendment: 7", "The agreement has no amendment 7."),
        ("n: 2, delegation", 'n: 2, decided: {body: "x", date: 2026-09-01}, delegation', "An amendment is decided on"),
    ],
)
def test_an_amendment_that_is_wrong_is_told(applied: Apply, old: str, new: str, told: str) -> None:
    applied(AMENDED)
    problems = [problem.message % problem.params for problem in applied(AMENDED.replace(old, new)).problems]
    assert any(one.startswith(told) for one in problems), problems


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("report_months: 61", "This number is too large."),
        ("report_months: 0", "This number is too small."),
        ("processing: {afterwards: kept}", "There is no such value."),
    ],
)
def test_terms_that_are_wrong_are_told(applied: Apply, field: str, told: str) -> None:
    report = applied(EVERYTHING.replace("    purpose: opisk", f"    {field}\n    purpose: opisk"))
    assert [problem.message for problem in report.problems] == [told]


SHA = "0" * 64
FULLER = EVERYTHING.replace(
    "decided: {body: sivistyslautakunta, date: 2026-06-12, section: 48}",
    "decided: {office_holder: sivistysjohtaja, date: 2026-06-12, final: 2026-07-20, competence: hallintosääntö 34 §}\n"
    "    review: 2026-12-31\n"
    "    supervision: otanta kuukausittain\n"
    "    supervised_by: tietosuojavastaava\n"
    "    report_months: 6\n"
    "    processing: {subject: opiskeluhuolto, data_subjects: oppilaat, kinds_of_data: nimi, subprocessors: Esimerkki Oy,\n"
    "      afterwards: deleted}\n"
    f'    annexes: [{{name: tietosuojaliite.pdf, sha256: "{SHA}"}}]',
)


def test_what_an_agreement_says_besides_is_kept_written_out_and_the_same_when_applied_again(
    applied: Apply, session: Session
) -> None:
    assert applied(FULLER).counts["change"] == 1
    (written,) = as_data(session)["agreements"]
    assert written["decided"] == {
        "office_holder": "sivistysjohtaja",
        "date": "2026-06-12",
        "final": "2026-07-20",
        "competence": "hallintosääntö 34 §",
    }
    assert (written["review"], written["supervision"]) == (date(2026, 12, 31), "otanta kuukausittain")
    assert (written["supervised_by"], written["report_months"]) == ("tietosuojavastaava", 6)
    assert written["processing"] == {
        "subject": "opiskeluhuolto",
        "data_subjects": "oppilaat",
        "kinds_of_data": "nimi",
        "subprocessors": "Esimerkki Oy",
        "afterwards": "deleted",
    }
    assert written["annexes"] == [{"name": "tietosuojaliite.pdf", "sha256": SHA}]
    assert applied(FULLER).counts["change"] == 0
