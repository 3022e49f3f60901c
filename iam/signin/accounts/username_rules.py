"""Which people get a username by rule: what organisations say, the nearest first, as conditions inside a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, insert, literal, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.database.types import UtcDateTime, greatest
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import OrganisationClosure
from iam.directory.pages.listing import NEAR, Visible
from iam.directory.queries import holds_at
from iam.signin.accounts.account import Account
from iam.signin.accounts.username import GUARDIAN, NAMES, NONE, UsernameRule

Rules = Mapping[str, str]
"""By kind (``username.KINDS``): the form of the usernames."""


def stated(session: Session) -> dict[UUID, dict[str, str]]:
    """Return what each organisation says itself."""
    found: dict[UUID, dict[str, str]] = {}
    rows = select(UsernameRule.organisation_id, UsernameRule.kind, UsernameRule.form).order_by(UsernameRule.kind)
    for organisation_id, kind, form in session.execute(rows):
        found.setdefault(organisation_id, {})[kind] = form
    return found


def state(session: Session, rules: Mapping[UUID, Rules]) -> None:
    """Let organisations say this and nothing else. Who has a username keeps it."""
    session.execute(delete(UsernameRule).where(UsernameRule.organisation_id.in_(rules)))
    rows = [
        {"organisation_id": one, "kind": kind, "form": form}
        for one, said in rules.items()
        for kind, form in said.items()
    ]
    if rows:
        session.execute(insert(UsernameRule), rows)


def above(session: Session, organisation_id: UUID) -> Rules:
    """Return what holds in an organisation by what those above it say, the nearest first; two statements."""
    c, higher = OrganisationClosure, aliased(OrganisationClosure)
    now = clock.now()
    over = select(c.ancestor_id).where(
        c.descendant_id == organisation_id, c.ancestor_id != organisation_id, holds_at(c, now)
    )
    levels = select(higher.descendant_id).where(higher.descendant_id.in_(over), holds_at(higher, now))
    depth: dict[UUID, int] = {}
    for one in session.scalars(levels):
        depth[one] = depth.get(one, 0) + 1
    rows = session.scalars(select(UsernameRule).where(UsernameRule.organisation_id.in_(over)))
    nearest_last = sorted(rows, key=lambda row: depth.get(row.organisation_id, 0))
    return {row.kind: row.form for row in nearest_last}


def gets_one(person_id: Any) -> ColumnElement[bool]:
    """The condition that a rule gives a person a username: by a present or coming affiliation, or by that of a child
    they guard."""
    a, g, child = aliased(Affiliation), aliased(Relationship), aliased(Affiliation)
    return or_(
        exists().where(*_lasting(a, a.person_id == person_id), _says(NAMES, a.organisation_id, a.kind, a.valid_from)),
        exists().where(
            *_guards(g, person_id),
            *_lasting(child, child.person_id == g.other_person_id),
            _says(NAMES, child.organisation_id, literal(GUARDIAN), child.valid_from),
        ),
    )


def lacks_one(visible: Visible, person_id: Any) -> ColumnElement[bool]:
    """The condition that a person has no username and would need one, for an affiliation in what the asker sees.

    It holds now or begins within ``NEAR``, and no rule says that such people have none; guardians count where a rule
    gives them one.
    """
    a, g, child = aliased(Affiliation), aliased(Relationship), aliased(Affiliation)
    soon = clock.now() + NEAR
    here = and_(*_lasting(a, a.person_id == person_id), a.valid_from <= soon, *_seen(visible, a))
    there = and_(
        *_guards(g, person_id), *_lasting(child, child.person_id == g.other_person_id), child.valid_from <= soon
    )
    return and_(
        ~exists().where(Account.person_id == person_id),
        or_(
            exists().where(here, ~_says(NONE, a.organisation_id, a.kind, a.valid_from)),
            exists().where(
                there,
                *_seen(visible, child),
                visible.tells_kin(g.person_id, child.organisation_id),
                _says(NAMES, child.organisation_id, literal(GUARDIAN), child.valid_from),
            ),
        ),
    )


def _seen(visible: Visible, a: Any) -> tuple[ColumnElement[bool], ...]:
    return visible.covers(a.organisation_id), visible.tells(a.person_id, a.organisation_id)


def _lasting(model: Any, whose: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return whose, model.closed_by.is_(None), model.valid_to > clock.now()


def _guards(g: Any, person_id: Any) -> tuple[ColumnElement[bool], ...]:
    return *_lasting(g, g.person_id == person_id), g.kind == "guardian_of"


def _says(form: str, organisation_id: Any, kind: Any, since: Any) -> ColumnElement[bool]:
    """The condition that the nearest rule for a kind in an organisation, now or when it begins, is of this form."""
    at = greatest(since, literal(clock.now(), UtcDateTime()), type_=UtcDateTime())
    rule, other = aliased(UsernameRule), aliased(UsernameRule)
    over, over_other, between = (aliased(OrganisationClosure) for _ in range(3))
    nearer = (
        exists()
        .where(
            other.kind == kind,
            other.form != form,
            other.organisation_id != rule.organisation_id,
            over_other.ancestor_id == other.organisation_id,
            over_other.descendant_id == organisation_id,
            holds_at(over_other, at),
            between.ancestor_id == rule.organisation_id,
            between.descendant_id == other.organisation_id,
            holds_at(between, at),
        )
        .correlate_except(other, over_other, between)
    )
    return (
        exists()
        .where(
            rule.kind == kind,
            rule.form == form,
            over.ancestor_id == rule.organisation_id,
            over.descendant_id == organisation_id,
            holds_at(over, at),
            ~nearer,
        )
        .correlate_except(rule, over)
    )
