"""``iam explain`` leaves an event about the person whose rights were read, and none about nobody."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent
from tests.kit.worlds.cli import World
from tests.unit.cli.test_cli import Cli


def read(engine: Engine) -> list[object]:
    with Session(engine) as session:
        found = select(AuditEvent.subject_id).where(AuditEvent.type == "person:rights:explained")
        return list(session.scalars(found))


def test_that_somebody_read_why_a_person_holds_rights_is_written_down(iam: Cli, engine: Engine, world: World) -> None:
    assert iam("explain", "aino").exit_code == 0
    assert iam("explain", "eioleolemassa").exit_code != 0
    assert read(engine) == [world.ids["aino"]]
