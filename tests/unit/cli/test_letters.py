"""``iam person letters``: who gets one, what stands in it, and that nothing is lost when it cannot be written."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from click.testing import Result
from sqlalchemy import Engine, delete, event, func, insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.audit.log import AuditEvent
from iam.change import Actor
from iam.directory.affiliation import Affiliation
from iam.directory.person import Person
from iam.settings import Settings
from iam.signin.accounts import username_rules
from iam.signin.accounts.account import Account
from iam.signin.codes import first_code, letters
from iam.signin.flow import Around
from iam.signin.passwords.credentials import set_password
from iam.tokens.one_shot import OneShot
from tests.kit.factories import facts
from tests.kit.factories.access import admin_grant
from tests.kit.people import OTHER
from tests.kit.worlds.cli import World
from tests.unit.cli.test_cli import Cli

CODE = re.compile(r'<dd class="letter__code">([2-9A-Z]{5}-[2-9A-Z]{5})</dd>')


def write(iam: Cli, output: Path, *more: str, organisation: str = "MARJALA") -> Result:
    return iam("person", "letters", "--organisation", organisation, "--output", str(output), *more)


def redeem(engine: Engine, world: World, login: str, code: str) -> UUID | None:
    """Whose code it is."""
    with Session(engine) as session, session.begin():
        around = Around(Settings(), world.vault, Actor())
        known = first_code.redeem(session, login, code, "a browser", around).known
        return known.person_id if known else None


def count(engine: Engine, model: type[OneShot | AuditEvent], **where: str) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(model).filter_by(**where)) or 0


def test_everybody_there_without_a_password_gets_a_letter_in_their_own_language_that_only_the_owner_reads(
    iam: Cli, engine: Engine, world: World, tmp_path: Path
) -> None:
    output = tmp_path / "letters.html"
    done = write(iam, output, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["letters"], said["organisation"], said["file"]) == (2, "MARJALA", str(output))
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    page = output.read_text(encoding="utf-8")
    sheets = {sheet.split('"')[0]: sheet for sheet in page.split('<article class="letter" lang="')[1:]}
    assert sorted(sheets) == ["fi", "sv"]
    assert "Aino Virtanen" in sheets["fi"]
    assert ("<dd>aino</dd>" in sheets["fi"], "<dd>eino</dd>" in sheets["sv"]) == (True, True)
    assert "din engångskod" in sheets["sv"]
    assert page.count("http://localhost:8080/first-code</dd>") == 2
    assert "break-after: page" in page
    codes = {language: CODE.findall(sheet) for language, sheet in sheets.items()}
    assert redeem(engine, world, "aino", codes["fi"][0]) == world.ids["aino"]
    assert redeem(engine, world, "eino", codes["fi"][0]) is None
    assert redeem(engine, world, "eino", codes["sv"][0]) == world.ids["eino"]
    assert count(engine, AuditEvent, type="signin:code:printed") == 2
    assert all(code[0].replace("-", "") not in done.output for code in codes.values())


def test_a_letter_lasts_fourteen_days_and_until_the_next(
    frozen: datetime, at: Callable[[datetime], None], iam: Cli, engine: Engine, world: World, tmp_path: Path
) -> None:
    first, second = (_codes(write(iam, tmp_path / f"{n}.html"), tmp_path / f"{n}.html") for n in range(2))
    assert redeem(engine, world, "aino", first["aino"]) is None
    assert count(engine, OneShot, kind="first-code") == 2
    at(frozen + timedelta(days=14))
    assert redeem(engine, world, "aino", second["aino"]) is None
    at(frozen + timedelta(days=14, seconds=-1))
    assert redeem(engine, world, "aino", second["aino"]) == world.ids["aino"]


def _codes(done: Result, output: Path) -> dict[str, str]:
    assert done.exit_code == 0, done.output
    page = output.read_text(encoding="utf-8")
    return dict(zip(re.findall(r"<dd>([a-z]+)</dd>", page), CODE.findall(page), strict=True))


def test_a_code_on_paper_is_void_once_there_is_a_password(
    iam: Cli, engine: Engine, world: World, tmp_path: Path
) -> None:
    code = _codes(write(iam, tmp_path / "letters.html"), tmp_path / "letters.html")["aino"]
    with Session(engine) as session, session.begin():
        set_password(session, world.vault, world.ids["aino"], OTHER, Actor())
    assert redeem(engine, world, "aino", code) is None


def test_a_file_that_is_there_or_cannot_be_made_leaves_earlier_codes_as_they_are(
    iam: Cli, engine: Engine, world: World, tmp_path: Path
) -> None:
    output = tmp_path / "letters.html"
    code = _codes(write(iam, output), output)["aino"]
    before = output.read_bytes()
    link = tmp_path / "link.html"
    link.symlink_to(tmp_path / "elsewhere.html")
    for where, exit_code in ((output, 1), (link, 1), (tmp_path / "nowhere" / "letters.html", 2)):
        refused = write(iam, where)
        assert refused.exit_code == exit_code, refused.output
        assert where.name in refused.output
    assert output.read_bytes() == before
    assert not (tmp_path / "elsewhere.html").exists()
    assert redeem(engine, world, "aino", code) == world.ids["aino"]


def test_whoever_acts_needs_the_permission_over_that_organisation(
    iam: Cli, engine: Engine, world: World, tmp_path: Path
) -> None:
    output = tmp_path / "letters.html"
    refused = write(iam, output, "--as", "olli")
    assert (refused.exit_code, "codes.issue" in refused.output) == (1, True)
    with Session(engine) as session, session.begin():
        admin_grant(session, world.ids["olli"], "codes.issue", world.tree["KOIVU"])
    for organisation in ("MARJALA", "NOWHERE"):
        outside = write(iam, output, "--as", "olli", organisation=organisation)
        assert (outside.exit_code, "outside your part" in outside.output) == (2, True)
    assert not output.exists()
    assert count(engine, OneShot) == 0
    done = write(iam, output, "--as", "olli", organisation="KOIVU")
    assert (done.exit_code, done.output.split(":")[0]) == (0, "1 letters")
    with Session(engine) as session:
        assert session.scalars(select(AuditEvent.actor_id).filter_by(type="signin:code:printed")).all() == [
            world.ids["olli"]
        ]


def test_where_everybody_has_a_password_no_file_is_left(iam: Cli, engine: Engine, world: World, tmp_path: Path) -> None:
    with Session(engine) as session, session.begin():
        session.execute(delete(Affiliation).where(Affiliation.person_id != world.ids["olli"]))
    done = write(iam, tmp_path / "letters.html")
    assert (done.exit_code, done.output.startswith("0 letters")) == (0, True)
    assert not (tmp_path / "letters.html").exists()


def test_three_hundred_letters_cost_as_many_statements_as_two(engine: Engine, world: World, session: Session) -> None:
    def statements() -> tuple[int, int]:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        made = letters.make(session, world.vault, Settings(), world.tree["ROOT"], Actor())
        event.remove(engine, "before_cursor_execute", note)
        return len(made), len(seen)

    few, cost = statements()
    people = session.scalars(insert(Person).returning(Person.id), [{"sort_name": f"{n:03}"} for n in range(300)]).all()
    now, change = clock.now(), facts.change(session)
    place, entity = world.tree["KOIVU"], world.tree["MARJALA"]
    session.execute(
        insert(Account), [{"person_id": one, "login": f"p{n}", "language": None} for n, one in enumerate(people)]
    )
    session.execute(
        insert(Affiliation),
        [
            {
                "person_id": one,
                "organisation_id": place,
                "legal_entity_id": entity,
                "kind": "student",
                "opened_by": change.id,
                "valid_from": now - timedelta(days=1),
                "valid_to": now + timedelta(days=1),
            }
            for one in people
        ],
    )
    many, dearer = statements()
    assert (few, many) == (3, 303)
    assert dearer <= cost + 1


def test_who_came_before_the_rule_of_usernames_gets_one_and_then_a_letter(
    iam: Cli, engine: Engine, world: World, tmp_path: Path
) -> None:
    with Session(engine) as session, session.begin():
        session.execute(delete(Account).where(Account.login.in_(["aino", "eino"])))
    told = write(iam, tmp_path / "none.html")
    assert told.stdout == "0 letters: everybody there has a password or another way in, or no username.\n"
    assert "2 people got none: they have no username." in told.stderr
    assert iam("person", "usernames", "--organisation", "MARJALA").stdout == "0 people got a username.\n"
    with Session(engine) as session, session.begin():
        username_rules.state(session, {world.tree["MARJALA"]: {"employee": "given.family"}})
    assert iam("person", "usernames", "--organisation", "MARJALA").stdout == "2 people got a username.\n"
    assert write(iam, tmp_path / "two.html").stdout.startswith("2 letters")
    page = (tmp_path / "two.html").read_text(encoding="utf-8")
    assert sorted(re.findall(r"<dd>(aino\.[a-z0-9]+)</dd>", page)) == ["aino.virtanen", "aino.virtanen2"]


def test_an_administrator_at_the_server_gives_usernames_only_where_they_may_give_codes(
    iam: Cli, engine: Engine, world: World
) -> None:
    with Session(engine) as session, session.begin():
        session.execute(delete(Account).where(Account.login == "aino"))
        username_rules.state(session, {world.tree["ROOT"]: {"employee": "given.family"}})
        admin_grant(session, world.ids["olli"], "codes.issue", world.tree["KUUSILA"])
    outside = iam("person", "usernames", "--organisation", "MARJALA", "--as", "olli")
    assert (outside.exit_code, "outside your part" in outside.output) == (2, True)
