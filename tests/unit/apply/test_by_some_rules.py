"""Whoever changes a role, an application or a list of occupations moves the rights that rest on it, and no other way
would have moved more."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from iam.access.derivation.derive import Counts, derive
from iam.access.model.assignment import Assignment
from iam.access.model.role import Role
from iam.change import SYSTEM, begin
from iam.signin.accounts.account import Account

from .conftest import EVERYTHING, Apply

AINO, PIRKKO = ("aino.esimerkki", "opettaja"), ("pirkko.psykologi", "psykologi")
PSYCHOLOGIST = "content: [nimi:read], name: {fi: Psykologi}}"
BESIDE = "{key: psykologi, enforcement: by token, content: [nimi:read], name: {fi: Psykologi}, includes: [apu]}"
HELP = "\n      - {key: apu, enforcement: by token, content: [nimi:read], name: {fi: Apu}}"
HELPED = EVERYTHING.replace("{key: psykologi, enforcement: by token, " + PSYCHOLOGIST, BESIDE + HELP)
CHANGES = {
    "an occupation is on the list no more": (EVERYTHING, ("codes: [luokanopettaja, ", "codes: ["), {PIRKKO}),
    "an occupation comes onto the list": (
        EVERYTHING.replace("codes: [luokanopettaja, ", "codes: ["),
        ("codes: [tuntiopettaja", "codes: [tuntiopettaja, luokanopettaja"),
        {AINO, PIRKKO},
    ),
    "a list belongs to somebody whose rules do not use it": (
        EVERYTHING,
        ("key: opettajat, codes", "key: opettajat, owner: mansikkala, codes"),
        {AINO, PIRKKO},
    ),
    "a role gives what no clause allows": (
        EVERYTHING,
        (PSYCHOLOGIST, PSYCHOLOGIST.replace("nimi:read", "nimi:read, osoite:read")),
        {AINO},
    ),
    "a role includes one that no clause allows": (
        EVERYTHING,
        (PSYCHOLOGIST, PSYCHOLOGIST[:-1] + ", includes: [opettaja]}"),
        {AINO},
    ),
    "a role that another includes gives what no clause allows": (
        HELPED,
        ("content: [nimi:read], name: {fi: Apu}", "content: [osoite:read], name: {fi: Apu}"),
        {AINO},
    ),
    "a role is called otherwise": (EVERYTHING, ("{fi: Psykologi}", "{fi: Koulupsykologi}"), {AINO, PIRKKO}),
    "an application belongs to another": (
        EVERYTHING,
        ("owner: mansikkala\n    name", "owner: konsortio\n    name"),
        {AINO, PIRKKO},
    ),
}


def held(session: Session) -> set[tuple[str, str]]:
    query = select(Account.login, Role.key).join(Assignment, Assignment.person_id == Account.person_id)
    rows = session.execute(query.join(Role, Role.id == Assignment.role_id).where(Assignment.closed_by.is_(None)))
    return {(login, role) for login, role in rows}


@pytest.mark.parametrize(("before", "change", "left"), CHANGES.values(), ids=CHANGES)
def test_after_a_change_people_have_what_the_rules_give_and_deriving_everybody_adds_nothing(
    apply: Apply, session: Session, frozen: datetime, before: str, change: tuple[str, str], left: set[tuple[str, str]]
) -> None:
    assert change[0] in before
    apply(before)
    report = apply(before.replace(*change))
    assert ([str(one) for one in report.problems], held(session)) == ([], left)
    assert derive(session, begin(session, "command", SYSTEM, "test")) == Counts(0, 0)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("code_lists: [{key: muut, owner: konsortio, codes: [siivooja]}]", 0),
        ("code_lists: [{key: opettajat, codes: [luokanopettaja]}]", 1),
    ],
    ids=["of no rule", "of one rule"],
)
def test_as_many_rules_are_run_as_read_what_was_changed(
    applied: Apply, session: Session, text: str, rules: int
) -> None:
    ran: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        ran.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    applied(text)
    event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len([one for one in ran if one.startswith("INSERT INTO match_")]) == rules
