"""A declaration that waits is approved without its files: what was said is kept sealed until somebody decides."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from iam.access.model.proposal import Proposal
from iam.audit.log import AuditEvent

from .conftest import Run
from .test_guarded import PUPILS, propose, pupils, rights

__all__ = ["pupils"]


def waiting(run: Run, who: str = "outi.operaattori") -> list[dict[str, object]]:
    result = run("plan", "list", "--json", "--as", who)
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def kept(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(Proposal.sealed.is_not(None))) or 0


def test_a_second_person_approves_it_although_the_file_is_gone(run: Run, pupils: Path, engine: Engine) -> None:
    digest = propose(run, pupils)
    pupils.unlink()
    (one,) = waiting(run)
    assert (one["name"], one["gain"], one["lose"]) == (f"declaration/{digest[:12]}", 30, 0)
    shown = run("plan", "show", str(one["name"]), "--as", "outi.operaattori")
    assert "+ rule  oppilaat" in shown.output
    assert "people gain something at once" in shown.output
    approved = run("plan", "approve", str(one["name"]), "--as", "outi.operaattori")
    assert (approved.exit_code, rights(engine), waiting(run), kept(engine)) == (0, 30, [], 0), approved.output


def test_what_is_approved_is_what_was_said_not_what_the_file_says_since(run: Run, pupils: Path, engine: Engine) -> None:
    name = f"declaration/{propose(run, pupils)[:12]}"
    pupils.write_text(PUPILS.replace("kind: student", "kind: employee"), encoding="utf-8")
    assert run("plan", "approve", name, "--as", "outi.operaattori").exit_code == 0
    assert rights(engine) == 30


def test_who_proposed_it_and_the_operator_of_the_server_do_not_approve_it(
    run: Run, pupils: Path, engine: Engine
) -> None:
    name = f"declaration/{propose(run, pupils)[:12]}"
    for who in (["--as", "olli.operaattori"], []):
        refused = run("plan", "approve", name, *who)
        assert (refused.exit_code, rights(engine)) == (1, 0), refused.output


def test_whoever_administers_a_part_is_not_told_that_it_waits(run: Run, pupils: Path) -> None:
    name = f"declaration/{propose(run, pupils)[:12]}"
    assert waiting(run, "aino.esimerkki") == []
    assert run("plan", "approve", name, "--as", "aino.esimerkki").exit_code == 2


def test_what_was_refused_with_a_reason_waits_no_longer_and_its_texts_are_gone(
    run: Run, pupils: Path, engine: Engine
) -> None:
    name = f"declaration/{propose(run, pupils)[:12]}"
    assert run("plan", "refuse", name, "--reason", " ", "--as", "outi.operaattori").exit_code == 2
    assert kept(engine) == 1
    assert run("plan", "refuse", name, "--reason", "liian moni", "--as", "outi.operaattori").exit_code == 0
    assert (waiting(run), kept(engine), rights(engine)) == ([], 0, 0)
    with Session(engine) as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.type == "config:file:refused")).one()
    assert event.envelope["reason"] == "liian moni"


def test_effects_that_moved_meanwhile_are_not_approved(run: Run, pupils: Path, engine: Engine) -> None:
    name = f"declaration/{propose(run, pupils)[:12]}"
    with Session(engine) as session, session.begin():
        session.execute(text("UPDATE affiliation SET closed_by = opened_by WHERE kind = 'student'"))
    moved = run("plan", "approve", name, "--as", "outi.operaattori")
    assert (moved.exit_code, rights(engine), kept(engine)) == (4, 0, 1), moved.output


def test_no_password_of_a_declaration_that_waits_can_be_read_in_the_database(
    run: Run, pupils: Path, engine: Engine
) -> None:
    secret = "kuudes-koivu-kaatuu-2003"
    pupils.write_text(
        PUPILS
        + f"persons:\n  - {{login: uusi.ihminen, given_names: Uusi, family_name: Ihminen, password: {secret}}}\n",
        encoding="utf-8",
    )
    propose(run, pupils)
    with Session(engine) as session:
        (sealed,) = session.scalars(select(Proposal.sealed)).all()
    assert sealed is not None
    assert secret.encode() not in sealed
