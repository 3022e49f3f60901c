"""What was typed into a form is not lost when its sender must sign in or prove who they are first: it stands there
again, unsent."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock, vault
from iam.access.model.assignment import Assignment
from iam.change import SYSTEM
from iam.signin.accounts import ending
from iam.tokens.one_shot import OneShot
from iam.tokens.session import LoginSessionRow
from iam.web import extension
from iam.web.forms import kept
from tests.kit.factories import consortium
from tests.kit.worlds.admin import ISSUER, Reader, World, employ, hidden, person

REASON = "Sijaistaa <Annaa> & 3 B:tä"


def age(world: World, reader: Reader, minutes: float) -> None:
    """Let the last proof of an administrator be so many minutes old."""
    at = clock.now() - timedelta(minutes=minutes)
    with Session(world.engine) as session, session.begin():
        session.execute(update(LoginSessionRow).where(LoginSessionRow.id == reader.session_id).values(auth_time=at))


def granting(world: World) -> dict[str, str]:
    """What is typed and chosen to grant Anna a right by hand."""
    return {
        "role": "wilma:opettaja",
        "capacity": str(world.ids["anna KOIVU"]),
        "scope": str(world.ids["RANTA"]),
        "until": "2030-05-31",
        "reason": REASON,
    }


def form_of(page: TestResponse, path: str) -> str:
    """The form to ``path``, as the page shows it."""
    found = re.search(rf'<form method="post" action="{re.escape(path)}">.*?</form>', page.text, re.DOTALL)
    assert found is not None, page.text
    return found[0]


def rights(world: World) -> list[str | None]:
    with Session(world.engine) as session:
        return list(session.scalars(select(Assignment.reason).where(Assignment.person_id == world.ids["anna"])))


def back(reader: Reader, answer: TestResponse) -> TestResponse:
    """Follow where the browser is led until a page answers."""
    while answer.status_code in (302, 303):
        answer = reader.get(answer.location.removeprefix(ISSUER))
    return answer


def test_who_must_prove_themselves_finds_the_form_as_they_filled_it_and_is_done_with_one_press(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, here = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    path, before = f"{here}/rights", rights(world)
    age(world, paula, 6)
    asked = paula.post(path, here, **granting(world))
    assert asked.location.startswith("/factor?flow=")
    assert rights(world) == before
    age(world, paula, 0)
    page = back(paula, asked)
    form = form_of(page, path)
    assert "It has not been sent yet." in page.text
    assert re.search(r"<details[^>]* open=", page.text.partition(form)[0].rpartition("<details")[1] + page.text)
    sent = {name: unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', form)}
    chosen = re.findall(r'<option value="([^"]+)" selected', form)
    assert unescape(form.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]).strip() == REASON
    assert {granting(world)["role"], granting(world)["scope"]} <= set(chosen)
    assert sent["until"] == "2030-05-31"
    assert form.count("autofocus") == 1
    assert "autofocus" in form.partition("<button")[2], "one press from done"
    done = paula.http.post(
        path, base_url=ISSUER, data=hidden(page, path) | granting(world), headers={"Accept": "text/html"}
    )
    assert done.status_code == 303
    assert sorted(map(str, set(rights(world)) - set(before))) == [REASON]


def test_whose_sign_in_ended_while_they_wrote_signs_in_and_finds_the_form_as_they_filled_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, here = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    page = paula.get(here)
    with Session(world.engine) as session, session.begin():
        ending.end(session, SYSTEM, "test", world.ids["paula"])
    data = hidden(page, f"{here}/end") | {"end_reason": REASON}
    asked = paula.http.post(f"{here}/end", base_url=ISSUER, data=data, headers={"Accept": "text/html"})
    assert asked.location.startswith("/login?flow=")
    told = paula.get(asked.location)
    assert "Your sign-in here has ended." in told.text
    world.sign_in(paula.http, "paula")
    again = back(paula, paula.get(asked.location))
    assert REASON in unescape(form_of(again, f"{here}/end"))
    assert world.events("person:access:ended") == []


def test_a_form_that_was_sent_in_a_sign_in_that_the_door_has_not_seen_comes_back_behind_it(world: World) -> None:
    reader, here = Reader(world, "paula"), f"/admin/persons/{world.ids['anna']}"
    page = back(reader, reader.force(f"{here}/end", from_page=here, end_reason=REASON))
    assert REASON in unescape(form_of(page, f"{here}/end"))
    assert world.events("person:access:ended") == []


def test_a_form_that_was_open_while_its_person_signed_in_again_elsewhere_is_one_press_away(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, here = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    data = hidden(paula.get(here), f"{here}/end") | {"csrf_token": "old", "end_reason": REASON}
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
    refused = paula.http.post(f"{here}/end", base_url=ISSUER, data=data, headers=headers)
    assert refused.status_code == 400
    way = re.search(rf'href="({re.escape(here)}\?again=[^"]+)"', refused.text)
    assert way is not None
    assert REASON in unescape(form_of(paula.get(unescape(way[1])), f"{here}/end"))
    assert world.events("person:access:ended") == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_a_form_of_another_site_is_never_brought_here_filled(
    world: World, reader: Callable[[str], Reader], site: str | None
) -> None:
    paula, here = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    headers = {"Accept": "text/html"} | ({"Sec-Fetch-Site": site} if site else {})
    forged = {"csrf_token": "old", "from_page": "/admin/rules", "end_reason": REASON, "reason": REASON}
    age(world, paula, 6)
    for path in (f"{here}/end", f"{here}/rights"):
        answer = paula.http.post(path, base_url=ISSUER, data=forged, headers=headers)
        assert "again=" not in answer.text
        assert site is None or "/admin/rules" not in answer.text
    with Session(world.engine) as session:
        assert session.scalars(select(OneShot).where(OneShot.kind == "form")).all() == []


def test_a_kept_form_opens_for_nobody_else_in_no_other_browser_and_not_for_long(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "aino", "Apuri")
    employ(world, "aino", "KOIVU", "Apulainen")
    consortium_admin = reader("paula")
    here = f"/admin/persons/{world.ids['anna']}"
    age(world, consortium_admin, 6)
    asked = consortium_admin.post(f"{here}/rights", here, **granting(world))
    age(world, consortium_admin, 0)
    with_form = consortium_admin.get(asked.location).location
    assert REASON in unescape(consortium_admin.get(with_form).text)
    assert REASON not in unescape(reader("paula").get(with_form).text), "another browser"
    with clock.fixed(clock.now() + timedelta(seconds=kept.SECONDS + 1)):
        late = consortium_admin.get(with_form)
        assert REASON not in unescape(late.text), "too late"
    world.sign_in(consortium_admin.http, "sanna")
    other = back(consortium_admin, consortium_admin.get(with_form))
    assert other.status_code == 200
    assert REASON not in unescape(other.text), "somebody else in the same browser"


def test_what_is_kept_of_a_form_cannot_be_read_from_the_database(world: World, reader: Callable[[str], Reader]) -> None:
    paula, here = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    age(world, paula, 6)
    paula.post(f"{here}/rights", here, **granting(world))
    with Session(world.engine) as session:
        (row,) = session.scalars(select(OneShot).where(OneShot.kind == "form"))
    assert row.person_id == world.ids["paula"]
    assert "Sijaistaa" not in str(row.data)
    assert "wilma" not in str(row.data)


def test_when_what_the_form_was_about_has_changed_the_page_says_that_it_was_not_done(
    world: World, reader: Callable[[str], Reader]
) -> None:
    consortium.client(world, "wilma", "wilma")
    paula, here = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    age(world, paula, 6)
    asked = paula.post(f"{here}/rights", here, **granting(world), gone="yes")
    age(world, paula, 0)
    page = back(paula, asked)
    assert page.status_code == 200
    assert "What you sent has not been done." in page.text
    assert REASON not in unescape(page.text)


def test_secrets_that_were_typed_are_not_even_kept(world: World, reader: Callable[[str], Reader]) -> None:
    paula, here = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    age(world, paula, 6)
    typed = {name: f"typed in {name}" for name in sorted(kept.SECRETS)}
    paula.post(f"{here}/rights", here, **granting(world), **typed)
    with Session(world.engine) as session:
        (row,) = session.scalars(select(OneShot).where(OneShot.kind == "form"))
    key = extension.parts_of(world.app).vault.derive("kept form")
    text = vault.unseal(key, "form", b64decode(row.data["sealed"]), str(row.person_id))
    assert "Sijaistaa" in text
    assert "typed in" not in text
