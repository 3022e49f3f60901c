"""An agreement as a page: how it stands, what it tells, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.agreement import Agreement
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.test_catalogue_pages import told


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "In force"),
        ({"signed": False}, "Not signed by both sides"),
        ({"start": 5}, "Not in force yet"),
        ({"end": -5}, "Expired"),
    ],
)
def test_an_agreement_says_how_it_stands(
    world: World, reader: Callable[[str], Reader], changes: dict[str, int], word: str
) -> None:
    catalogue.agreement(world, "sopimus", **changes)  # type: ignore[arg-type]
    paula = reader("paula")
    assert f"</svg>{word}</span>" in paula.get("/admin/agreements").text
    assert f"</svg>{word}</span>" in paula.get("/admin/agreements/sopimus").text


def test_an_unsigned_agreement_says_in_red_who_has_not_signed_and_that_it_gives_nothing(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.agreement(world, "sopimus", signed=False)
    page = reader("paula").get("/admin/agreements/sopimus").text
    assert "Signature missing: Mansikkala en." in page
    assert re.search(
        r'Mansikkala en</th>\s*<td[^>]*>controller</td>\s*<td[^>]*>–</td>\s*<td[^>]*><span class="[^"]*label--error',
        page,
    )
    assert "gives nobody any right yet" in page


def test_an_agreement_tells_its_basis_its_clauses_and_how_many_come_under_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.agreement(world, "sopimus")
    catalogue.comes_under(world, "sopimus", "ville", world.ids["KUUSI"])
    text = told(reader("paula").get("/admin/agreements/sopimus").text)
    for words in (
        "Act 1287/2013, GDPR article 6.1.c",
        "lautakunta, 12.6.2026, § 48",
        "psykologi nimi: reading",
        "Koivu en (and what is under it)",
        "Kuusi en 1",
    ):
        assert words in text


def test_an_agreement_tells_by_when_notice_ends_it_by_its_review(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.agreement(world, "sopimus", end=400)
    review = clock.today() + timedelta(days=200)
    with Session(world.engine) as session, session.begin():
        session.execute(update(Agreement).values(review_on=review, notice_days=30))
    last = review - timedelta(days=30)
    words = f"Last day to give notice so that it ends by its review {last.day}.{last.month}.{last.year}"
    assert words in told(reader("paula").get("/admin/agreements/sopimus").text)


def test_an_agreement_tells_how_it_is_supervised_and_its_terms_of_processing(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.agreement(world, "sopimus")
    assert "Processing of personal data" not in told(reader("paula").get("/admin/agreements/sopimus").text)
    said = {"subject": "opiskeluhuolto", "subprocessors": "Esimerkki Oy", "afterwards": "deleted"}
    values = {"supervised_by": "tietosuojavastaava", "report_months": 6, "processing": said}
    with Session(world.engine) as session, session.begin():
        session.execute(update(Agreement).values(values))
    text = told(reader("paula").get("/admin/agreements/sopimus").text)
    for words in (
        "Supervised by tietosuojavastaava",
        "Reported every 6 months",
        "Subject of the processing opiskeluhuolto",
        "Subprocessors Esimerkki Oy",
        "The data afterwards are deleted",
    ):
        assert words in text


def test_an_ended_agreement_covers_nobody(world: World, reader: Callable[[str], Reader]) -> None:
    catalogue.agreement(world, "sopimus", end=-5)
    catalogue.comes_under(world, "sopimus", "ville", world.ids["KUUSI"])
    assert (
        "Nobody in your part holds a right by this agreement today."
        in reader("paula").get("/admin/agreements/sopimus").text
    )


def test_an_agreement_is_there_for_its_parties_and_for_nobody_else(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.agreement(world, "sopimus")
    for login, place in (("mika", "MUSTIKKALA"), ("kimmo", "KOIVU")):
        person(world, login, "Osapuoli")
        administer(world, login, place, "agreements.read")
        assert reader(login).get("/admin/agreements/sopimus").status_code == 200
    assert reader("sanna").get("/admin/agreements/sopimus").status_code == 404
