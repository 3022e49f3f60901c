"""Two administrators make one of the same key at the same moment: the second gets the form back with what was typed,
and learns beside the field that there is one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import DataGroup, Role, RoleVersion
from iam.access.model.rule import CodeList, CodeListOwner, Rule
from iam.database.types import uuid7
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation
from tests.flows.api.test_calling import problem
from tests.flows.api.test_rules import RULE
from tests.kit.peers import api
from tests.kit.peers.api import Caller
from tests.kit.worlds.admin import Reader, World, build, hidden

SECONDS = 60
ROLE = {"key": "kanslisti", "name_fi": "Kanslisti", "enforcement": "by token", "handed_out": "owner"}
SCHOOL = {"key": "LEPPA", "kind": "school", "name.fi": "Leppäkoulu", "name.sv": "", "name.en": ""}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """The consortium, on SQLite and on PostgreSQL."""
    made = build(database_url, tmp_path, api.fill)
    yield made
    made.engine.dispose()


def beside_another(world: World, rows: list[Any], act: Callable[[], Any]) -> Any:
    """Do something while somebody else has written ``rows``, which nobody sees until it is under way."""
    with ThreadPoolExecutor(1) as pool, Session(world.engine) as other:
        other.add_all(rows)
        other.flush()
        doing = pool.submit(act)
        waited_for(world, doing)
        other.commit()
        return doing.result(SECONDS)


def waited_for(world: World, doing: Future[Any]) -> None:
    """Return once somebody waits for what another wrote; on SQLite one writes at a time, and whoever comes second sees
    it."""
    if world.engine.dialect.name == "sqlite":
        return
    end = time.monotonic() + SECONDS
    query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
    with world.engine.connect() as connection:
        while time.monotonic() < end and not doing.done():
            if connection.scalar(query):
                return
    raise AssertionError("nobody waits")


def role(world: World) -> list[Any]:
    row = Role(id=uuid7(), application_id=world.ids["wilma"], key="kanslisti")
    version = RoleVersion(role_id=row.id, n=1, name={"fi": "Toinen"}, enforcement="by token")
    version.change_id = world.ids["change"]
    return [row, version]


def after_look(paula: Reader, path: str, act: dict[str, str], **typed: str) -> Callable[[], Any]:
    """Look at what is typed, and return what does it."""
    shown = paula.post(path, path, **typed)
    kept = hidden(shown, path) | act
    seen = re.search(r'name="seen" value="([^"]+)"', shown.text)
    kept |= {"seen": seen[1]} if seen else {}
    kept.pop("csrf_token")
    return lambda: paula.force(path, **{**typed, **kept})


def name_of(world: World, key: str) -> str:
    return str(world.ids[key])


def organisation(world: World) -> list[Any]:
    names = {f"name_{one}": "Toinen" for one in ("fi", "sv", "en")}
    return [Organisation(id=uuid7(), key="LEPPA", kind="school", **names)]


def test_a_role_that_somebody_else_made_at_the_same_moment(world: World) -> None:
    path = "/admin/applications/wilma/new-role"
    act = after_look(Reader(world, "paula").let_in(), path, {}, **ROLE)
    answer = beside_another(world, role(world), act)
    assert answer.status_code == 422, answer.text
    assert "There is a role of that code already." in answer.text
    assert 'value="Kanslisti"' in answer.text


def test_an_organisation_that_somebody_else_added_at_the_same_moment(world: World) -> None:
    path, day = f"/admin/organisations/{world.ids['MANSIKKALA']}/acts/add", clock.today() - timedelta(days=30)
    paula = Reader(world, "paula").let_in()
    act = after_look(paula, path, {"act": "do"}, day=day.isoformat(), **SCHOOL)
    answer = beside_another(world, organisation(world), act)
    assert 400 <= answer.status_code < 500, answer.text
    assert "This key is taken." in answer.text
    assert 'value="Leppäkoulu"' in answer.text


def test_a_list_that_somebody_else_made_at_the_same_moment(world: World) -> None:
    typed = {"key": "uudet", "owner": "KOIVU", "more": "rehtori"}
    act = after_look(Reader(world, "paula").let_in(), "/admin/new-code-list", {"act": "do"}, **typed)
    rows = [CodeList(key="uudet", code="rehtori"), CodeListOwner(key="uudet", owner_id=world.ids["KOIVU"])]
    answer = beside_another(world, rows, act)
    assert 400 <= answer.status_code < 500, answer.text
    assert 'href="#key"' in answer.text
    assert 'value="uudet"' in answer.text


def test_a_group_that_somebody_else_made_at_the_same_moment(world: World) -> None:
    typed = {"name": "Kuoron väki", "organisation": name_of(world, "KOIVU")}
    paula = Reader(world, "paula").let_in()
    rows = [Group(organisation_id=world.ids["KOIVU"], key="kuoron-vaki", name="Kuoro")]
    answer = beside_another(world, rows, lambda: paula.force("/admin/new-group", **typed))
    assert answer.status_code == 422, answer.text
    assert "There is such a group already" in answer.text
    assert 'value="Kuoron väki"' in answer.text


def test_a_data_group_that_somebody_else_named_at_the_same_moment(world: World) -> None:
    path, paula = "/admin/applications/wilma/new-data-group", Reader(world, "paula").let_in()
    typed = hidden(paula.get(path), path) | {"key": "kurssit", "name_fi": "Kurssit"}
    typed.pop("csrf_token")
    rows = [DataGroup(application_id=world.ids["wilma"], key="kurssit", name={"fi": "Toinen"})]
    answer = beside_another(world, rows, lambda: paula.force(path, **typed))
    assert 400 <= answer.status_code < 500, answer.text
    assert 'value="kurssit"' in answer.text


def test_by_the_api_it_is_a_conflict_that_names_the_field(world: World) -> None:
    paula = Caller(world, "paula")
    body = {"key": "kanslisti", "names": {"fi": "Kanslisti"}, "enforcement": "by token"}
    said = {"Idempotency-Key": "kerran"}
    answer = beside_another(world, role(world), lambda: paula.post("/roles/wilma", body, said))
    assert problem(answer) == (409, "conflict")
    assert answer.get_json()["problems"][0]["field"] == "key"
    rows = [Rule(key="uusi", owner_id=world.ids["KOIVU"])]
    answer = beside_another(world, rows, lambda: paula.post("/rules", RULE))
    assert problem(answer) == (409, "conflict")
    assert answer.get_json()["problems"][0]["field"] == "key"
