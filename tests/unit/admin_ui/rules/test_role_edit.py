"""A role made and changed on pages: its effect first, content by ticking, and nothing of another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.access.model.role import Role, RoleContent, RoleVersion
from iam.access.pages.listing import roles_around
from iam.directory.source import Acceptance
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, employ, give, hidden, person
from tests.unit.admin_ui.rules.test_rules import told

NEW = "/admin/applications/wilma/new-role"
ROLE = "/admin/roles/wilma/opettaja"
EDIT = f"{ROLE}/edit"
CLERK = {
    "key": "kanslisti",
    "name_fi": "Kanslisti",
    "name_sv": "Kanslist",
    "name_en": "Clerk",
    "enforcement": "by token",
    "more": "oppilaat:read\nlukujarjestys:write",
    "includes": "opettaja",
    "handed_out": "owner",
}
TEACHER = {"name_fi": "Opettaja", "enforcement": "at use", "more": "poissaolot:write", "handed_out": "enabled"}


def saved(reader: Reader, path: str, **fields: str) -> Any:
    """The answer to saving what was looked at."""
    shown = reader.post(path, path, **fields)
    assert shown.status_code == 200, told(shown)
    seen = re.search(r'name="seen" value="([^"]+)"', shown.text)
    assert seen is not None, told(shown)
    return reader.force(path, **fields, stood=hidden(shown, path)["stood"], seen=seen[1])


def newest(world: World, key: str) -> tuple[RoleVersion, list[str]]:
    with Session(world.engine) as session:
        query = select(RoleVersion).join(Role, Role.id == RoleVersion.role_id).where(Role.key == key)
        found = session.scalars(query.order_by(RoleVersion.n.desc())).first()
        assert found is not None
        content = select(RoleContent).where(RoleContent.role_version_id == found.id)
        return found, sorted(f"{one.data_group}:{one.operation}" for one in session.scalars(content))


def test_a_role_is_made_with_its_names_content_and_what_it_includes(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    shown = told(paula.post(NEW, NEW, **CLERK))
    for words in (
        "Added: lukujarjestys: changing; oppilaat: reading.",
        "Includes from now on: Opettaja.",
        "Nobody gains",
    ):
        assert words in shown
    with Session(world.engine) as session:
        assert session.scalars(select(Role).where(Role.key == "kanslisti")).first() is None
    assert saved(paula, NEW, **CLERK).location == "/admin/roles/wilma/kanslisti"
    version, content = newest(world, "kanslisti")
    assert (dict(version.name), content) == (
        {"fi": "Kanslisti", "sv": "Kanslist", "en": "Clerk"},
        ["lukujarjestys:write", "oppilaat:read"],
    )
    with Session(world.engine) as session:
        assert roles_around(session, version.role_id).included == [("wilma", "opettaja")]
    (event,) = world.events("role:page:stated")
    assert (event.envelope["role"], event.envelope["waits"]) == ("wilma:kanslisti", False)
    assert 'href="/admin/roles/wilma/kanslisti"' in paula.get("/admin/roles?q=clerk").text
    assert 'href="/admin/roles/wilma/kanslisti"' not in paula.get("/admin/roles?q=vaktm").text
    page = told(paula.get("/admin/applications/wilma/roles"))
    for words in ("Kanslisti Kanslist Clerk", "lukujarjestys – changing: Clerk"):
        assert words in page
    assert "lukujarjestys: changing" in paula.get("/admin/applications/wilma/roles.csv").text


def test_a_role_is_changed_into_a_new_version_and_whom_it_touches_is_told_first(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    assert f'href="{EDIT}"' in paula.get(ROLE).text
    answer = saved(paula, EDIT, **TEACHER)
    assert answer.location == ROLE
    version, content = newest(world, "opettaja")
    assert (version.n, version.enforcement, content) == (2, "at use", ["poissaolot:write"])
    again = told(paula.post(EDIT, EDIT, **TEACHER))
    assert "This says nothing new." in again


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"key": "opettaja"}, "There is a role of that code already."),
        ({"key": "kaksi sanaa"}, "The role needs a code."),
        ({"name_fi": " "}, "The role needs a name in Finnish."),
        ({"more": "oppilaat"}, "This is no data group and operation: oppilaat."),
        ({"includes": "olematon"}, "There is no such role in this application."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    world: World, reader: Callable[[str], Reader], wrong: dict[str, str], words: str
) -> None:
    paula = reader("paula")
    page = paula.post(NEW, NEW, **CLERK | wrong)
    assert (page.status_code, words in told(page)) == (422, True)
    assert 'value="Kanslist"' in page.text


def test_roles_that_would_include_one_another_in_a_circle_are_refused(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    saved(paula, NEW, **CLERK)
    page = paula.post(EDIT, EDIT, **TEACHER | {"includes": "kanslisti"})
    assert (page.status_code, "Roles include one another in a circle." in told(page)) == (422, True)


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, other = reader("paula"), reader("paula")
    began = hidden(other.get(EDIT), EDIT)
    saved(paula, EDIT, **TEACHER)
    typed = TEACHER | {"name_fi": "Ope"}
    page = other.force(EDIT, stood=began["stood"], seen="", **typed)
    assert (page.status_code, "Somebody changed this role meanwhile." in told(page)) == (409, True)
    assert 'value="Ope"' in page.text
    assert newest(world, "opettaja")[0].n == 2


def test_nothing_is_saved_that_was_not_looked_at(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    page = paula.post(EDIT, EDIT, **TEACHER, seen="x")
    assert (page.status_code, "What would change" in told(page)) == (200, True)
    assert newest(world, "opettaja")[0].n == 1


def test_what_takes_from_many_waits_for_a_second_person(world: World, reader: Callable[[str], Reader]) -> None:
    for number in range(20):
        person(world, f"opettaja{number}", f"Opettaja{number:02}")
        employ(world, f"opettaja{number}", "KOIVU", "Opettaja")
        give(world, f"opettaja{number}", "KOIVU")
    run, who = world.ids["run"], world.ids["paula"]
    world.write(Acceptance(source_id=world.ids["hr"], digest="1", run_id=run, accepted_by=who, accepted_at=clock.now()))
    paula = reader("paula")
    answer = saved(paula, EDIT, **TEACHER | {"retired": "yes"})
    assert (answer.location or "").startswith("/admin/declaration?waits="), told(answer)
    assert f'<a href="{answer.location}">Wilma: Opettaja</a>' in paula.get("/admin/").text
    (event,) = world.events("role:page:stated")
    assert event.envelope["waits"] is True
    with Session(world.engine) as session:
        assert not session.scalars(select(Role.retired).where(Role.key == "opettaja")).one()


def test_whoever_registers_applications_of_a_part_changes_no_others_role(
    world: World, reader: Callable[[str], Reader]
) -> None:
    catalogue.application(world, "vieras", "MUSTIKKALA")
    consortium.role(world, "vieras", "vieras-rooli")
    person(world, "mari", "Mansikka")
    administer(world, "mari", "MANSIKKALA", "rules.read", "applications.read", "applications.write")
    mari = reader("mari")
    for path in ("/admin/applications/vieras/new-role", "/admin/roles/vieras/vieras-rooli/edit"):
        assert mari.get(path).status_code == 404
        assert mari.force(path, **CLERK).status_code == 404
    assert saved(mari, NEW, **CLERK).location == "/admin/roles/wilma/kanslisti"


def test_whoever_may_only_read_is_offered_no_change(world: World, reader: Callable[[str], Reader]) -> None:
    person(world, "lukija", "Lukija")
    administer(world, "lukija", "ROOT", "rules.read", "applications.read")
    lukija = reader("lukija")
    assert EDIT not in lukija.get(ROLE).text
    assert NEW not in lukija.get("/admin/applications/wilma/roles").text
    assert lukija.get(EDIT).status_code == 404
    with Session(world.engine) as session:
        assert session.scalars(select(AdminGrant.permission).where(AdminGrant.person_id == world.ids["lukija"])).all()
