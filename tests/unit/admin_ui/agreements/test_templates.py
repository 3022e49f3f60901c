"""A template makes one agreement for several municipalities, and one is made of an agreement; a template gives nobody
anything, and those of another part are not told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.access.model.agreement import Agreement, AgreementClause, AgreementParty, AgreementTemplate, AgreementTerm
from iam.access.model.agreement_templates import TemplateBody
from iam.audit.log import AuditEvent
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.test_catalogue_pages import told

LIST = "/admin/agreement-templates"
PAGE, MAKE = f"{LIST}/huolto", f"{LIST}/huolto/make"
OF_AGREEMENT = "/admin/agreements/sopimus/template"
SAID = {
    "key": "uusi",
    "case_number": "KAUP-1",
    "party-1-1": "mansikkala en",
    "where-1-1": "koivu",
    "party-1-2": "PUOLUKKALA",
    "party-2-1": "MUSTIKKALA",
    "office_holder": "sivistysjohtaja",
    "date": "2026-06-12",
    "valid_from": "2026-08-01",
    "valid_to": "2099-07-31",
}
CALLED = {"key": "oma", "name_fi": "Oma", "name_sv": "Egen", "name_en": "Own"}


@pytest.fixture
def world(world: World) -> World:
    """Three municipalities, a template of the root's, and an administrator of two of them, and of the third."""
    consortium.organisation(world, "PUOLUKKALA", "municipality", "ROOT", name="Puolukkala")
    catalogue.agreement(world, "sopimus")
    catalogue.template(world, "huolto")
    for login, *places in (("aili", "MANSIKKALA", "PUOLUKKALA"), ("kerttu", "MUSTIKKALA")):
        person(world, login, login.title())
        for place in places:
            administer(world, login, place, "agreements.read", "agreements.write")
    return world


def clauses(world: World) -> set[tuple[Any, ...]]:
    """Grantor, grantee and scope of each clause of the new agreement."""
    c = AgreementClause
    query = select(c.grantor_id, c.grantee_id, c.scope_id, c.with_descendants).join(Agreement)
    with Session(world.engine) as session:
        return {tuple(row) for row in session.execute(query.where(Agreement.key == "uusi"))}


def test_two_municipalities_in_one_place_are_two_parties_of_one_agreement_each_with_its_clauses(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili, ids = reader("aili"), world.ids
    assert aili.post(MAKE, MAKE, **SAID).location == "/admin/agreements/uusi"
    assert clauses(world) == {
        (ids["MANSIKKALA"], ids["MUSTIKKALA"], ids["KOIVU"], True),
        (ids["PUOLUKKALA"], ids["MUSTIKKALA"], ids["PUOLUKKALA"], True),
    }
    with Session(world.engine) as session:
        found = session.scalars(select(Agreement).where(Agreement.key == "uusi")).one()
        parties = session.scalars(select(AgreementParty).where(AgreementParty.agreement_id == found.id)).all()
        assert {(one.legal_entity_id, one.role, one.signed_on) for one in parties} == {
            (ids["MANSIKKALA"], "controller", None),
            (ids["PUOLUKKALA"], "controller", None),
            (ids["MUSTIKKALA"], "joint", None),
        }
        assert (found.purpose, found.notice_days, found.supervision) == ("opiskeluhuolto", 90, "otanta")
        assert (found.legal_basis, found.owner_id) == ({"act": "1287/2013"}, ids["MANSIKKALA"])
        assert session.scalars(select(AgreementTerm.all_sign).where(AgreementTerm.agreement_id == found.id)).all() == [
            True
        ]
        written = session.scalars(select(AuditEvent).where(AuditEvent.type == "agreement:draft:made")).one()
        assert written.envelope == {"agreement": "uusi", "clauses": 2, "template": "huolto"}


def test_a_template_says_in_words_what_it_holds(world: World, reader: Callable[[str], Reader]) -> None:
    kerttu = reader("kerttu")
    assert f'href="{LIST}"' in kerttu.get("/admin/agreements").text
    assert f'href="{PAGE}"' in kerttu.get(LIST).text
    page = told(kerttu.get(PAGE).text)
    for words in (
        "Student welfare",
        "Municipality",
        "90 days",
        "once everybody has signed",
        "Act 1287/2013",
        "nimi: reading",
    ):
        assert words in page
    assert "2" in told(kerttu.get(MAKE).text)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"party-2-1": ""}, "party-2-1", "Nobody stands in this place."),
        ({"party-1-2": "", "where-1-2": "KOIVU"}, "party-1-2", "This is missing."),
        ({"party-1-6": "Olematon"}, "party-1-6", "There is no legal entity of that name or key."),
        ({"party-1-2": "MANSIKKALA"}, "party-1-2", "An agreement has at least two parties, each once."),
        ({"where-1-2": "KOIVU"}, "where-1-2", "That organisation does not belong to who allows it."),
        ({"key": "a b"}, "key", "The key is of letters, digits, dots, dashes and underscores."),
        ({"key": "sopimus"}, "key", "There is an agreement of this key already."),
        ({"office_holder": ""}, "body", "An agreement is decided on by a body or by an office holder."),
        ({"valid_to": "2020-01-01"}, "valid_to", "The last day is before the first."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_made(
    world: World, reader: Callable[[str], Reader], fields: dict[str, str], field: str, words: str
) -> None:
    page = reader("aili").post(MAKE, MAKE, **SAID | fields)
    assert (page.status_code in (409, 422), words in told(page.text)) == (True, True)
    assert f'id="{field}-error"' in page.text
    assert 'value="KAUP-1"' in page.text
    with Session(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(Agreement)) == 1


def test_where_several_organisations_are_called_so_the_key_is_asked_for(
    world: World, reader: Callable[[str], Reader]
) -> None:
    for key in ("OPETUS1", "OPETUS2"):
        consortium.organisation(world, key, "unit", "MANSIKKALA", name="Öpetus")
    aili = reader("aili")
    assert "Several organisations are called so." in told(
        aili.post(MAKE, MAKE, **SAID | {"where-1-1": "Öpetus fi"}).text
    )
    assert aili.post(MAKE, MAKE, **SAID | {"where-1-1": "OPETUS2"}).location == "/admin/agreements/uusi"
    assert world.ids["OPETUS2"] in {scope for _, _, scope, _ in clauses(world)}


def test_only_who_looks_after_every_party_that_allows_something_makes_an_agreement_by_a_template(
    world: World, reader: Callable[[str], Reader]
) -> None:
    page = reader("kerttu").post(MAKE, MAKE, **SAID)
    assert (page.status_code, "Only an administrator of that party may do this." in told(page.text)) == (403, True)
    assert clauses(world) == set()


def test_a_template_of_another_part_is_neither_listed_nor_there(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.template(world, "vieras", "MUSTIKKALA")
    aili, kerttu = reader("aili"), reader("kerttu")
    assert "vieras" in kerttu.get(LIST).text
    assert "vieras" not in aili.get(LIST).text
    for path in (f"{LIST}/vieras", f"{LIST}/vieras/make"):
        assert (kerttu.get(path).status_code, aili.get(path).status_code) == (200, 404)
    assert aili.force(f"{LIST}/vieras/make", **SAID).status_code == 404


def test_a_template_of_an_agreement_has_a_place_for_each_party_and_what_is_allowed(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili = reader("aili")
    assert f'href="{OF_AGREEMENT}"' in aili.get("/admin/agreements/sopimus").text
    assert aili.post(OF_AGREEMENT, OF_AGREEMENT, **CALLED).location == f"{LIST}/oma"
    with Session(world.engine) as session:
        row = session.scalars(select(AgreementTemplate).where(AgreementTemplate.key == "oma")).one()
        body = TemplateBody.read(row.body)
        assert (row.name_sv, row.owner_id) == ("Egen", world.ids["MANSIKKALA"])
        written = session.scalars(select(AuditEvent).where(AuditEvent.type == "agreement:template:made")).one()
        assert written.envelope == {"template": "oma", "agreement": "sopimus"}
    assert [(one.key, one.role) for one in body.places] == [("MANSIKKALA", "controller"), ("MUSTIKKALA", "controller")]
    assert body.purpose == "opiskeluhuolto"
    (clause,) = body.clauses
    assert (clause.grantor, clause.grantee, clause.allows) == ("MANSIKKALA", "MUSTIKKALA", {"psykologi": ["nimi:read"]})
    assert "nimi: reading" in aili.get(f"{LIST}/oma").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"key": "a b"}, "The key is of letters, digits, dots, dashes and underscores."),
        ({"key": "huolto"}, "There is a template of this key already."),
        ({"name_sv": " "}, "This is missing."),
    ],
)
def test_what_is_wrong_with_a_templates_name_stands_beside_its_field(
    world: World, reader: Callable[[str], Reader], fields: dict[str, str], words: str
) -> None:
    page = reader("aili").post(OF_AGREEMENT, OF_AGREEMENT, **CALLED | fields)
    assert (page.status_code in (409, 422), words in told(page.text)) == (True, True)
    assert 'value="Own"' in page.text


def test_the_other_side_makes_no_template_of_an_agreement(world: World, reader: Callable[[str], Reader]) -> None:
    kerttu = reader("kerttu")
    assert OF_AGREEMENT not in kerttu.get("/admin/agreements/sopimus").text
    page = kerttu.post(OF_AGREEMENT, OF_AGREEMENT, **CALLED)
    assert (page.status_code, "Only an administrator of that party may do this." in told(page.text)) == (403, True)
