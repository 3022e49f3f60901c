"""Who is told that something waits: whoever may decide it, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access.asker import Asker, asker_of
from iam.access.model.assignment import AdminGrant
from iam.access.model.proposal import Proposal
from iam.deciding.waiting import named, waiting
from iam.errors import NotFound
from tests.kit.factories import facts


@pytest.fixture
def ids(session: Session) -> dict[str, UUID]:
    """A town and its neighbour; a rule and an agreement of each wait, and a declaration."""
    found = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("naapuri", "municipality", "marjala", True),
    )
    proposer = facts.person(session)
    for n, (kind, key, owner) in enumerate(
        (
            ("rule", "oma-saanto", "kunta"),
            ("agreement", "oma-sopimus", "kunta"),
            ("withdrawal", "naapurin-saanto", "naapuri"),
            ("agreement", "naapurin-sopimus", "naapuri"),
            ("apply", "declaration", None),
        )
    ):
        session.add(
            Proposal(
                kind=kind,
                key=key,
                digest=f"{n:064}",
                owner_id=None if owner is None else found[owner],
                counts={"gain": n, "lose": 0},
                reasons=[{"message": "It touches what administrators may do.", "params": {}}],
                stated=None,
                proposed_by=proposer,
                proposed_at=clock.now() - timedelta(hours=n),
            )
        )
    session.flush()
    return found


def holding(session: Session, organisation_id: UUID, *permissions: str) -> Asker:
    """Somebody who holds these permissions there."""
    who, now = facts.person(session), clock.now()
    for permission in permissions:
        session.add(
            AdminGrant(
                person_id=who,
                permission=permission,
                organisation_id=organisation_id,
                valid_from=now - timedelta(days=1),
                valid_to=clock.FOREVER,
                opened_by=facts.change(session).id,
                closed_by=None,
            )
        )
    session.flush()
    return asker_of(session, who)


@pytest.mark.parametrize(
    ("place", "permissions", "names"),
    [
        ("kunta", ["rules.write"], ["rule/oma-saanto"]),
        ("kunta", ["agreements.sign"], ["agreement/oma-sopimus"]),
        ("naapuri", ["rules.write", "agreements.sign"], ["agreement/naapurin-sopimus", "rule/naapurin-saanto"]),
        ("kunta", ["plans.approve"], ["agreement/oma-sopimus", "rule/oma-saanto"]),
        ("kunta", ["config.apply"], []),
        ("marjala", ["config.apply"], ["declaration/000000000000"]),
        ("kunta", ["rules.read", "agreements.read", "agreements.write", "persons.read"], []),
        (
            "marjala",
            ["admin"],
            [
                "declaration/000000000000",
                "agreement/naapurin-sopimus",
                "rule/naapurin-saanto",
                "agreement/oma-sopimus",
                "rule/oma-saanto",
            ],
        ),
    ],
)
def test_whoever_may_decide_is_told_what_waits_in_their_part_the_oldest_first(
    session: Session, ids: dict[str, UUID], place: str, permissions: list[str], names: list[str]
) -> None:
    assert [one.name for one in waiting(session, holding(session, ids[place], *permissions))] == names


def stated(session: Session, owner_id: UUID, permission: str, proposer: UUID) -> None:
    """What a page states of an organisation waits."""
    session.add(
        Proposal(
            kind="apply",
            key="declaration",
            digest="a" * 64,
            owner_id=owner_id,
            counts={"gain": 1, "lose": 0},
            reasons=[],
            stated={"things": [["group", "kunta/tiimi"]], "permission": permission},
            proposed_by=proposer,
            proposed_at=clock.now(),
        )
    )
    session.flush()


@pytest.mark.parametrize(
    ("place", "permission", "is_told"),
    [
        ("kunta", "persons.write", True),
        ("kunta", "plans.approve", True),
        ("marjala", "persons.write", True),
        ("kunta", "rules.write", False),
        ("kunta", "config.apply", False),
        ("naapuri", "persons.write", False),
    ],
)
def test_what_a_page_states_is_decided_in_its_own_part_by_those_who_may_state_it(
    session: Session, ids: dict[str, UUID], place: str, permission: str, is_told: bool
) -> None:
    stated(session, ids["kunta"], "persons.write", facts.person(session))
    names = [one.name for one in waiting(session, holding(session, ids[place], permission))]
    assert ("declaration/aaaaaaaaaaaa" in names) is is_told


def test_who_proposed_something_is_told_that_it_waits(session: Session, ids: dict[str, UUID]) -> None:
    asker = holding(session, ids["kunta"], "organisations.read")
    assert asker.person_id is not None
    stated(session, ids["kunta"], "persons.write", asker.person_id)
    assert [one.name for one in waiting(session, asker)] == ["declaration/aaaaaaaaaaaa"]


def test_what_waits_elsewhere_is_answered_as_what_does_not_wait(session: Session, ids: dict[str, UUID]) -> None:
    asker = holding(session, ids["kunta"], "rules.write", "agreements.sign")
    for name in ("rule/naapurin-saanto", "rule/olematon"):
        with pytest.raises(NotFound) as told:
            named(session, asker, name)
        assert told.value.problems[0].params == {"name": name}
