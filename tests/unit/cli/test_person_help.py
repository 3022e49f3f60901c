"""``iam person code|end|restore|reset-factors|sign-out``: the night when no administrator can sign in."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent
from iam.delivery.outbox import Message
from iam.signin import step_up
from iam.signin.addresses.notices import KIND
from iam.signin.factors import recovery, totp
from iam.tokens import session as login_sessions
from tests.kit.factories.access import admin_grant
from tests.kit.factories.facts import WORKING_DAY
from tests.kit.people import add_person
from tests.kit.proofs import code_of
from tests.kit.worlds.cli import World
from tests.unit.cli.test_cli import Cli, events

WHY = ("--reason", "called at night")


@pytest.fixture
def eino(engine: Engine, world: World) -> UUID:
    """An administrator of everything, with time codes, recovery codes and a sign-in."""
    person_id = world.ids["eino"]
    with Session(engine) as session, session.begin():
        shown = totp.begin(session, world.vault, person_id, "eino", "Marjala")
        assert totp.confirm(session, world.vault, person_id, code_of(shown.secret))
        recovery.renew(session, world.vault, person_id)
        admin_grant(session, person_id, "admin", world.tree["ROOT"])
        login_sessions.start(session, person_id, WORKING_DAY, acr="", amr=["pwd"], agent="test")
    return person_id


def told(engine: Engine, person_id: UUID) -> list[str]:
    """Of which acts the person is told by mail."""
    with Session(engine) as session:
        rows = session.scalars(select(Message).where(Message.kind == KIND).order_by(Message.id))
        return [row.payload["act"] for row in rows if row.payload["person"] == str(person_id)]


def test_the_operator_helps_even_an_administrator_of_everything_with_reason_and_event(
    iam: Cli, engine: Engine, eino: UUID
) -> None:
    made = iam("person", "code", "eino", *WHY, "--json")
    assert len(json.loads(made.stdout)["code"]) == 11
    reset = iam("person", "reset-factors", "eino", *WHY, "--json")
    assert json.loads(reset.stdout) == {"login": "eino", "removed": True, "sessions": 1}
    assert json.loads(iam("person", "end", "eino", *WHY, "--json").stdout) == {"login": "eino", "whole": True}
    assert json.loads(iam("person", "restore", "eino", *WHY, "--json").stdout) == {"login": "eino"}
    with Session(engine) as session:
        assert not step_up.held(session, eino)
        written = {one.type: one for one in session.scalars(select(AuditEvent).where(AuditEvent.subject_id == eino))}
    for type_ in ("signin:code:issued", "signin:factor:reset"):
        assert written[type_].envelope["reason"] == "called at night", type_
        assert written[type_].actor_id is None
    assert {"person:access:ended", "person:access:restored"} <= written.keys()
    assert told(engine, eino) == ["code", "factors", "ended", "restored"]


def test_one_persons_sign_ins_are_ended_from_the_server(iam: Cli, engine: Engine, eino: UUID) -> None:
    assert iam("person", "sign-out").exit_code == 2
    assert iam("person", "sign-out", "eino", "--organisation", "MARJALA").exit_code == 2
    assert iam("person", "sign-out", "eino").exit_code == 2, "a reason is needed"
    assert json.loads(iam("person", "sign-out", "eino", *WHY, "--json").stdout) == {"login": "eino", "sessions": 1}
    (event,) = events(engine, "signin:session:ended")
    assert event.envelope["reason"] == "called at night"


def test_with_as_the_command_line_gives_nothing_that_the_pages_would_not(
    iam: Cli, engine: Engine, world: World, eino: UUID
) -> None:
    with Session(engine) as session, session.begin():
        for permission in ("codes.issue", "factors.reset", "access.end", "sessions.end"):
            admin_grant(session, world.ids["olli"], permission, world.tree["KOIVU"])
            admin_grant(session, world.ids["iiris"], permission, world.tree["MARJALA"])
        world.employ(session, "aino", "KUUSILA")
    assert iam("person", "code", "aino", "--as", "olli").exit_code != 0
    assert "does not hold all" in iam("person", "code", "aino", "--as", "olli").output
    assert "administrator of more" in iam("person", "code", "eino", "--as", "iiris").output
    assert "administrator of more" in iam("person", "sign-out", "eino", *WHY, "--as", "iiris").output
    assert "outside your part" in iam("person", "end", "iiris", *WHY, "--as", "olli").output
    assert json.loads(iam("person", "sign-out", "--organisation", "MARJALA", "--as", "iiris", "--json").stdout) == {
        "organisation": "MARJALA",
        "sessions": 0,
    }
    assert events(engine, "signin:code:issued") == []
    ended = iam("person", "end", "aino", *WHY, "--as", "olli", "--json")
    assert json.loads(ended.stdout) == {"login": "aino", "whole": False}


def test_letters_go_to_nobody_who_is_elsewhere_too(iam: Cli, engine: Engine, world: World, tmp_path: object) -> None:
    with Session(engine) as session, session.begin():
        admin_grant(session, world.ids["olli"], "codes.issue", world.tree["MARJALA"])
        admin_grant(session, world.ids["eino"], "rules.write", world.tree["KOIVU"])
        world.employ(session, "aino", "KUUSILA")
        world.ids["venla"] = add_person(session, world.vault, "venla", None)
        world.employ(session, "venla", "KOIVU")
    output = f"{tmp_path}/letters.html"
    written = iam("person", "letters", "--organisation", "MARJALA", "--output", output, "--as", "olli", "--json")
    assert (json.loads(written.stdout)["letters"], json.loads(written.stdout)["left_out"]) == (1, 2), (
        "one is elsewhere too, one administers what Olli does not"
    )
    with open(output, encoding="utf-8") as file:
        assert "<dd>venla</dd>" in file.read()
