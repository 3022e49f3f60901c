"""Who hands a role out: by a rule when it is written and when it is derived, and by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.commands import by_hand, catalogue
from iam.access.commands.publish import publish, write
from iam.access.explanation.proof import prove
from iam.access.explanation.why_not import why_not
from iam.access.rules.naming import load
from iam.access.rules.resolve import check
from iam.change import SYSTEM
from iam.errors import Invalid
from tests.kit.factories import access, facts
from tests.kit.held import open_assignments, roles_of
from tests.unit.access.conftest import Town

AUTUMN = facts.day("2026-09-15")
END = facts.day("2027-06-01")
WHO: dict[str, set[str]] = {
    "owner": {"marjala", "kunta"},
    "enabled": {"marjala", "kunta", "hva"},
    "parts": {"marjala", "kunta", "hva", "opiskeluhuolto"},
}
"""Who hands a role of the town's application out, which is enabled for the county: the school never does."""


@pytest.fixture
def county(session: Session, town: Town) -> Town:
    """The town's application, enabled for the county only."""
    catalogue.set_enabled(session, {town.wilma: [town.county]})
    return town


def hand_out(session: Session, role_id: UUID, by: str) -> None:
    """Say who hands a role out."""
    catalogue.amend_roles(session, [{"id": role_id, "handed_out": by}])


def part(*organisations: UUID) -> Part:
    """The part over which somebody may grant."""
    return Part(False, frozenset(organisations))


@pytest.mark.parametrize("by", WHO)
def test_a_rule_gives_only_what_its_owner_hands_out(session: Session, county: Town, by: str) -> None:
    hand_out(session, county.role, by)
    names = load(session)
    allowed = {owner for owner in names.organisations if check(access.teachers(), owner, names)[0] is not None}
    assert allowed == WHO[by]


def test_who_may_not_give_a_role_is_told_beside_it_who_does(session: Session, county: Town) -> None:
    with pytest.raises(Invalid) as caught:
        publish(session, "oma", access.teachers(), "koulu", SYSTEM)
    (problem,) = caught.value.problems
    assert (problem.field, problem.params) == ("gives.role", {"role": "wilma:opettaja", "owner": "kunta"})
    assert open_assignments(session) == []


@pytest.mark.parametrize("by", WHO)
def test_a_rule_that_stands_gives_nothing_once_its_owner_no_longer_hands_the_role_out(
    session: Session, county: Town, by: str
) -> None:
    for place in (county.clinic, county.school):
        facts.affiliation(session, facts.person(session), place)
    for owner_id in (county.clinic, county.school, county.town):
        access.rule(session, owner_id, access.teachers(), key=f"saanto-{owner_id}")
    hand_out(session, county.role, by)
    access.derive_all(session)
    given = sorted(row.scope_id == county.clinic for row in open_assignments(session))
    assert given == ([False, True] if by == "parts" else [False]), (
        "the school's own rule gives nothing beside the town's"
    )
    hand_out(session, county.role, "owner")
    access.derive_all(session)
    assert [row.scope_id for row in open_assignments(session)] == [county.school]


def test_a_town_that_an_application_was_disabled_for_hands_nothing_out_and_its_people_learn_why(
    session: Session, county: Town
) -> None:
    person = facts.person(session)
    facts.affiliation(session, person, county.clinic)
    access.rule(session, county.county, access.teachers())
    access.derive_all(session)
    assert roles_of(session, person, AUTUMN) == {"opettaja@opiskeluhuolto"}
    assert prove(session, person, AUTUMN) == []
    catalogue.set_enabled(session, {county.wilma: []})
    assert len(prove(session, person, AUTUMN)) == 1
    access.derive_all(session)
    assert roles_of(session, person, AUTUMN) == set()
    (told,) = why_not(session, person, "wilma:opettaja", AUTUMN)
    assert told.failing.message == "The owner of this rule may not hand this role out."


def test_a_part_that_moves_away_from_who_uses_the_application_no_longer_gives(session: Session, county: Town) -> None:
    hand_out(session, county.role, "parts")
    person = facts.person(session)
    facts.affiliation(session, person, county.clinic)
    access.rule(session, county.clinic, access.teachers())
    with clock.fixed(AUTUMN):
        access.derive_all(session)
        assert len(open_assignments(session)) == 1
        facts.places(
            session,
            county.clinic,
            (county.county, False, clock.LONG_AGO, AUTUMN),
            (county.town, False, AUTUMN, clock.FOREVER),
        )
        access.derive_all(session)
        assert open_assignments(session) == []


def test_a_school_that_has_not_begun_yet_gives_what_it_will(session: Session, county: Town) -> None:
    hand_out(session, county.role, "parts")
    coming = facts.organisation(session, "uusi", under=county.county, since=END)
    facts.affiliation(session, facts.person(session), coming, END)
    access.rule(session, coming, access.teachers())
    with clock.fixed(AUTUMN):
        assert access.derive_all(session).opened == 1


BY_HAND: list[tuple[str, str, bool]] = [
    ("owner", "town", True),
    ("owner", "root", True),
    ("owner", "school", False),
    ("owner", "county", False),
    ("enabled", "county", True),
    ("enabled", "root", True),
    ("enabled", "clinic", False),
    ("enabled", "school", False),
    ("parts", "clinic", True),
    ("parts", "school", False),
]


@pytest.mark.parametrize(("by", "over", "may"), BY_HAND)
def test_a_hand_gives_only_what_is_handed_out_over_its_part(
    session: Session, county: Town, by: str, over: str, may: bool
) -> None:
    hand_out(session, county.role, by)
    held = facts.affiliation(session, facts.person(session), county.school)
    given: Any = (held.person_id, held.fact_id, county.role, county.school, "sijaistus", END, SYSTEM)
    with clock.fixed(AUTUMN):
        if may:
            by_hand.grant(session, *given, part(getattr(county, over)))
        else:
            with pytest.raises(Invalid) as caught:
                by_hand.grant(session, *given, part(getattr(county, over)))
            assert [problem.field for problem in caught.value.problems] == ["role"]
    assert len(open_assignments(session)) == int(may)


def test_a_right_by_hand_ends_when_who_granted_it_may_not_hand_the_role_out_any_more(
    session: Session, county: Town
) -> None:
    held = facts.affiliation(session, facts.person(session), county.school)
    for over in ("clinic", "town"):
        hand_out(session, county.role, "parts")
        given: Any = (held.person_id, held.fact_id, county.role, county.school, "sijaistus", END, SYSTEM)
        with clock.fixed(AUTUMN):
            by_hand.grant(session, *given, part(getattr(county, over)))
            access.derive_all(session)
    assert len(open_assignments(session)) == 2
    hand_out(session, county.role, "owner")
    with clock.fixed(AUTUMN):
        access.derive_all(session)
    assert [row.granter_id for row in open_assignments(session)] == [county.town]


def test_another_organisations_code_list_is_as_if_it_did_not_exist(session: Session, town: Town) -> None:
    catalogue.write_code_lists(session, {"omat": ["opettaja"], "yhteiset": ["opettaja"]})
    catalogue.own_code_lists(session, {"omat": town.county, "yhteiset": town.root})
    names = load(session)

    def wrong(owner: str, code_list: str) -> list[str]:
        found = check(access.teachers(kind="employee", occupation={"in_list": code_list}), owner, names)[1]
        return [problem.message % problem.params for problem in found]

    for owner in ("hva", "opiskeluhuolto"):
        assert wrong(owner, "omat") == []
    for owner in ("kunta", "koulu", "marjala"):
        assert wrong(owner, "omat") == ["There is no code list omat."]
        assert wrong(owner, "nowhere") == ["There is no code list nowhere."]
        assert wrong(owner, "yhteiset") == []


def test_a_rule_that_stands_gives_nothing_by_a_list_that_became_anothers(session: Session, town: Town) -> None:
    access.code_list(session, "opettajat", "opettaja")
    facts.affiliation(session, facts.person(session), town.school)
    access.rule(session, town.town, access.teachers(kind="employee", occupation={"in_list": "opettajat"}))
    assert access.derive_all(session).opened == 1
    catalogue.own_code_lists(session, {"opettajat": town.county})
    assert access.derive_all(session).closed == 1


def test_a_rule_of_a_school_is_written_when_the_parts_may(session: Session, town: Town) -> None:
    assert write(session, facts.change(session), "oma", access.teachers(), "koulu", SYSTEM).state == "published"
