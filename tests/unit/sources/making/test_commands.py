"""Sources made and changed on pages, on both databases: what is refused, what stays, and what the log says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.apply.export import as_data, in_yaml
from iam.apply.run import run_apply
from iam.audit.log import AuditEvent
from iam.change import Actor, Change
from iam.directory.source import Source
from iam.errors import Conflict, Invalid
from iam.sources.making import commands
from iam.sources.making.files import Files
from iam.web import extension
from tests.kit.worlds.admin import World, build

SECRET = "hunter2hunter2"
LDAP = {"url": "ldaps://ldap.example", "bind_dn": "cn=avain,dc=example", "base_dn": "dc=example"}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """Two towns, on SQLite and on PostgreSQL."""
    made = build(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    """A transaction that is looked at before it ends."""
    with Session(world.engine) as made, made.begin():
        yield made


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    """The folder of the files that pages may name."""
    folder = tmp_path / "feeds"
    (folder / "MANSIKKALA").mkdir(parents=True)
    return folder


def town(world: World, name: str = "MANSIKKALA") -> Part:
    return Part(False, frozenset({world.ids[name]}))


def said(path: Path | str, **more: Any) -> dict[str, Any]:
    usual = {"key": "palkat", "owner": "MANSIKKALA", "connector": "hr", "purpose": "Palkat"}
    return usual | {"settings": {"path": str(path)}} | more


def make(session: Session, world: World, feeds: Path, **more: Any) -> Source:
    given = said(feeds / "MANSIKKALA" / "hr.csv") | more
    return commands.make(session, given, town(world), Files(feeds), Actor(world.ids["paula"]))


def fields(error: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return {str(problem.field) for problem in error.value.problems}


def events(session: Session, type_: str) -> list[AuditEvent]:
    return list(session.scalars(select(AuditEvent).where(AuditEvent.type == type_)))


def test_a_source_is_made_out_of_use_with_its_change_and_its_event(world: World, session: Session, feeds: Path) -> None:
    made = make(session, world, feeds)
    assert (made.disabled, made.owner_id, made.zone) == (True, world.ids["MANSIKKALA"], "Europe/Helsinki")
    (event,) = events(session, "source:config:made")
    assert event.envelope == {"source": "palkat", "connector": "hr"}
    assert event.organisation_id == world.ids["MANSIKKALA"]
    assert session.get_one(Change, event.change_id).actor_person_id == world.ids["paula"]


@pytest.mark.parametrize("owner", ["MUSTIKKALA", "ROOT", "EIOLE"])
def test_an_owner_outside_the_part_looks_as_if_it_did_not_exist(
    world: World, session: Session, feeds: Path, owner: str
) -> None:
    with pytest.raises(Invalid) as error:
        make(session, world, feeds, owner=owner)
    assert fields(error) == {"owner"}


def test_a_key_is_given_once(world: World, session: Session, feeds: Path) -> None:
    make(session, world, feeds)
    with pytest.raises(Conflict):
        make(session, world, feeds)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"key": "two words"}, "key"),
        ({"purpose": ""}, "purpose"),
        ({"zone": "Europe/Turku"}, "zone"),
        ({"schedule": "nightly"}, "schedule"),
        ({"deadline": "x"}, "deadline"),
        ({"settings": {}}, "settings.path"),
        ({"settings": {"path": "hr.csv"}}, "settings.path"),
        ({"settings": {"path": "/etc/passwd"}}, "settings.path"),
        ({"priority": 5}, "priority"),
        ({"connector": "claims"}, "connector"),
        ({"matching": {"employment": {"person": {"key": "henkilonumero"}}}}, "matching.employment.person.as"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_field(
    world: World, session: Session, feeds: Path, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        make(session, world, feeds, **more)
    assert fields(error) == {field}
    assert session.scalars(select(Source).where(Source.key == "palkat")).all() == []


def test_nobody_names_the_file_of_another_town_not_even_by_a_way_around(
    world: World, session: Session, feeds: Path
) -> None:
    (feeds / "MUSTIKKALA").mkdir()
    (feeds / "MANSIKKALA" / "link").symlink_to(feeds / "MUSTIKKALA")
    for path in (
        feeds / "MUSTIKKALA" / "hr.csv",
        feeds / "MANSIKKALA" / ".." / "MUSTIKKALA" / "hr.csv",
        feeds / "MANSIKKALA" / "link" / "hr.csv",
    ):
        with pytest.raises(Invalid) as error:
            make(session, world, feeds, settings={"path": str(path)})
        assert fields(error) == {"settings.path"}


def test_a_secret_that_is_not_said_stays_and_no_event_holds_it(world: World, session: Session, feeds: Path) -> None:
    made = make(session, world, feeds, connector="ldap", settings=LDAP | {"bind_password": SECRET})
    actor = Actor(world.ids["paula"])
    changed = {"settings": LDAP | {"base_dn": "ou=town,dc=example"}}
    assert commands.change(session, made, changed, town(world), Files(feeds), actor) == {"settings"}
    assert made.settings["bind_password"] == SECRET
    (event,) = events(session, "source:config:changed")
    assert event.envelope == {"source": "palkat", "fields": ["settings"]}
    assert all(SECRET not in str(one.envelope) for one in session.scalars(select(AuditEvent)))


def test_a_secret_is_not_sent_to_another_address_than_the_one_it_was_given_for(
    world: World, session: Session, feeds: Path
) -> None:
    made = make(session, world, feeds, connector="ldap", settings=LDAP | {"bind_password": SECRET})
    elsewhere = {"settings": LDAP | {"url": "ldaps://elsewhere.example"}}
    with pytest.raises(Invalid) as error:
        commands.change(session, made, elsewhere, town(world), Files(feeds), Actor(world.ids["paula"]))
    assert fields(error) == {"settings.bind_password"}


def test_what_is_said_again_changes_nothing_and_is_no_event(world: World, session: Session, feeds: Path) -> None:
    made, actor = make(session, world, feeds), Actor(world.ids["paula"])
    same = {"purpose": "Palkat", "settings": dict(made.settings), "deadline": "120"}
    assert commands.change(session, made, same, town(world), Files(feeds), actor) == set()
    assert events(session, "source:config:changed") == []


def test_a_file_that_was_declared_at_the_server_stays_where_it_is(world: World, session: Session, feeds: Path) -> None:
    made = make(session, world, feeds)
    made.settings = {"path": "/srv/feeds/hr.csv"}
    actor = Actor(world.ids["paula"])
    commands.change(session, made, {"purpose": "Muu"}, town(world), Files(feeds), actor)
    assert made.purpose == "Muu"


def test_another_schedule_counts_from_when_it_is_seen(world: World, session: Session, feeds: Path) -> None:
    made = make(session, world, feeds, schedule="15 2 * * *")
    made.scheduled_at = clock.now()
    commands.change(session, made, {"schedule": "15 3 * * *"}, town(world), Files(feeds), Actor(world.ids["paula"]))
    assert (made.schedule, made.scheduled_at) == ("15 3 * * *", None)


def test_a_source_is_taken_into_use_and_out_of_it_each_with_its_event(
    world: World, session: Session, feeds: Path
) -> None:
    made, actor = make(session, world, feeds), Actor(world.ids["paula"])
    for _ in range(2):
        commands.resume(session, made, actor)
    assert not made.disabled
    for _ in range(2):
        commands.disable(session, made, actor)
    assert made.disabled
    assert [len(events(session, f"source:use:{act}")) for act in ("resumed", "paused")] == [1, 1]


def test_what_was_made_on_a_page_is_exported_and_applied_again_without_a_change(
    world: World, feeds: Path, tmp_path: Path
) -> None:
    vault = extension.parts_of(world.app).vault
    names = {"henkilonumero": "Hlönro", "palvelussuhdenumero": "Nro", "alkamispvm": "Alkupvm"}
    with Session(world.engine) as session, session.begin():
        made = make(session, world, feeds)
        settings = {"settings": made.settings | {"columns": names}, "schedule": "15 2 * * *"}
        commands.change(session, made, settings, town(world), Files(feeds), Actor(world.ids["paula"]))
    with Session(world.engine) as session, session.begin():
        text = in_yaml({"sources": [row for row in as_data(session)["sources"] if row["key"] == "palkat"]})
    file = tmp_path / "exported.yaml"
    file.write_text(text, encoding="utf-8")
    with Session(world.engine) as session, session.begin():
        report = run_apply(session, [file], {}, Actor(world.ids["paula"]), vault)
        assert list(report.problems) == []
        assert report.counts["create"] == report.counts["change"] == 0
