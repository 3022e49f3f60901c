"""The versions of a role as pages: what changed, who wrote it, and an earlier one restored with its effect first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import RoleContent, RoleVersion
from iam.directory.source import Acceptance
from tests.kit.worlds.admin import Reader, World, administer, employ, give, person
from tests.unit.admin_ui.rules.test_rules import told

ROLE = "/admin/roles/wilma/opettaja"
FIRST, SECOND = f"{ROLE}/versions/1", f"{ROLE}/versions/2"


@pytest.fixture
def altered(world: World) -> World:
    """The teacher's role was altered: it reads something else, takes hold at use and is called otherwise."""
    version = RoleVersion(
        role_id=world.ids["opettaja"],
        n=2,
        name={"fi": "Ope", "en": "Educator"},
        enforcement="at use",
        change_id=world.ids["change"],
    )
    world.write(version)
    world.write(RoleContent(role_version_id=version.id, data_group="poissaolot", operation="write"))
    return world


def numbers(world: World) -> list[tuple[int, str]]:
    with Session(world.engine) as session:
        query = select(RoleVersion.n, RoleVersion.enforcement).where(RoleVersion.role_id == world.ids["opettaja"])
        return [(n, how) for n, how in session.execute(query.order_by(RoleVersion.n))]


def test_the_versions_tell_what_changed_in_each_and_go_home_as_a_file(
    altered: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    assert f'href="{ROLE}/versions"' in paula.get(ROLE).text
    page = told(paula.get(f"{ROLE}/versions"))
    for words in ("Added: poissaolot: changing.", "now it takes effect at once", "to Educator.", "The first version."):
        assert words in page
    file = paula.get(f"{ROLE}/versions.csv")
    assert "poissaolot: changing" in file.text


def test_a_version_is_restored_after_its_effect_was_seen(altered: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    page = told(paula.get(FIRST))
    assert "Taken out: poissaolot: changing." in page
    assert "Restore this version" in page
    assert paula.post(FIRST, FIRST).location == ROLE
    assert numbers(altered) == [(1, "by token"), (2, "at use"), (3, "by token")]
    (event,) = altered.events("role:version:restored")
    assert (event.envelope["role"], event.envelope["restored"]) == ("wilma:opettaja", 1)
    assert "This version is in force." in told(paula.get(f"{ROLE}/versions/3"))
    assert "The role says this already." in told(paula.get(FIRST))


def test_nothing_is_restored_that_was_not_looked_at(altered: World, reader: Callable[[str], Reader]) -> None:
    answer = reader("paula").force(FIRST, seen="x")
    assert (answer.status_code, "The effects changed meanwhile." in told(answer)) == (409, True)
    assert reader("paula").force(SECOND, seen="x").status_code == 409
    assert len(numbers(altered)) == 2


def test_what_moves_many_waits_on_the_overview_as_a_declaration(
    altered: World, reader: Callable[[str], Reader]
) -> None:
    for number in range(20):
        person(altered, f"opettaja{number}", f"Opettaja{number:02}")
        employ(altered, f"opettaja{number}", "KOIVU", "Opettaja")
        give(altered, f"opettaja{number}", "KOIVU")
    altered.write(
        Acceptance(
            source_id=altered.ids["hr"],
            digest="1",
            run_id=altered.ids["run"],
            accepted_by=altered.ids["paula"],
            accepted_at=clock.now(),
        )
    )
    paula = reader("paula")
    answer = paula.post(FIRST, FIRST)
    assert (answer.location or "").startswith("/admin/declaration?waits="), told(answer)
    assert len(numbers(altered)) == 2
    assert f'href="{answer.location}"' in paula.get("/admin/").text
    assert "Ope" in told(paula.get(answer.location or ""))


def test_who_administers_a_part_reads_the_versions_and_restores_none(
    altered: World, reader: Callable[[str], Reader]
) -> None:
    person(altered, "lukija", "Lukija")
    administer(altered, "lukija", "MANSIKKALA", "rules.read", "config.apply")
    lukija = reader("lukija")
    assert "Taken out: poissaolot: changing." in told(lukija.get(FIRST))
    assert "Restore this version" not in told(lukija.get(FIRST))
    assert lukija.force(FIRST, seen="x").status_code == 404
    assert lukija.get(f"{ROLE}/versions/9").status_code == 404
    assert len(numbers(altered)) == 2
