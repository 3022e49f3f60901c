"""What the API tells: lists in pages, ETags, persons with facts, rights with why, the tree at a day, runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from iam import clock
from iam.access.administration import PERMISSIONS
from iam.directory.affiliation import Affiliation
from iam.directory.occupation import Occupation
from tests.kit.peers.api import Caller
from tests.kit.worlds.admin import World, person

Of = Callable[..., Caller]
NEEDED = {
    "/persons": "persons.read",
    "/organisations": "organisations.read",
    "/roles": "rules.read",
    "/rules": "rules.read",
    "/sources": "sources.read",
}


def test_every_list_is_read_to_its_end_by_the_address_of_the_next_page(world: World, caller: Of) -> None:
    paula = caller("paula")
    for path in NEEDED:
        whole = paula.get(f"{path}?size=200").get_json()["items"]
        got: list[Any] = []
        following: str | None = f"{path}?size=2"
        while following:
            response = paula.get(following)
            got += response.get_json()["items"]
            following = response.get_json()["next"]
            assert (f'<{following}>; rel="next"' == response.headers.get("Link")) is (following is not None)
        assert len(whole) >= 2
        assert got == whole


def test_a_list_opens_by_its_own_permission_and_by_no_other(caller: Of) -> None:
    for path, permission in NEEDED.items():
        assert caller("paula", permission).get(path).status_code == 200
        others = " ".join(sorted(PERMISSIONS.keys() - {permission, "admin"}))
        assert caller("paula", others).get(path).status_code == 403


def test_who_has_it_already_is_told_so(world: World, caller: Of) -> None:
    paula, anna = caller("paula"), f"/persons/{world.ids['anna']}"
    first = paula.get(anna)
    assert first.status_code == 200
    again = paula.get(anna, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_persons_are_found_by_name_filter_and_number(caller: Of) -> None:
    paula = caller("paula")

    def found(query: str) -> list[str]:
        return [one["given_names"] for one in paula.get(f"/persons?{query}").get_json()["items"]]

    assert found("q=vir") == ["Anna"]
    assert "Oona" in found("kind=student")
    assert "Anna" not in found("kind=student")
    assert found("state=archived") == []
    assert found("kind=guardian") == ["Gitta"]


def test_a_personal_identity_code_in_an_address_is_refused_and_not_repeated(caller: Of) -> None:
    refused = caller("paula").get("/persons?q=010190-900P")
    assert refused.status_code == 422
    assert "010190" not in refused.text


def test_a_persons_facts_tell_who_said_them_and_where(world: World, caller: Of) -> None:
    told = caller("paula").get(f"/persons/{world.ids['anna']}").get_json()
    (position,) = [one for one in told["facts"] if one["says"].get("position") == "Luokanopettaja"]
    assert (position["source"], position["file"], position["line"]) == ("hr", "hr.csv", 7)
    assert told["phone"] == "+358401234567"


def test_the_name_of_a_position_is_told_by_language_beside_what_its_source_told(world: World, caller: Of) -> None:
    with world.transaction() as session:
        here = Affiliation.person_id == world.ids["anna"], Affiliation.title == "Luokanopettaja"
        session.execute(update(Affiliation).where(*here).values(occupation="ope"))
    name = {"fi": "Opettaja", "sv": "Lärare", "en": "Teacher"}
    world.write(Occupation(code="ope", name=name))
    paula, told = caller("paula"), {"position": "Luokanopettaja", "position_names": name}
    person_ = paula.get(f"/persons/{world.ids['anna']}").get_json()
    (fact,) = [one for one in person_["facts"] if one["says"].get("position") == "Luokanopettaja"]
    assert (fact["says"]["occupation"], fact["position_names"]) == ("ope", name)
    (tie,) = [one for one in person_["affiliations"] if one["position"] == "Luokanopettaja"]
    assert told.items() <= tie.items()
    rights = paula.get(f"/persons/{world.ids['anna']}/rights").get_json()["items"]
    cited = [fact for one in rights for because in one["because"] for fact in because["facts"]]
    assert any(told.items() <= one.items() for one in cited)


def test_a_persons_rights_say_why(world: World, caller: Of) -> None:
    items = caller("lauri").get(f"/persons/{world.ids['anna']}/rights").get_json()["items"]
    assert {one["role"] for one in items} == {"wilma:opettaja"}
    reasons = [because for one in items for because in one["because"]]
    assert "omasaanto" in {because["rule"] for because in reasons}
    assert any(because["sentence"].get("fi") for because in reasons)


def test_before_the_facts_there_was_no_right(world: World, caller: Of) -> None:
    long_ago = (clock.today() - timedelta(days=400)).isoformat()
    assert caller("paula").get(f"/persons/{world.ids['anna']}/rights?on={long_ago}").get_json() == {"items": []}


def test_an_organisation_names_the_one_above_it_only_within_the_part(world: World, caller: Of) -> None:
    parents = {one["key"]: one["parent"] for one in caller("paula").get("/organisations").get_json()["items"]}
    assert parents["KOIVU"] == str(world.ids["MANSIKKALA"])
    (mine,) = caller("lauri").get("/organisations").get_json()["items"]
    assert (mine["key"], mine["parent"]) == ("KOIVU", None)


def test_reading_names_leaves_an_event(world: World, caller: Of) -> None:
    paula = caller("paula")
    paula.get("/persons?q=virtanen")
    seen = world.events("person:list:seen")[-1]
    assert seen.envelope == {"page": "api persons", "persons": [str(world.ids["anna"])], "by": ["name"]}
    assert seen.actor_id == world.ids["paula"]
    paula.get(f"/persons/{world.ids['anna']}/rights")
    assert world.events("person:page:opened")[-1].subject_id == world.ids["anna"]


def test_a_page_of_a_list_takes_as_many_statements_for_two_hundred_as_for_two(world: World, caller: Of) -> None:
    for n in range(30):
        person(world, f"lisa{n}", "Lisäys")
    paula = caller("paula")
    for path in NEEDED:
        paula.get(f"{path}?size=1")
        counts = []
        for size in (2, 200):
            with world.counted() as statements:
                assert paula.get(f"{path}?size={size}").status_code == 200
            counts.append(len(statements))
        # A sentence may name organisations, a role, or both.
        assert counts[1] <= counts[0] + 1 <= 10
