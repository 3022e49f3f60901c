"""While somebody is away, who may decide the same is told in their stead; nobody gets anything by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.asker import OPERATOR, Asker, asker_of
from iam.access.model.proposal import Proposal
from iam.audit.log import AuditEvent
from iam.change import Actor
from iam.deciding import deputies
from iam.deciding.telling import Telling, who_may_decide
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from tests.kit.factories import access, facts

MONDAY = datetime(2026, 9, 14, 6, tzinfo=UTC)
WEEK = date(2026, 9, 14), date(2026, 9, 18)
At = Callable[[datetime], None]


@pytest.fixture
def ids(session: Session, at: At) -> dict[str, UUID]:
    """A town whose rules two may decide on, and another that decides on a school of it alone; a rule waits."""
    at(MONDAY)
    found = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("koulu", "school", "kunta", False),
    )
    for name, place, *permissions in (
        ("aili", "kunta", "rules.write", "sources.accept"),
        ("bertta", "kunta", "rules.write"),
        ("hyvaksyja", "marjala", "plans.approve"),
        ("reksi", "koulu", "rules.write"),
    ):
        found[name] = facts.person(session)
        for permission in permissions:
            access.admin_grant(session, found[name], permission, found[place])
    session.add(
        Proposal(
            kind="rule",
            key="saanto",
            digest="saanto",
            owner_id=found["kunta"],
            counts={"gain": 1, "lose": 0},
            reasons=[],
            proposed_by=None,
            proposed_at=MONDAY,
        )
    )
    session.flush()
    return found


def asker(session: Session, ids: dict[str, UUID], who: str) -> Asker:
    return asker_of(session, ids[who])


def name(session: Session, ids: dict[str, UUID], who: str, deputy: str, permission: str = "") -> list[str]:
    mine = asker(session, ids, who)
    return deputies.name(session, mine, ids[deputy], WEEK, Actor(mine.person_id), permission)


def told(session: Session, ids: dict[str, UUID]) -> set[str]:
    names = {id_: one for one, id_ in ids.items()}
    return {names[one] for one in who_may_decide(session)}


def test_the_deputy_alone_is_told_while_one_is_away_and_not_before_or_after(
    session: Session, ids: dict[str, UUID], at: At
) -> None:
    assert name(session, ids, "aili", "bertta") == ["rules.write"]
    assert told(session, ids) == {"bertta", "hyvaksyja"}
    for moment in (MONDAY - timedelta(days=2), MONDAY + timedelta(days=5)):
        at(moment)
        assert told(session, ids) == {"aili", "bertta", "hyvaksyja"}
    (event,) = session.scalars(select(AuditEvent).where(AuditEvent.type == "plan:deputy:named"))
    assert (event.subject_id, event.envelope["for"]) == (ids["bertta"], str(ids["aili"]))


def test_who_may_decide_everything_is_deputy_for_everything(session: Session, ids: dict[str, UUID]) -> None:
    assert name(session, ids, "aili", "hyvaksyja") == ["rules.write", "sources.accept"]


def test_what_the_deputy_proposed_is_still_told_to_who_is_away(session: Session, ids: dict[str, UUID]) -> None:
    name(session, ids, "aili", "bertta")
    session.scalars(select(Proposal)).one().proposed_by = ids["bertta"]
    assert told(session, ids) == {"aili", "hyvaksyja"}


@pytest.mark.parametrize(
    ("who", "deputy", "permission", "error"),
    [
        ("aili", "reksi", "", Denied),
        ("aili", "bertta", "sources.accept", Denied),
        ("bertta", "aili", "sources.accept", Denied),
        ("aili", "aili", "", Invalid),
    ],
    ids=["holds a smaller part", "lacks the permission", "has none to hand on", "oneself"],
)
def test_nobody_decides_for_another_who_holds_less(
    session: Session, ids: dict[str, UUID], who: str, deputy: str, permission: str, error: type[AvainError]
) -> None:
    with pytest.raises(error):
        name(session, ids, who, deputy, permission)
    assert told(session, ids) == {"aili", "bertta", "hyvaksyja"}


def test_one_is_named_once_for_the_same_days_and_the_days_make_sense(session: Session, ids: dict[str, UUID]) -> None:
    name(session, ids, "aili", "bertta")
    with pytest.raises(Conflict):
        name(session, ids, "aili", "hyvaksyja")
    assert name(session, ids, "aili", "hyvaksyja", "sources.accept") == ["sources.accept"]
    for days in ((WEEK[1], WEEK[0]), (date(2026, 9, 1), date(2026, 9, 13))):
        with pytest.raises(Invalid):
            deputies.name(session, asker(session, ids, "bertta"), ids["aili"], days, Actor(ids["bertta"]))
    with pytest.raises(Invalid):
        deputies.name(session, OPERATOR, ids["aili"], WEEK, Actor(None))


def test_either_of_them_ends_it_and_nobody_else(session: Session, ids: dict[str, UUID]) -> None:
    name(session, ids, "aili", "bertta")
    (row,) = deputies.standing(session, ids["bertta"])
    for id_, who in ((row.id, "hyvaksyja"), (uuid4(), "aili")):
        with pytest.raises(NotFound):
            deputies.end(session, asker(session, ids, who), id_, Actor(ids[who]))
    deputies.end(session, asker(session, ids, "bertta"), row.id, Actor(ids["bertta"]))
    assert told(session, ids) == {"aili", "bertta", "hyvaksyja"}
    assert deputies.standing(session, ids["aili"]) == []


def test_what_comes_after_the_mail_of_the_day_is_told_at_once_where_everything_is_due_at_once(
    session: Session, ids: dict[str, UUID], at: At
) -> None:
    at_once, usual = Telling(0, clock.HELSINKI), Telling(2, clock.HELSINKI)
    assert at_once(session) == 3
    at(MONDAY + timedelta(hours=1))
    assert (at_once(session), usual(session)) == (0, 0)
    waits = session.scalars(select(Proposal)).one()
    waits.proposed_at = clock.now() + timedelta(minutes=1)
    at(MONDAY + timedelta(hours=2))
    assert (usual(session), at_once(session), at_once(session)) == (0, 3, 0)
