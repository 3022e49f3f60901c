"""How the source describes people otherwise than before: names, e-mail addresses and identity codes that change.

A name that many people of one organisation change in one run is a sorted column, not a wedding. Whoever is held keeps
what was said.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.affiliation import Affiliation
from iam.directory.person import Identifier, PersonProfile
from iam.directory.queries import holds_at
from iam.directory.source import Source
from iam.lifecycle import feed_persons, staged

FACT = "profile"
NAME, EMAIL, CODE = "name", "email", "identity-code"
LABELS = (NAME, EMAIL, CODE)
_NAMES = ("fact", "kind", "loss", "fact_id", "goes_on", "person_id", "organisation_id", "label", "held")


def compare(session: Session, source_id: UUID) -> None:
    """Add to ``st_effect`` what the run tells otherwise than before. It counts in each organisation where the person is
    now, and for a person who is nowhere in the source's owner."""
    changed = union_all(*_described(source_id), _coded()).subquery()
    a, owner = Affiliation, select(Source.owner_id).where(Source.id == source_id).scalar_subquery()
    here = and_(a.person_id == changed.c.person_id, a.closed_by.is_(None), holds_at(a, clock.now()))
    rows = (
        select(
            literal(FACT),
            literal("change"),
            changed.c.label,
            changed.c.person_id,
            false(),
            changed.c.person_id,
            func.coalesce(a.organisation_id, owner, type_=Uuid()),
            changed.c.label,
            false(),
        )
        .select_from(changed)
        .outerjoin(a, here)
        .distinct()
    )
    session.execute(insert(staged.effect).from_select(_NAMES, rows))


def _described(source_id: UUID) -> list[Select[Any]]:
    p, q = staged.person, PersonProfile
    before = and_(q.closed_by.is_(None), q.source_id == source_id, q.person_id == p.c.person_id)

    def otherwise(*names: str) -> ColumnElement[bool]:
        return or_(
            *(and_(getattr(q, name).is_not(None), getattr(q, name).is_distinct_from(p.c[name])) for name in names)
        )

    return [
        select(p.c.person_id, literal(label).label("label"))
        .join(q, before)
        .where(feed_persons.leads(), otherwise(*names))
        for label, names in ((NAME, ("given_names", "call_name", "family_name")), (EMAIL, ("email",)))
    ]


def _coded() -> Select[Any]:
    p, i = staged.person, Identifier
    known = and_(i.closed_by.is_(None), i.kind == CODE, i.person_id == p.c.person_id, i.value_mac != p.c.code_mac)
    return select(p.c.person_id, literal(CODE)).join(i, known).where(p.c.fresh.is_(False), p.c.code_mac.is_not(None))


def keep_as_they_were(session: Session) -> None:
    """Forget what the run says of those whose description is held: it is met again by the next one."""
    fx, p, i = staged.effect, staged.person, staged.identifier
    for labels, of_person, of_identifier in (
        ((NAME, EMAIL), {"has_profile": False}, None),
        ((CODE,), {"code_mac": None, "wrapped_key": None, "sealed_code": None}, CODE),
    ):
        held = select(fx.c.person_id).where(fx.c.fact == FACT, fx.c.held, fx.c.label.in_(labels))
        if of_identifier is not None:
            coded = and_(i.c.kind == of_identifier, i.c.person_id.in_(held))
            session.execute(update(i).where(coded).values(person_id=None))
        session.execute(update(p).where(p.c.person_id.in_(held)).values(of_person))
