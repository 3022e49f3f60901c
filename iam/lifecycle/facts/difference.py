"""The difference between what a run staged and what stands: one comparison for every kind of fact, before anything is
written.

A version that already says what is staged is left alone. What a staged or gone record no longer tells ends at ``now``;
what had not begun is closed without a trace in the world's time, and what is over stays as it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Uuid,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from iam.database.bulk import analyze
from iam.database.types import UtcDateTime, greatest
from iam.directory.affiliation import Affiliation, Group
from iam.lifecycle import staged
from iam.lifecycle.facts.kinds import ABSENCE, AFFILIATION, KINDS, FactKind

ABSENT = "absent"
_NAMES = (
    "fact",
    "kind",
    "loss",
    "record_id",
    "row_id",
    "old_version",
    "fact_id",
    "goes_on",
    "person_id",
    "organisation_id",
    "label",
    "valid_from",
    "valid_to",
    "held",
)


def compare(session: Session, source_id: UUID, now: datetime) -> None:
    """Fill ``st_effect`` with everything that the staged and the gone records would open, close and change of their
    facts."""
    _know_groups(session, source_id)
    session.execute(delete(staged.affiliation).where(staged.affiliation.c.person_id.in_(_suspended())))
    for kind in KINDS:
        if kind is ABSENCE:
            _spread_absences(session, source_id)
        for rows in (_starts(kind, source_id, now), _changes(kind, source_id, now), _vanished(kind, source_id, now)):
            session.execute(insert(staged.effect).from_select(_NAMES, rows))
    _moves(session)
    analyze(session, staged.effect)


def _know_groups(session: Session, source_id: UUID) -> None:
    """Give every staged group and membership the id of its group; one that is new has one, too."""
    g, st, m = Group, staged.group, staged.membership
    session.execute(update(st).values(group_id=func.uuid7()))
    session.execute(
        update(st)
        .where(g.source_id == source_id, g.kind == st.c.kind, g.record_key == st.c.record_key)
        .values(group_id=g.id)
    )
    session.execute(
        update(m)
        .where(g.source_id == source_id, g.kind == m.c.group_kind, g.record_key == m.c.group_key)
        .values(group_id=g.id)
    )
    new = and_(m.c.group_id.is_(None), st.c.kind == m.c.group_kind, st.c.record_key == m.c.group_key)
    session.execute(update(m).where(new).values(group_id=st.c.group_id))


def _spread_absences(session: Session, source_id: UUID) -> None:
    """An absence of a record is an absence of each affiliation that it tells."""
    st, told, a, fx = staged.absence, staged.affiliation, Affiliation, staged.effect
    started = and_(fx.c.fact == AFFILIATION.name, fx.c.kind == "start", fx.c.row_id == told.c.row_id)
    stands = and_(
        a.closed_by.is_(None),
        a.source_id == source_id,
        a.record_id == told.c.record_id,
        a.organisation_id == told.c.organisation_id,
    )
    rows = (
        select(
            told.c.row_id,
            told.c.record_id,
            func.coalesce(a.fact_id, fx.c.fact_id, type_=Uuid()),
            told.c.person_id,
            told.c.organisation_id,
            told.c.kind,
            st.c.valid_from,
            st.c.valid_to,
        )
        .join(st, st.c.record_id == told.c.record_id)
        .outerjoin(a, stands)
        .outerjoin(fx, started)
    )
    session.execute(insert(staged.absence_of).from_select([column.name for column in staged.absence_of.columns], rows))


def _suspended() -> Select[Any]:
    """Whom the source suspends: the affiliations that it states of them end, whichever record states them, and nothing
    else."""
    return select(staged.person.c.person_id).where(staged.person.c.suspended)


def _whole(kind: FactKind) -> ColumnElement[bool]:
    """The condition that everything that identifies a staged row is known: somebody may be awaited, or a group's row
    rejected."""
    st = kind.staged.c
    known = [st[name].is_not(None) for name in (*kind.identity, "person_id")]
    return and_(*known, st.person_id != st.other_person_id) if "other_person_id" in st else and_(*known)


def _same(kind: FactKind, source_id: UUID) -> ColumnElement[bool]:
    """The condition that an open version and a staged row are the same fact."""
    m, st = kind.model, kind.staged.c
    identity = [getattr(m, name) == st[name] for name in kind.identity]
    return and_(m.closed_by.is_(None), m.source_id == source_id, m.record_id == st.record_id, *identity)


def _starts(kind: FactKind, source_id: UUID, now: datetime) -> Select[Any]:
    st = kind.staged.c
    loss = case((st.valid_to > _at(now), ABSENT), else_=null()) if kind.takes else null()
    return select(
        literal(kind.name),
        literal("change" if kind.takes else "start"),
        loss,
        st.record_id,
        st.row_id,
        _nothing(Uuid()),
        func.uuid7(),
        false(),
        st.person_id,
        kind.place(st, source_id),
        kind.label(st),
        st.valid_from,
        st.valid_to,
        false(),
    ).where(_whole(kind), ~exists().where(_same(kind, source_id)))


def _changes(kind: FactKind, source_id: UUID, now: datetime) -> Select[Any]:
    m, st = kind.model, kind.staged.c
    differs = or_(*(_other(kind, name) for name in (*kind.values, "valid_from", "valid_to")))
    passed_on = [_other(kind, name) for name in ("kind", "person_id") if name in kind.bearing]
    word: ColumnElement[str] = literal("change")
    if not kind.takes:
        moved = [(or_(*passed_on), "move")] if passed_on else []
        word = case((m.valid_to <= _at(now), "change"), (st.valid_to < m.valid_to, "end"), *moved, else_="change")
    return (
        select(
            literal(kind.name),
            word,
            _loss(kind, now),
            m.record_id,
            st.row_id,
            m.version_id,
            m.fact_id,
            false(),
            m.person_id,
            kind.place(m, source_id),
            kind.label(m),
            st.valid_from,
            st.valid_to,
            false(),
        )
        .join(m, _same(kind, source_id))
        .where(_whole(kind), differs)
    )


def _other(kind: FactKind, name: str) -> ColumnElement[bool]:
    return getattr(kind.model, name).is_distinct_from(kind.staged.c[name])  # type: ignore[no-any-return]


def _loss(kind: FactKind, now: datetime) -> ColumnElement[Any]:
    """What the change of an open version takes away from now on, in a word; NULL when the staged row covers all that is
    left of it."""
    m, st, at = kind.model, kind.staged.c, _at(now)
    if kind.takes:
        longer = or_(
            and_(st.valid_from < m.valid_from, st.valid_to > at),
            st.valid_to > greatest(m.valid_to, at, type_=UtcDateTime()),
        )
        return case((longer, ABSENT), else_=null())
    recoded = [_other(kind, name) for name in sorted(kind.bearing)]
    return case(
        (m.valid_to <= at, null()),
        *([(or_(*recoded), "recoded")] if recoded else []),
        (st.valid_from > greatest(m.valid_from, at, type_=UtcDateTime()), "later"),
        (st.valid_to <= at, "ended"),
        (st.valid_to < m.valid_to, "shortened"),
        else_=null(),
    )


def _vanished(kind: FactKind, source_id: UUID, now: datetime) -> Select[Any]:
    """Open versions that have not ended, of staged or gone records that no longer tell them."""
    m, st, at = kind.model, kind.staged.c, _at(now)
    told = exists().where(m.record_id == st.record_id, *(getattr(m, name) == st[name] for name in kind.identity))
    read = exists().where(staged.record.c.record_id == m.record_id)
    gone = exists().where(staged.gone.c.record_id == m.record_id)
    ends = [gone, and_(read, ~told)]
    if kind is AFFILIATION:
        ends.append(m.person_id.in_(_suspended()))
    word, loss = ("change", null()) if kind.takes else ("end", literal("ended"))
    return select(
        literal(kind.name),
        literal(word),
        loss,
        m.record_id,
        _nothing(Integer()),
        m.version_id,
        m.fact_id,
        m.valid_from < at,
        m.person_id,
        kind.place(m, source_id),
        kind.label(m),
        m.valid_from,
        greatest(m.valid_from, at, type_=UtcDateTime()),
        false(),
    ).where(m.closed_by.is_(None), m.source_id == source_id, m.valid_to > at, or_(*ends))


def _moves(session: Session) -> None:
    """An end and a start of one record are a move: the person goes elsewhere."""
    fx, other = staged.effect, staged.effect.alias()
    here = fx.c.fact == AFFILIATION.name
    session.execute(
        update(fx)
        .where(
            here,
            fx.c.kind == "end",
            fx.c.row_id.is_(None),
            exists().where(other.c.fact == fx.c.fact, other.c.kind == "start", other.c.record_id == fx.c.record_id),
        )
        .values(kind="move", loss="moved")
    )


def counts(session: Session) -> dict[str, int]:
    """Return how many effects there are of each kind and how many of them are held; ``lost`` counts what takes
    something away."""
    fx = staged.effect
    rows = session.execute(
        select(fx.c.fact, fx.c.kind, fx.c.loss.is_not(None), fx.c.held, func.count()).group_by(
            fx.c.fact, fx.c.kind, fx.c.loss.is_not(None), fx.c.held
        )
    )
    found: dict[str, int] = {}
    for fact, kind, loses, held, n in rows:
        for word in _words(fact, kind, loses):
            name = f"held_{word}" if held else word
            found[name] = found.get(name, 0) + n
    return found


def _words(fact: str, kind: str, loses: bool) -> list[str]:
    words = ["lost"] if loses else []
    if fact in ("affiliation", "profile"):
        words.append(kind if fact == "affiliation" else "described")
    elif fact != "absence" and loses:
        words.append("link_end")
    return words


def _at(now: datetime) -> ColumnElement[datetime]:
    return literal(now, UtcDateTime())


def _nothing(type_: Any) -> ColumnElement[Any]:
    return literal(None, type_)
