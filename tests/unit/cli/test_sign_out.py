"""``iam person sign-out``: everybody's sign-ins of an organisation end at once, with what they had given (SE-05)."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from iam import clock
from iam.audit.log import AuditEvent
from iam.change import SYSTEM
from iam.database.types import uuid7
from iam.delivery.outbox import Message
from iam.signin.accounts import ending
from iam.signin.factors import levels
from iam.tokens import grant, session as login_sessions
from iam.tokens.grant import Grant, GrantRow
from iam.tokens.session import LoginSessionRow
from tests.kit.factories import facts
from tests.kit.worlds.cli import World
from tests.unit.cli.test_cli import Cli

DEAF = "deaf"


def sign_in(session: Session, person_id: UUID) -> None:
    """Two sign-ins of a person, and a grant in each."""
    for _ in range(2):
        login, _secret = login_sessions.start(
            session, person_id, facts.WORKING_DAY, acr=levels.PASSWORD, amr=("pwd",), agent=""
        )
        now = clock.now()
        grant.store(
            session,
            Grant(
                uuid7(), person_id, DEAF, None, login.id, "openid", now, levels.PASSWORD, now, now + timedelta(days=1)
            ),
        )


def living(engine: Engine) -> dict[UUID, tuple[int, int]]:
    """How many sessions and grants of each person are not over."""
    with Session(engine) as session:
        sessions = list(session.scalars(select(LoginSessionRow.person_id).where(LoginSessionRow.ended_at.is_(None))))
        grants = list(session.scalars(select(GrantRow.person_id).where(GrantRow.revoked_at.is_(None))))
    return {one: (sessions.count(one), grants.count(one)) for one in {*sessions, *grants}}


def test_se_05_every_sign_in_of_an_organisations_people_ends_and_nobody_elses(
    iam: Cli, engine: Engine, world: World
) -> None:
    with Session(engine) as session, session.begin():
        for login in ("aino", "eino", "iiris"):
            sign_in(session, world.ids[login])
    done = iam("person", "sign-out", "--organisation", "MARJALA", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"organisation": "MARJALA", "sessions": 4}
    assert living(engine) == {world.ids["iiris"]: (2, 2)}
    with Session(engine) as session:
        (told,) = session.scalars(select(AuditEvent).where(AuditEvent.type == "signin:organisation:ended"))
        assert (told.organisation_id, told.envelope) == (world.tree["MARJALA"], {"sessions": 4, "grants": 4})
        assert list(session.scalars(select(Message))) == [], "this application has no address to be told at"
    assert json.loads(iam("person", "sign-out", "--organisation", "MARJALA", "--json").stdout)["sessions"] == 0


def test_an_organisation_that_is_not_there_is_told_as_one_outside_the_part(iam: Cli, world: World) -> None:
    refused = iam("person", "sign-out", "--organisation", "NOWHERE")
    assert refused.exit_code == 2
    assert "outside your part" in refused.output


def test_ending_takes_the_same_number_of_statements_however_many_are_signed_in(engine: Engine, world: World) -> None:
    counts = []
    for times in (1, 8):
        with Session(engine) as session, session.begin():
            for _ in range(times):
                sign_in(session, world.ids["aino"])
                sign_in(session, world.ids["eino"])
        sent: list[str] = []
        with Session(engine) as session, session.begin():
            session.connection()

            def heard(_connection: object, _cursor: object, statement: str, *_: object, sent: list[str] = sent) -> None:
                sent.append(statement)

            event.listen(engine, "before_cursor_execute", heard)
            assert ending.end_of(session, SYSTEM, world.tree["MARJALA"]) == times * 4
            event.remove(engine, "before_cursor_execute", heard)
        counts.append(len(sent))
    assert counts[0] == counts[1]
