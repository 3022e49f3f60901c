"""Who gets which username when a source is read, and that what somebody has is never taken or given to another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from connectors import registry
from iam.audit.log import AuditEvent
from iam.change import Actor
from iam.directory.affiliation import Relationship
from iam.directory.person import Identifier, Person
from iam.errors import Conflict
from iam.signin.accounts import username_rules
from iam.signin.accounts.account import Account
from iam.signin.accounts.username import FormerUsername
from iam.signin.usernames import by_hand as username_by_hand, give as usernames_module
from tests.kit.factories import facts
from tests.kit.worlds import roster as roster_world
from tests.kit.worlds.roster import ROSTER, pupil
from tests.kit.worlds.source import World, build, row, rows

NAMES = {"employee": "given.family"}


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


@pytest.fixture
def roster(engine: Engine, tmp_path: Path) -> World:
    """A source whose column ``username`` names the login."""
    world = roster_world.build(engine, tmp_path)
    world.change_source(matching=called("oneroster", "username"))
    return world


def called(connector: str, column: str) -> dict[str, Any]:
    """The usual matching of a connector, with a column that names the login."""
    matching = dict(registry.matching(connector))
    kind = next(
        name for name, one in matching.items() if name != "correlate" and "family_name" in one.get("person", {})
    )
    return matching | {kind: matching[kind] | {"person": matching[kind]["person"] | {"login": column}}}


def ruled(world: World, rules: Mapping[str, Mapping[str, str]]) -> None:
    with world.sessions.begin() as session:
        username_rules.state(session, {world.ids[key]: said for key, said in rules.items()})


def usernames(world: World, kind: str = "employee-number") -> dict[str, str]:
    """Number to username."""
    query = select(Identifier.value, Account.login).join(Account, Account.person_id == Identifier.person_id)
    return dict(world.all(query.where(Identifier.kind == kind, Identifier.closed_by.is_(None))))


def renamed(world: World, number: str, text: str) -> str:
    with world.sessions.begin() as session, world.now():
        return username_by_hand.name(session, world.persons()[number], text, Actor())


def test_a_new_employee_gets_a_username_of_her_names_in_latin_letters_and_namesakes_a_number(world: World) -> None:
    ruled(world, {"mansikkala": NAMES})
    people = {
        "1": ("Aino", "Väisänen"),
        "2": ("Áine Máret", "O’Neill-Åberg"),
        "3": ("Aino", "Väisänen"),
        "4": ("Łukasz", "von Groß"),
    }
    world.load([row(int(n), kutsumanimi=first, sukunimi=last) for n, (first, last) in people.items()])
    assert usernames(world) == {
        "1": "aino.vaisanen",
        "2": "aine-maret.oneill-aberg",
        "3": "aino.vaisanen2",
        "4": "lukasz.von-gross",
    }
    told = world.all(select(AuditEvent.subject_id).where(AuditEvent.type == "person:account:created"))
    assert sorted(told) == sorted(world.persons().values())


def test_nobody_gets_a_username_of_a_source_that_is_only_shown_or_where_no_rule_says_so(world: World) -> None:
    ruled(world, {"KOIVU": NAMES})
    table = [row(1), row(2, yksikko_koodi="RANTA", toimipisteet="RANTA:100")]
    world.run(table)
    assert usernames(world) == {}
    world.accept()
    assert usernames(world) == {"1": "etunimi.sukunimi"}


def test_a_school_whose_small_pupils_have_none_goes_before_what_the_municipality_says(roster: World) -> None:
    ruled(roster, {"mansikkala": {"student": "given.family", "guardian": "given.family"}, "KOIVU": {"student": "none"}})
    roles = [roster_world.student("r1", "oona"), roster_world.student("r2", "ville", "org-r")]
    roster_world.load(roster, roles=roles)
    got = usernames(roster, "oneroster-id")
    assert got == {
        "ville": "ville.esimerkki",
        "hilla": "hilla.esimerkki",
        "hannu": "hannu.esimerkki",
    }


def test_guardians_have_no_username_where_no_rule_gives_them_one(roster: World) -> None:
    ruled(roster, {"mansikkala": {"student": "given.family"}})
    roster_world.load(roster)
    assert roster.scalar(select(func.count()).select_from(Relationship))
    assert sorted(usernames(roster, "oneroster-id")) == ["oona", "ville"]


def test_a_username_is_nobody_else_s_after_its_holder_left_or_got_another(world: World) -> None:
    ruled(world, {"mansikkala": NAMES})
    world.load([row(1, paattymispvm="30.9.2026"), row(2, kutsumanimi="Liisa", sukunimi="Aalto")])
    assert renamed(world, "2", " Liisa.Ojala ") == "liisa.ojala"
    later = world.later(days=60)
    later.run([row(3), row(4, kutsumanimi="Liisa", sukunimi="Aalto"), row(5, kutsumanimi="Liisa", sukunimi="Ojala")])
    assert usernames(later) == {
        "1": "etunimi.sukunimi",
        "2": "liisa.ojala",
        "3": "etunimi.sukunimi2",
        "4": "liisa.aalto2",
        "5": "liisa.ojala2",
    }


def test_who_has_a_username_keeps_it_under_another_name_and_another_login_of_the_source(roster: World) -> None:
    roster_world.load(roster, users=[pupil("oona", username="O.Esimerkki"), *ROSTER["users"][1:]])
    assert usernames(roster, "oneroster-id") == {"oona": "o.esimerkki"}
    ruled(roster, {"mansikkala": {"student": "given.family"}})
    roster_world.run(roster, 1, users=[pupil("oona", username="oona2", familyName="Muu"), *ROSTER["users"][1:]])
    assert usernames(roster, "oneroster-id")["oona"] == "o.esimerkki"


def test_what_the_source_calls_somebody_is_their_username_unless_another_has_it_or_it_cannot_be_one(
    roster: World,
) -> None:
    ruled(roster, {"mansikkala": {"student": "given.family"}})
    with roster.sessions.begin() as session:
        session.add(Account(person_id=facts.person(session, "Muu"), login="taken", language=None))
        session.add(FormerUsername(login="once", person_id=facts.person(session, "Vanha"), ended_at=roster.at))
    logins = {"oona": "oonae", "ville": "taken", "veli": "once", "sisu": "OONAE", "eino": "eino e", "tyhja": ""}
    users = [pupil(key, username=login) for key, login in logins.items()]
    roles = [roster_world.student(f"r{key}", key) for key in logins]
    roster_world.load(roster, users=users, roles=roles, enrollments=[roster_world.enrolled("e1", "oona", "1a")])
    assert usernames(roster, "oneroster-id") == {
        "oona": "oonae",
        "ville": "ville.esimerkki",
        "veli": "veli.esimerkki",
        "sisu": "sisu.esimerkki",
        "eino": "eino.esimerkki",
        "tyhja": "tyhja.esimerkki",
    }


def test_a_source_names_nobody_whose_primary_position_is_not_where_it_may_state_facts(
    engine: Engine, tmp_path: Path
) -> None:
    world = build(engine, tmp_path)
    world.load([row(1)])
    world.add_source(
        "opiston-hr",
        "hr",
        {"path": str(tmp_path / "hr.csv")},
        matching=called("hr", "sopimusala"),
        correlate=["identity-code"],
    )
    college = world.of("opiston-hr")
    college.change_source(owner_id=world.ids["puolukka"])
    mine = {"yksikko_koodi": "OPISTO", "toimipisteet": "OPISTO:100"}
    college.load([row(1, "P9", sopimusala="stolen", **mine), row(2, sopimusala="mine", **mine)])
    assert sorted(usernames(world).values()) == ["mine"]


def test_a_thousand_new_employees_get_their_usernames_by_as_many_statements_as_ten(world: World) -> None:
    ruled(world, {"mansikkala": NAMES})
    sent: list[str] = []
    world.load(rows(range(1, 3)))
    event.listen(world.engine, "before_cursor_execute", lambda *told: sent.append(told[2]))

    def needed(numbers: range, days: int) -> int:
        sent.clear()
        assert world.later(days=days).run(rows(range(1, numbers.stop))).state == "done"
        return sum("account" in one or "former_username" in one for one in sent)

    few, many = needed(range(3, 13), 1), needed(range(13, 1013), 2)
    assert many <= few + 4, "namesakes are numbered in growing windows"
    assert len(usernames(world)) == 1012
    assert len(set(usernames(world).values())) == 1012


@pytest.mark.services
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_who_give_usernames_at_a_time_wait_for_one_another_and_never_give_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load([row(1), row(2)])
    monkeypatch.setattr(usernames_module, "_WAIT", timedelta(milliseconds=50))
    first, second = (select(Person.id).where(Person.id == world.persons()[number]) for number in ("1", "2"))
    ruled(world, {"mansikkala": NAMES})
    with world.now(), world.sessions() as one, world.sessions() as other:
        assert usernames_module.by_rule(one, first, Actor()) == 1
        with pytest.raises(Conflict, match="Others are giving usernames"):
            usernames_module.by_rule(other, second, Actor())
        other.rollback()
        one.commit()
        assert usernames_module.by_rule(other, second, Actor()) == 1
        other.commit()
    assert usernames(world) == {"1": "etunimi.sukunimi", "2": "etunimi.sukunimi2"}
