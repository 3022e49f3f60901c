"""Every list of sources, runs, roles, rules, applications and agreements: as many statements for 200 rows as for 10,
pages, and a file."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from iam import clock
from iam.delivery.outbox import Message
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World

Fill = Callable[[World, range], str]
"""Adds rows of these numbers and returns the list's address."""


def sources(world: World, numbers: range) -> str:
    for one in numbers:
        catalogue.source(world, f"source-{one:03}")
        catalogue.run(world, f"source-{one:03}")
    return "/admin/sources"


def runs(world: World, numbers: range) -> str:
    for _ in numbers:
        catalogue.run(world)
    return "/admin/sources/hr"


def rejects(world: World, numbers: range) -> str:
    if "made" not in world.ids:
        world.ids["made"] = catalogue.run(world, state="partial").id
    world.write(*(catalogue.reject(world.ids["made"], one + 1) for one in numbers))
    return f"/admin/runs/{world.ids['made']}/rejects"


def effects(world: World, numbers: range) -> str:
    here = _planned(world)
    world.write(
        *(catalogue.effect(world, world.ids["plan"], "end", place) for place in catalogue.schools(world, numbers))
    )
    return f"{here}/effects"


def rights(world: World, numbers: range) -> str:
    here, role = _planned(world), world.ids["opettaja"]
    about = {"role_id": role, "affiliation_kind": None}
    world.write(
        *(
            catalogue.effect(world, world.ids["plan"], "gain", place, **about)
            for place in catalogue.schools(world, numbers)
        )
    )
    return f"{here}/rights"


def _planned(world: World) -> str:
    if "plan" not in world.ids:
        world.ids["plan"] = catalogue.plan(world).id
        world.ids["made"] = catalogue.run(world, plan_id=world.ids["plan"]).id
    return f"/admin/runs/{world.ids['made']}"


def unclear(world: World, numbers: range) -> str:
    catalogue.unclear(world, world.ids["run"], numbers, "anna", "sanna")
    return "/admin/sources/hr/unclear"


def roles(world: World, numbers: range) -> str:
    for one in numbers:
        consortium.role(world, "wilma", f"rooli-{one:03}")
    return "/admin/roles"


def holders(world: World, numbers: range) -> str:
    catalogue.holders(world, numbers)
    return "/admin/roles/wilma/opettaja"


def rules(world: World, numbers: range) -> str:
    for one in numbers:
        catalogue.rule(world, f"saanto-{one:03}")
    return "/admin/rules"


def versions(world: World, numbers: range) -> str:
    if "saanto" not in world.ids:
        catalogue.rule(world, "saanto")
    for one in numbers:
        catalogue.version(world, "saanto", one + 2)
    return "/admin/rules/saanto"


def applications(world: World, numbers: range) -> str:
    for one in numbers:
        catalogue.application(world, f"sovellus-{one:03}", "MANSIKKALA", f"rooli-{one:03}")
    return "/admin/applications"


def undelivered(world: World, numbers: range) -> str:
    if "listens" not in world.ids:
        consortium.client(world, "wilma", "wilma")
        world.ids["listens"] = world.ids["wilma"]
    now, about = clock.now(), {"kind": "backchannel-logout", "target": "wilma", "payload": {}, "attempts": 28}
    world.write(
        *(Message(created_at=now, due_at=now, given_up_at=now, last_error=f"status {one}", **about) for one in numbers)
    )
    return "/admin/undelivered"


def enabled(world: World, numbers: range) -> str:
    catalogue.enable(world, "wilma", *catalogue.schools(world, numbers))
    return "/admin/applications/wilma"


def agreements(world: World, numbers: range) -> str:
    for one in numbers:
        catalogue.agreement(world, f"sopimus-{one:03}")
    return "/admin/agreements"


def under(world: World, numbers: range) -> str:
    if "sopimus" not in world.ids:
        catalogue.agreement(world, "sopimus")
    for place in catalogue.schools(world, numbers):
        catalogue.comes_under(world, "sopimus", "ville", place)
    return "/admin/agreements/sopimus"


LISTS: dict[Fill, str] = {
    sources: "/admin/sources.csv",
    runs: "/admin/sources/hr/runs.csv",
    rejects: "{here}.csv",
    effects: "{here}.csv",
    unclear: "{here}.csv",
    roles: "/admin/roles.csv",
    holders: "{here}/holders.csv",
    rules: "/admin/rules.csv",
    versions: "{here}/versions.csv",
    applications: "/admin/applications.csv",
    enabled: "{here}/enabled.csv",
    undelivered: "/admin/undelivered.csv",
    agreements: "/admin/agreements.csv",
    under: "{here}/people.csv",
}
"""Every list, and the address of its file."""


def names(fill: Fill) -> str:
    return fill.__name__


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fill", [*LISTS, rights], ids=names)
def test_a_list_of_200_takes_as_many_statements_as_one_of_10(
    world: World, reader: Callable[[str], Reader], fill: Fill
) -> None:
    paula = reader("paula")
    here = filled(world, fill, range(10))
    few = statements(world, paula, here)
    assert filled(world, fill, range(10, 200)) == here
    assert statements(world, paula, here) == few
    assert few < 40


def filled(world: World, fill: Fill, numbers: range) -> str:
    with catalogue.batch(world) as together:
        return fill(together, numbers)


def statements(world: World, paula: Reader, path: str) -> int:
    assert paula.get(path).status_code == 200
    with world.counted() as sent:
        paula.get(path)
    return len([one for one in sent if not one.startswith(("BEGIN", "COMMIT"))])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fill", LISTS, ids=names)
def test_paging_to_the_end_and_back_shows_every_row_once_and_the_file_has_them_all(
    world: World, reader: Callable[[str], Reader], fill: Fill
) -> None:
    paula = reader("paula")
    here = filled(world, fill, range(120))
    forward, back = walked(paula, here)
    flat = [row for page in forward for row in page]
    assert len(forward) > 2
    assert len(flat) == len(set(flat)) >= 120
    assert back == forward[-2]
    response = paula.get(LISTS[fill].format(here=here))
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = response.get_data(as_text=True).splitlines()
    assert lines[0].startswith("\ufeff")
    assert len(lines) > 120
    assert len(world.events("person:list:exported")) == 1


def walked(paula: Reader, path: str | None) -> tuple[list[list[str]], list[str]]:
    """The rows of every page to the end, and those of the page before the last by the way back."""
    forward: list[list[str]] = []
    last = ""
    while path:
        last = paula.get(path).text
        forward.append(rows(last))
        path = link(last, "next")
    return forward, rows(paula.get(link(last, "prev") or "").text)


def rows(page: str) -> list[str]:
    """What names each row of the page's list: its first cell with what it links to, or its heading or list item."""
    body = re.sub(r"\s+", " ", page).split("<main", 1)[1]
    body = body.split('id="people"')[-1]
    # A form's token tells the second in which it was made.
    body = re.sub(r'name="(?:csrf_token|from_page)" value="[^"]*"', "", body)
    listed = re.findall(r"<li><a href=\"/admin/organisations/[^<]+", body)
    found = listed or re.findall(r"<tr\b.*?</tr>|<h2>Record [^<]+</h2>", body)
    return [
        one for one in found if 'scope="col"' not in one and "<dt>" not in one and not re.match(r"<tr\b[^>]*><td", one)
    ]


def link(page: str, rel: str) -> str | None:
    found = re.search(rf'<a href="([^"]+)" rel="{rel}"', page)
    return html.unescape(found[1]) if found else None
