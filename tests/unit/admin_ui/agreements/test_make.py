"""An agreement is made, blank or after another one, by who looks after one of its parties; before the signatures it
gives nobody anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from iam.access.model import amendments
from iam.access.model.agreement import Agreement, AgreementClause, AgreementParty
from iam.access.model.amendments import Amendment
from iam.change import Change
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.test_catalogue_pages import told

NEW, COPY = "/admin/new-agreement", "/admin/agreements/sopimus/copy"
SAID = {
    "key": "uusi",
    "case_number": "KAUP-1",
    "purpose": "opiskeluhuolto",
    "act": "1287/2013",
    "gdpr": "6.1.c",
    "party-1": "mansikkala en",
    "party-2": "MUSTIKKALA",
    "office_holder": "sivistysjohtaja",
    "date": "2026-06-12",
    "minutes": "48",
    "final": "2026-07-20",
    "valid_from": "2026-08-01",
    "valid_to": "2099-07-31",
    "notice_months": "6",
    "review_on": "2098-01-31",
    "supervision": "otanta kuukausittain",
    "supervised_by": "tietosuojavastaava",
    "report_months": "6",
}


@pytest.fixture
def world(world: World) -> World:
    """An agreement with one clause in force, and an administrator of each of its parties."""
    catalogue.agreement(world, "sopimus")
    for login, place in (("aili", "MANSIKKALA"), ("kerttu", "MUSTIKKALA")):
        person(world, login, login.title())
        administer(world, login, place, "agreements.read", "agreements.write")
    return world


def of_new(world: World) -> tuple[Agreement, dict[object, object], list[AgreementClause]]:
    """The new agreement, the signatures of its parties, and its clauses."""
    with Session(world.engine) as session:
        found = session.scalars(select(Agreement).where(Agreement.key == "uusi")).one()
        p, c = AgreementParty, AgreementClause
        signed = session.execute(select(p.legal_entity_id, p.signed_on).where(p.agreement_id == found.id))
        clauses = session.scalars(select(c).where(c.agreement_id == found.id)).all()
        return found, {row[0]: row[1] for row in signed}, list(clauses)


def test_an_agreement_is_made_with_all_that_was_said_and_nobody_has_signed_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili = reader("aili")
    assert f'href="{NEW}"' in aili.get("/admin/agreements").text
    assert aili.post(NEW, NEW, **SAID).location == "/admin/agreements/uusi"
    found, signed, clauses = of_new(world)
    assert found.decision == {
        "office_holder": "sivistysjohtaja",
        "date": "2026-06-12",
        "final": "2026-07-20",
        "section": 48,
    }
    assert (found.legal_basis, found.notice_months) == ({"act": "1287/2013", "gdpr": "6.1.c"}, 6)
    assert (signed, clauses) == ({world.ids["MANSIKKALA"]: None, world.ids["MUSTIKKALA"]: None}, [])
    page = told(aili.get("/admin/agreements/uusi").text)
    for words in ("Not signed by both sides", "sivistysjohtaja, 12.6.2026, § 48", "31.1.2098", "otanta kuukausittain"):
        assert words in page
    assert (found.supervised_by, found.report_months) == ("tietosuojavastaava", 6)


def test_a_copy_has_the_clauses_between_those_who_stand_in_the_others_places_and_no_signature(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili = reader("aili")
    form = aili.get(COPY).text
    for words in ('value="Mansikkala en"', 'value="Mustikkala en"', 'value="opiskeluhuolto"', 'value="1287/2013"'):
        assert words in form
    assert "hds-text-input__error-text" not in form
    assert aili.post(COPY, COPY, **SAID, clauses="yes").location == "/admin/agreements/uusi"
    _, signed, (clause,) = of_new(world)
    assert set(signed.values()) == {None}
    assert (clause.grantor_id, clause.grantee_id) == (world.ids["MANSIKKALA"], world.ids["MUSTIKKALA"])


def test_a_copy_says_how_it_is_supervised_and_processed_but_not_by_what_the_other_was_amended(
    world: World, reader: Callable[[str], Reader]
) -> None:
    processing = {"subject": "opiskeluhuolto", "afterwards": "deleted"}
    said = {"supervised_by": "tietosuojavastaava", "report_months": 12, "processing": processing}
    with Session(world.engine) as session, session.begin():
        agreement = session.scalars(select(Agreement)).one()
        by = amendments.add(
            session, session.get_one(Change, world.ids["change"]), agreement.id, Amendment(delegation="§ 4")
        )
        session.execute(update(Agreement).values(said))
        session.execute(update(AgreementClause).values(amendment_id=by))
    aili = reader("aili")
    form = aili.get(COPY).text
    assert 'value="tietosuojavastaava"' in form
    assert 'value="12"' in form
    aili.post(COPY, COPY, **SAID, clauses="yes")
    found, _, (clause,) = of_new(world)
    assert (found.processing, clause.amendment_id) == (processing, None)


def test_the_other_side_makes_an_agreement_but_not_what_it_is_allowed_by_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    kerttu = reader("kerttu")
    page = kerttu.post(COPY, COPY, **SAID, clauses="yes")
    assert (page.status_code, "Only an administrator of that party may do this." in told(page.text)) == (403, True)
    assert kerttu.post(COPY, COPY, **SAID).location == "/admin/agreements/uusi"
    assert of_new(world)[2] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"key": "a b"}, "The key is of letters, digits, dots, dashes and underscores."),
        ({"key": "sopimus"}, "There is an agreement of this key already."),
        ({"purpose": " "}, "This is missing."),
        ({"act": "", "gdpr": ""}, "This is missing."),
        ({"report_months": "61"}, "It is reported at least every 60 months."),
        ({"party-2": "Olematon"}, "There is no legal entity of that name or key."),
        ({"party-2": "KOIVU"}, "There is no legal entity of that name or key."),
        ({"party-2": "MANSIKKALA"}, "An agreement has at least two parties, each once."),
        ({"office_holder": ""}, "An agreement is decided on by a body or by an office holder."),
        ({"body": "lautakunta"}, "An agreement is decided on by a body or by an office holder."),
        ({"date": ""}, "Write a day."),
        ({"valid_to": "2020-01-01"}, "The last day is before the first."),
        ({"notice_months": "kuusi"}, "This must be a whole number."),
        ({"minutes": "0"}, "This must be a whole number."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_made(
    world: World, reader: Callable[[str], Reader], fields: dict[str, str], words: str
) -> None:
    page = reader("aili").post(NEW, NEW, **SAID | fields)
    assert (page.status_code in (409, 422), words in told(page.text)) == (True, True)
    assert 'value="KAUP-1"' in page.text
    with Session(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(Agreement)) == 1


def test_nobody_makes_an_agreement_of_parties_that_are_not_theirs(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "muu", "Muu")
    administer(world, "muu", "KUUSI", "agreements.read", "agreements.write")
    assert reader("muu").post(NEW, NEW, **SAID).status_code == 403


def test_a_purpose_and_who_decided_are_written_in_several_languages_and_told_in_the_readers(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili = reader("aili")
    said = SAID | {"purpose_sv": "elevhälsa", "office_holder_en": "director of education"}
    assert aili.post(NEW, NEW, **said).location == "/admin/agreements/uusi"
    found = of_new(world)[0]
    assert found.purpose == "opiskeluhuolto"
    assert found.purpose_names == {"fi": "opiskeluhuolto", "sv": "elevhälsa", "en": "opiskeluhuolto"}
    assert found.decision["office_holder"]["en"] == "director of education"
    page = {language: aili.get(f"/admin/agreements/uusi?lang={language}").text for language in ("sv", "en")}
    assert "elevhälsa" in page["sv"]
    assert "sivistysjohtaja" in page["sv"]
    assert "director of education" in page["en"]
    assert "elevhälsa" not in page["en"]
    assert "elevhälsa" in aili.get("/admin/agreements?q=elevh&lang=sv").text
    assert "uusi" not in aili.get("/admin/agreements?q=vård").text.partition("<table")[2]
    copy = aili.get("/admin/agreements/uusi/copy").text
    assert 'name="purpose_sv" type="text" value="elevhälsa"' in copy
    assert 'name="purpose_en" type="text" value' not in copy


def test_what_is_written_in_other_languages_alone_is_asked_in_finnish_first(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili = reader("aili")
    for wrong, field in (({"purpose": "", "purpose_sv": "elevhälsa"}, "purpose"), ({"body_sv": "nämnden"}, "body")):
        answer = aili.post(NEW, NEW, **(SAID | wrong))
        assert answer.status_code == 422
        assert f'href="#{field}">This is missing in Finnish.' in answer.text
        assert 'value="' + (wrong.get("purpose_sv") or wrong["body_sv"]) + '"' in answer.text
