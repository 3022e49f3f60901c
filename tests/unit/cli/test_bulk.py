"""``iam bulk``: an act for those named in a file, looked at and done, within the part of who asks."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import Assignment
from iam.directory.organisation import Organisation
from tests.kit.factories import access
from tests.kit.worlds.cli import World
from tests.unit.cli.test_cli import Cli


def test_an_act_for_those_in_a_file_is_looked_at_and_then_done(
    iam: Cli, engine: Engine, world: World, tmp_path: Path
) -> None:
    with Session(engine) as session, session.begin():
        top = session.scalars(select(Organisation).where(Organisation.key == "MARJALA")).one()
        access.role(session, access.application(session, top.id))
    file, last = tmp_path / "people.txt", (clock.today() + timedelta(days=30)).isoformat()
    file.write_text("aino\neino\nnobody\n", encoding="utf-8")
    said = ["--set=role=wilma:opettaja", "--set=scope=MARJALA", f"--set=until={last}", "--set=reason=Kerho"]
    look = iam("bulk", "give-right", "--people", str(file), *said, "--dry-run", "--json")
    assert look.exit_code == 0, look.output
    shown = json.loads(look.stdout)
    assert (shown["not_found"], shown["done"]) == (["nobody"], False)
    assert shown["people"] == shown["gain"] >= 1
    with Session(engine) as session:
        assert session.scalars(select(Assignment)).all() == []
    done = iam("bulk", "give-right", "--people", str(file), *said)
    assert done.exit_code == 0, done.output
    assert "? nobody" in done.stdout
    with Session(engine) as session:
        assert len({one.person_id for one in session.scalars(select(Assignment))}) == shown["people"]


def test_what_is_wrong_is_told_with_its_field(iam: Cli, world: World, tmp_path: Path) -> None:
    file = tmp_path / "people.txt"
    file.write_text("aino\n", encoding="utf-8")
    wrong = iam("bulk", "give-right", "--people", str(file), "--set", "role")
    assert wrong.exit_code == 2
    assert "Write --set FIELD=VALUE." in wrong.output
