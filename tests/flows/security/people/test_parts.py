"""AC-01, AC-02, AC-04, C-31: routes times permissions times municipalities. What lies elsewhere is not there, to read
or to write."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import combinations

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from iam import clock
from iam.access.administration import PERMISSIONS
from iam.access.model.assignment import AdminGrant
from tests.kit.seen import dump
from tests.kit.worlds import neighbour
from tests.kit.worlds.admin import ISSUER, Reader, World, administer, person
from tests.kit.worlds.neighbour import MARK, SCHOOL, TOWN, address, marks

PUBLIC_ADMIN = {"admin.login", "admin.callback"}
MOST_PAGES = 400


@pytest.fixture(scope="module")
def town(office: World) -> World:
    """The consortium with its neighbour."""
    neighbour.build(office)
    return office


def routes(world: World) -> list[tuple[Rule, str]]:
    """Every administration route with its permission; empty: whoever administers anything."""
    found = []
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.startswith("admin.") and rule.endpoint not in PUBLIC_ADMIN:
            mark = str(getattr(world.app.view_functions[rule.endpoint], "avain_access"))  # noqa: B009
            found.append((rule, mark if mark in PERMISSIONS else ""))
    return found


class Holder:
    """Somebody whose permissions change from route to route."""

    def __init__(self, world: World, login: str) -> None:
        self.world = world
        person(world, login, "Paikallinen")
        administer(world, login, "MANSIKKALA", "admin")
        self.reader, self.person_id = Reader(world, login).enter(), world.ids[login]
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.reader.get("/account").text)
        assert found is not None
        self.token = html.unescape(found[1])

    def holds(self, organisation: str, *permissions: str) -> None:
        """Hold exactly these over one organisation."""
        with Session(self.world.engine) as session, session.begin():
            session.execute(delete(AdminGrant).where(AdminGrant.person_id == self.person_id))
            for permission in permissions:
                over = {"person_id": self.person_id, "organisation_id": self.world.ids[organisation]}
                session.add(AdminGrant(permission=permission, **over, **self.world.lasting()))

    def send(self, rule: Rule, path: str, **fields: str) -> int:
        """Ask for an address as the route wants it; the status."""
        if "POST" not in (rule.methods or ()):
            return self.reader.get(path).status_code
        data = {
            "csrf_token": self.token,
            "reason": "x",
            "end_reason": "x",
            "restore_reason": "x",
            "purpose": "x",
            **fields,
        }
        return self.reader.http.post(path, base_url=ISSUER, data=data, headers={"Accept": "text/html"}).status_code


@pytest.fixture(scope="module")
def lauri(town: World) -> Holder:
    """An administrator of the municipality MANSIKKALA."""
    return Holder(town, "lauri")


def mixtures(rule: Rule) -> Iterator[set[str]]:
    """Every way in which at least one argument of a route is the neighbour's."""
    names = sorted(rule.arguments)
    for n in range(1, len(names) + 1):
        yield from (set(chosen) for chosen in combinations(names, n))


def test_ac_01_every_route_of_the_administration_asks_for_a_permission_and_answers_nobody(town: World) -> None:
    nobody = town.app.test_client()
    assert len(routes(town)) > 60
    assert {rule.rule for rule, permission in routes(town) if not permission} == {
        "/admin/",
        "/admin/taken-out",
        "/admin/declaration",
        "/admin/deputies",
        "/admin/deputies/<uuid:deputy_id>/end",
        "/admin/bulk/waiting/<uuid:bulk_id>",
    }
    for rule, _ in routes(town):
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = nobody.open(
            address(town, rule, set()), method=method, base_url=ISSUER, headers={"Accept": "application/json"}
        )
        assert answer.status_code in (400, 401), rule.rule


def test_ac_02_c_31_with_the_permission_at_home_what_is_the_neighbours_is_not_there(town: World, lauri: Holder) -> None:
    tried = 0
    for rule, permission in routes(town):
        if not rule.arguments:
            continue
        lauri.holds("MANSIKKALA", permission, "persons.read")
        for theirs in mixtures(rule):
            path = address(town, rule, theirs)
            status = lauri.send(
                rule, path, on="yes", confirm=f"{MARK}-ohjelma", days="7", act="publish", decision="new"
            )
            assert status == 404, (
                f"{status} for {sorted(rule.methods or ())} {path} with {permission} over another municipality"
            )
            tried += 1
    assert tried > 70


def test_ac_02_without_the_permission_nothing_is_there_however_much_else_is_held(town: World, lauri: Holder) -> None:
    for rule, permission in routes(town):
        if permission:
            decides = getattr(town.app.view_functions[rule.endpoint], "avain_decides", False)
            lauri.holds("ROOT", *(set(PERMISSIONS) - {"admin", permission, *(["plans.approve"] if decides else [])}))
            assert lauri.send(rule, address(town, rule, set())) == 404, f"{rule.rule} without {permission}"


def test_ac_02_what_is_at_home_is_there_so_that_the_walls_above_are_walls(town: World, lauri: Holder) -> None:
    missing = []
    for rule, permission in routes(town):
        if "POST" not in (rule.methods or ()):
            # An act for many people asks for the act's own permission besides.
            acts = ["rights.grant"] if rule.rule.startswith("/admin/bulk/") else []
            lauri.holds("MANSIKKALA", permission or "persons.read", "persons.read", "rules.read", *acts)
            path = address(town, rule, set())
            status = lauri.send(rule, path)
            missing += [(path, status)] if status != 200 else []
    assert missing == []


def test_ac_02_no_page_that_can_be_reached_and_no_file_says_a_word_of_the_neighbour(town: World, lauri: Holder) -> None:
    """A spider with every permission at home follows every link and leaves no page out."""
    lauri.holds("MANSIKKALA", "admin")
    words = re.compile("|".join(map(re.escape, marks(town))), re.IGNORECASE)
    assert words.search(Reader(town, "paula").enter().get("/admin/persons").text), "the spider knows what to look for"
    seen: set[str] = set()
    waiting = ["/admin/", *(address(town, rule, set()) for rule, _ in routes(town) if "GET" in (rule.methods or ()))]
    while waiting:
        path = waiting.pop()
        page = re.sub(r"(after|before|at|flow|q)=[^&#]*", "", path)
        if page in seen or len(seen) > MOST_PAGES:
            continue
        seen.add(page)
        text = lauri.reader.get(path).text
        found = words.search(text)
        assert found is None, (
            f"{path} tells of {found[0] if found else ''}: "
            f"…{text[max(0, found.start() - 80) : found.end() + 80] if found else ''}…"
        )
        waiting += [html.unescape(link) for link in re.findall(r'href="(/admin/[^"#]*)"', text)]
    assert 60 < len(seen) <= MOST_PAGES


def test_ac_02_the_neighbours_names_in_the_fields_of_ones_own_forms_move_nothing_there(
    town: World, lauri: Holder
) -> None:
    lauri.holds("MANSIKKALA", "admin")
    before = theirs(town)
    named = {
        "person": str(town.ids[MARK]),
        "organisation": str(town.ids[SCHOOL]),
        "scope": str(town.ids[SCHOOL]),
        "role": f"{MARK}-ohjelma:{MARK}-rooli",
        "owner": TOWN,
        "place_under": TOWN,
        "place_is": SCHOOL,
        "scope_organisation": SCHOOL,
        "group_owner": SCHOOL,
        "group": f"{MARK}-4B",
        "capacity": str(town.ids[MARK]),
        "session": str(town.ids[MARK]),
        "decision": str(town.ids[MARK]),
        "candidate": str(town.ids[MARK]),
        "until": clock.now().date().replace(year=2036).isoformat(),
        "key": f"{MARK}-rule",
        "name_fi": f"{MARK}-rule",
        "name": "x",
        "template": "web",
        "kinds": "employee",
        "redirect_uris": "https://x.example/cb",
        "act": "publish",
        "fact": "membership",
        "client_id": f"{MARK}-ohjelma",
        "application": f"{MARK}-ohjelma",
    }
    for rule, _ in routes(town):
        if "POST" in (rule.methods or ()):
            status = lauri.send(rule, address(town, rule, set()), **named)
            assert status < 500, rule.rule
            assert theirs(town) == before, f"{rule.rule} changed what is the neighbour's"


def theirs(world: World) -> list[str]:
    """The rows that tell of the neighbour, but for the log."""
    known = [str(value).replace("-", "") if len(str(value)) == 36 else str(value) for value in marks(world)]
    rows = dump(world.engine).splitlines()
    return sorted(
        row for row in rows if not row.startswith(("audit_", "one_shot|")) and any(value in row for value in known)
    )


def test_ac_04_a_role_that_is_not_for_the_part_is_neither_offered_nor_given(town: World, lauri: Holder) -> None:
    lauri.holds("MANSIKKALA", "admin")
    here = f"/admin/persons/{town.ids['anna']}"
    page = lauri.reader.get(here).text
    assert 'value="wilma:opettaja"' in page
    assert f'value="{MARK}-ohjelma:{MARK}-rooli"' not in page
    asked = lauri.reader.get(f"{here}?why_not={MARK}-ohjelma:{MARK}-rooli").text
    # A form names the page it stands on, which is the address that the reader typed.
    assert MARK not in re.sub(r'name="from_page" value="[^"]*"', "", asked.partition("<main")[2])
    fields = {
        "role": f"{MARK}-ohjelma:{MARK}-rooli",
        "capacity": str(town.ids["anna KOIVU"]),
        "scope": str(town.ids["KOIVU"]),
        "until": clock.now().date().replace(year=2036).isoformat(),
        "reason": "x",
    }
    refused = lauri.reader.force(f"{here}/rights", **fields)
    assert (refused.status_code, "Choose a role." in refused.text) == (422, True)
    # The same by somebody for whom the role is there.
    assert Reader(town, "paula").enter().force(f"{here}/rights", **fields).status_code == 303


def test_ac_04_who_administers_less_gives_no_way_in_to_who_administers_more(town: World, lauri: Holder) -> None:
    administer(town, "anna", "ROOT", "config.apply")
    lauri.holds("MANSIKKALA", *(set(PERMISSIONS) - {"admin"}))
    for act in ("sign-in-code", "factors/reset"):
        assert lauri.reader.force(f"/admin/persons/{town.ids['anna']}/{act}").status_code == 403, act
    lauri.holds("ROOT", "admin")
    assert lauri.reader.force(f"/admin/persons/{town.ids['anna']}/sign-in-code").status_code in (200, 303)
