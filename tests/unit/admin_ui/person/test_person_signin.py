"""The tab of sign-in: which second factors a person has, and removing them when they are lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.signin.accounts.factor import RecoveryCode, Totp
from iam.signin.factors import recovery, totp
from iam.tokens import session as login_sessions
from iam.tokens.session import LoginSessionRow
from iam.web import extension
from tests.kit.proofs import code_of
from tests.kit.worlds.admin import Reader, World, employ

CODE = "[2-9A-Z]{5}-[2-9A-Z]{5}"


def with_factors(world: World, login: str) -> UUID:
    """Give a person time codes and recovery codes."""
    person_id, vault = world.ids[login], extension.parts_of(world.app).vault
    with Session(world.engine) as session, session.begin():
        shown = totp.begin(session, vault, person_id, login, "Marjala")
        assert totp.confirm(session, vault, person_id, code_of(shown.secret))
        recovery.renew(session, vault, person_id)
    return person_id


def left(world: World) -> int:
    with Session(world.engine) as session:
        unused = select(RecoveryCode.hash).where(RecoveryCode.used_at.is_(None))
        return len(list(session.scalars(select(Totp)))) + len(list(session.scalars(unused)))


def test_an_administrator_sees_a_persons_second_factors_and_removes_them_when_lost(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person_id = with_factors(world, "anna")
    phone, paula = Reader(world, "anna"), reader("paula")
    here = f"/admin/persons/{person_id}"
    assert "in use" in paula.get(f"{here}?tab=signin").text
    done = paula.post(f"{here}/factors/reset", f"{here}?tab=signin")
    assert done.location == f"{here}?tab=signin"
    assert left(world) == 0
    assert phone.get("/account").status_code == 303
    with Session(world.engine) as session:
        assert login_sessions.living(session, person_id) == []
    (event,) = world.events("signin:factor:reset")
    assert (event.subject_id, event.actor_id) == (person_id, world.ids["paula"])
    assert event.envelope == {"totp": True, "passkeys": 0}
    assert paula.force(f"{here}/factors/reset").status_code == 404


def test_a_one_time_code_is_shown_once_with_a_letter_for_paper_in_the_persons_language(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sanna, here = reader("sanna"), f"/admin/persons/{world.ids['oona']}"
    answer = sanna.post(f"{here}/sign-in-code", f"{here}?tab=signin")
    letter = re.search(
        r'<div class="paper-only">\s*<article class="letter" lang="fi">(.*?)</article>', answer.text, re.DOTALL
    )
    assert letter is not None
    on_screen, on_paper = (re.search(rf">({CODE})</{tag}>", answer.text) for tag in ("code", "dd"))
    assert on_screen is not None
    assert on_paper is not None
    assert on_screen[1] == on_paper[1]
    for said in ("Oona Oppilas", "Kertakoodi", "<dd>oona</dd>", "<dd>http://localhost:8080/first-code</dd>", "klo"):
        assert said in letter[1], said
    assert "letter.css" in answer.text
    later = sanna.get(f"{here}?tab=signin").text
    assert "letter" not in later
    assert on_screen[1] not in later


def test_who_lacks_the_permission_sees_the_factors_and_cannot_remove_them(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person_id = with_factors(world, "anna")
    sanna, here = reader("sanna"), f"/admin/persons/{person_id}"
    page = sanna.get(f"{here}?tab=signin")
    assert "in use" in page.text
    assert "factors/reset" not in page.text
    assert sanna.force(f"{here}/factors/reset").status_code == 404
    assert left(world) == 11


def test_se_06_an_administrator_proves_who_they_are_again_before_changing_what_others_sign_in_with(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person_id = with_factors(world, "anna")
    paula, here = reader("paula"), f"/admin/persons/{person_id}"
    aged = update(LoginSessionRow).values(auth_time=clock.now() - timedelta(minutes=5, seconds=1))
    with Session(world.engine) as session, session.begin():
        session.execute(aged.where(LoginSessionRow.id == paula.session_id))
    for act in ("factors/reset", "sign-in-code"):
        asked = paula.post(f"{here}/{act}", f"{here}?tab=signin")
        assert asked.location.startswith("/factor?flow="), act
        assert paula.get(asked.location).location.startswith("/login?flow=")
    assert left(world) == 11
    assert world.events("signin:code:issued") == []


def test_nobody_resets_an_administrator_of_more_than_they_administer(
    world: World, reader: Callable[[str], Reader]
) -> None:
    employ(world, "paula", "KOIVU", "Pääkäyttäjä")
    person_id, sanna = with_factors(world, "paula"), world.ids["sanna"]
    world.write(
        AdminGrant(person_id=sanna, permission="factors.reset", organisation_id=world.ids["KOIVU"], **world.lasting())
    )
    assert reader("sanna").force(f"/admin/persons/{person_id}/factors/reset").status_code == 403
    assert left(world) == 11
