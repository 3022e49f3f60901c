"""Why could she not get in? The trace tells it in words, to whom it may be told."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application
from iam.audit import log
from iam.change import Actor
from iam.database.types import uuid7
from iam.oidc.model import Attempt
from iam.texts import Texts
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, employ, person

TRACE = "/admin/applications/wilma/trace"
PASSWORD = "urn:avain:acr:password"


def told(text: str) -> str:
    """The text of a page without its marks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def attempt(
    world: World, login: str | None, outcome: str, *steps: dict[str, Any], at: datetime | None = None, **answer: Any
) -> None:
    """Add an attempt at Wilma."""
    first = {"step": "sign-in", "acr": PASSWORD if login else "", "least": None}
    world.write(
        Attempt(
            at=at or clock.now(),
            request_id=str(uuid7()),
            client_id="wilma-web",
            person_id=world.ids[login] if login else None,
            outcome=outcome,
            steps=[first, *steps, {"step": "answer", **answer}],
        )
    )


def capacity(
    fact_id: UUID, organisation: str, *, enters: bool, begins: int = -45, ends: int = 300, kind: str = "employee"
) -> dict[str, Any]:
    """What an attempt noted of a position; days count from today."""
    now = clock.now()
    times = {"from": (now + timedelta(days=begins)).isoformat(), "to": (now + timedelta(days=ends)).isoformat()}
    return {
        "step": "capacity",
        "id": str(fact_id),
        "kind": kind,
        "organisation": organisation,
        "enters": enters,
        **times,
    }


@pytest.fixture
def wilma(world: World) -> None:
    consortium.client(world, "wilma", "wilma-web")


def tab(world: World, login: str) -> str:
    return f"/admin/persons/{world.ids[login]}?tab=trace"


def test_who_got_in_is_told_by_which_position_and_what_the_token_held(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    at = world.ids["anna KOIVU"]
    attempt(
        world,
        "anna",
        "issued",
        capacity(at, "KOIVU", enters=True),
        capacity(world.ids["anna KUUSI"], "KUUSI", enters=False),
        capacity=str(at),
    )
    page = reader("paula").get(tab(world, "anna")).text
    text = told(page)
    assert "Got in" in text
    assert "Signed in with a password." in text
    assert "Luokanopettaja, Koivu en opened Wilma." in text
    assert "Erityisopettaja, Kuusi en did not open Wilma." in text
    assert "Went on to Wilma as: Luokanopettaja, Koivu en." in text
    today = clock.today().isoformat()
    assert (
        f"/admin/applications/wilma/token?person={world.ids['anna']}&amp;capacity={at}&amp;client=wilma-web&amp;on={today}"
        in page
    )
    assert f"tab=rights&amp;at={today}&amp;application=wilma" in page
    assert f"tab=rights&amp;at={today}#why-not" in page


def test_a_position_that_has_ended_is_told_as_the_reason(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    end = clock.day_end(clock.today() - timedelta(days=3))
    person(world, "leena", "Lähtenyt")
    employ(world, "leena", "KOIVU", "Luokanopettaja", valid_to=end)
    attempt(world, "leena", "no-right")
    text = told(reader("paula").get(tab(world, "leena")).text)
    said = (
        f"The person had no position that day that opens Wilma: Luokanopettaja, Koivu en ended on "
        f"{Texts('en').day(end)}."
    )
    assert said in text


def test_a_position_that_begins_later_is_told_with_its_day(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    person(world, "uuno", "Uusi")
    at = employ(world, "uuno", "KOIVU", "Rehtori", valid_from=clock.now() + timedelta(days=5))
    attempt(world, "uuno", "no-right", capacity(at, "KOIVU", enters=False, begins=5))
    text = told(reader("paula").get(tab(world, "uuno")).text)
    assert f"Rehtori, Koivu en begins only on {Texts('en').first_day(clock.now() + timedelta(days=5))}." in text


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("role", "none that has a role in Wilma"),
        ("everyone", "No organisation in which the person had a position that day has enabled Wilma."),
    ],
)
def test_a_position_without_a_right_is_told_as_such(
    world: World, reader: Callable[[str], Reader], wilma: None, entry: str, words: str
) -> None:
    with Session(world.engine) as session, session.begin():
        application = session.get_one(Application, world.ids["wilma"])
        application.entry = entry
    attempt(world, "sanna", "no-right", capacity(world.ids["sanna KOIVU"], "KOIVU", enters=False))
    assert words in told(reader("paula").get(tab(world, "sanna")).text)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("login_required", "nobody was signed in in this browser"),
        ("interaction_required", "had something to choose or prove"),
        ("consent_required", "had not been told what it receives"),
        ("unmet_authentication_requirements", "a way of signing in that does not exist here"),
        ("invented_error", "Wilma: invented_error"),
    ],
)
def test_what_the_service_was_answered_is_told_in_words(
    world: World, reader: Callable[[str], Reader], wilma: None, error: str, words: str
) -> None:
    attempt(world, None, "refused", error=error)
    text = told(reader("paula").get(TRACE).text)
    assert words in text
    assert "Nobody was signed in in this browser." in text


def test_a_sign_in_that_was_too_weak_is_told(world: World, reader: Callable[[str], Reader], wilma: None) -> None:
    attempt(world, "anna", "refused", error="interaction_required")
    with Session(world.engine) as session, session.begin():
        row = session.query(Attempt).one()
        row.steps = [{**row.steps[0], "least": "urn:avain:acr:two-factor"}, *row.steps[1:]]
    assert "Wilma asks for a sign-in with a password and a second factor." in told(
        reader("paula").get(tab(world, "anna")).text
    )


def test_failed_passwords_of_the_person_are_listed(world: World, reader: Callable[[str], Reader], wilma: None) -> None:
    with Session(world.engine) as session, session.begin():
        log.write(
            session,
            "signin:password:refused",
            Actor(),
            subject_id=world.ids["anna"],
            envelope={"address": "198.51.100.7"},
        )
    text = told(reader("paula").get(tab(world, "anna")).text)
    assert "A password did not match" in text
    assert "198.51.100.7" not in text
    assert "Nothing has failed" in told(reader("paula").get(tab(world, "sanna")).text)


def test_only_those_that_did_not_succeed_can_be_asked_for(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    attempt(world, "anna", "issued", capacity=str(world.ids["anna KOIVU"]))
    attempt(world, "sanna", "no-right")
    paula = reader("paula")
    assert {"Virtanen Anna", "Sihteeri Sanna"} <= {
        name for name in ("Virtanen Anna", "Sihteeri Sanna") if name in paula.get(TRACE).text
    }
    failed = paula.get(f"{TRACE}?only=failed").text
    assert "Sihteeri Sanna" in failed
    assert "Virtanen Anna" not in failed


def test_nobody_and_nothing_outside_the_part_is_named(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "applications.read", "persons.read", "persons.export")
    attempt(
        world,
        "ville",
        "issued",
        capacity(world.ids["ville KUUSI"], "KUUSI", enters=True),
        capacity=str(world.ids["ville KUUSI"]),
    )
    attempt(
        world,
        "anna",
        "issued",
        capacity(world.ids["anna KUUSI"], "KUUSI", enters=True),
        capacity=str(world.ids["anna KUUSI"]),
    )
    kimmo = reader("kimmo")
    for path in (TRACE, f"{TRACE}.csv", tab(world, "anna"), f"/admin/persons/{world.ids['anna']}/trace.csv"):
        text = kimmo.get(path).text
        assert [word for word in ("Vieras", "Rehtori", "Kuusi", "Erityisopettaja") if word in text] == [], path
        assert "A position that is not shown to you" in text
    assert "Somebody who is not shown to you" in kimmo.get(TRACE).text
    assert "Virtanen Anna" in kimmo.get(f"{TRACE}.csv").text


def test_where_a_protected_person_is_is_not_told(world: World, reader: Callable[[str], Reader], wilma: None) -> None:
    at = world.ids["oona KOIVU"]
    attempt(world, "oona", "issued", capacity(at, "KOIVU", enters=True, kind="student"), capacity=str(at))
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "ROOT", "applications.read", "persons.read", "persons.export")
    kimmo = reader("kimmo")
    for text in (told(kimmo.get(TRACE).text), kimmo.get(f"{TRACE}.csv").text):
        assert "A position that is not shown to you opened Wilma." in text
        assert "Oppilas" not in text
    secretary = told(reader("sanna").get(tab(world, "oona")).text)
    assert "place protected opened" in secretary


def test_a_service_of_another_part_is_not_named_on_a_persons_page(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    catalogue.application(world, "kirjasto", "MUSTIKKALA")
    world.write(
        Attempt(
            at=clock.now(),
            request_id="r",
            client_id="kirjasto",
            person_id=world.ids["anna"],
            outcome="no-right",
            steps=[],
        )
    )
    text = reader("sanna").get(tab(world, "anna")).text
    assert "A service that is not shown to you" in text
    assert "irjasto" not in text


def test_the_administration_pages_are_called_so(world: World) -> None:
    text = told(Reader(world, "paula").enter().get(tab(world, "paula")).text)
    assert "Went on to The administration pages." in text


def test_a_list_of_200_takes_as_many_statements_as_one_of_10_and_is_paged(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")

    def add(count: int) -> None:
        with catalogue.batch(world) as together:
            for _ in range(count):
                attempt(
                    together,
                    "anna",
                    "issued",
                    capacity(world.ids["anna KOIVU"], "KOIVU", enters=True),
                    capacity=str(world.ids["anna KOIVU"]),
                )

    def counted(path: str) -> int:
        with world.counted() as sent:
            assert paula.get(path).status_code == 200
        return len([one for one in sent if not one.startswith(("BEGIN", "COMMIT"))])

    add(10)
    few = [counted(TRACE), counted(tab(world, "anna"))]
    add(190)
    assert [counted(TRACE), counted(tab(world, "anna"))] == few
    assert max(few) < 40
    first = paula.get(TRACE).text
    assert first.count("Step by step") == 50
    after = re.search(r'href="([^"]+)" rel="next"', first)
    assert after is not None
    second = paula.get(html.unescape(after[1])).text
    assert second.count("Step by step") == 50
    assert len(paula.get(f"{TRACE}.csv").text.splitlines()) == 201
