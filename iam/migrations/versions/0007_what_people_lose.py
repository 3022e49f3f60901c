"""What people lose: over which organisation a right by hand was granted, which run holds a source, whom a name finds,
which effects take something away, and what a question about a person rests on.

Rights that were granted by hand before keep no organisation: they end as they did. Everybody is found by every name
that is shown or was held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from iam.database.bulk import copy_rows, is_postgresql
from iam.database.types import BYTE_ORDER
from iam.directory.name_words import sort_key, words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add("assignment", sa.Column("granter_id", sa.Uuid(), nullable=True))
    _add("source", sa.Column("leased_by", sa.Uuid(), nullable=True), sa.Column("places", sa.JSON(), nullable=True))
    _add("plan_effect", sa.Column("loss", sa.String(), nullable=True))
    _add(
        "plan",
        sa.Column("refused_by", sa.Uuid(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=True),
    )
    _add(
        "ambiguity",
        sa.Column("reason", sa.String(), nullable=False, server_default="several"),
        sa.Column("told", sa.JSON(), nullable=False, server_default="{}"),
    )
    op.create_table(
        "person_name_word",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("word", BYTE_ORDER, nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "word", name="pk_person_name_word"),
    )
    op.create_index("ix_person_name_word_word_person_id", "person_name_word", ["word", "person_id"])
    with op.batch_alter_table("ambiguity") as batch:
        batch.alter_column("reason", server_default=None)
        batch.alter_column("told", server_default=None)
    _name()


def _add(table: str, *columns: sa.Column[Any]) -> None:
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)


_BATCH = 5000
_NAMES = ("given_names", "call_name", "family_name")
_PERSON = sa.table("person", sa.column("id", sa.Uuid()), sa.column("sort_name", sa.String()))
_PROFILE = sa.table(
    "person_profile",
    sa.column("person_id", sa.Uuid()),
    sa.column("source_id", sa.Uuid()),
    sa.column("closed_by", sa.Uuid()),
    *(sa.column(name, sa.String()) for name in _NAMES),
)
_SOURCE = sa.table("source", sa.column("id", sa.Uuid()), sa.column("priority", sa.Integer()))
_WORK = sa.MetaData()
_WORDS = sa.Table(
    "person_name_word",
    _WORK,
    sa.Column("person_id", sa.Uuid()),
    sa.Column("word", sa.String()),
    sa.Column("shown", sa.Boolean()),
)
_KEYS = sa.Table(
    "person_key_anew",
    _WORK,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("sort_name", sa.String()),
    prefixes=["TEMPORARY"],
)


def _name() -> None:
    """Write the words of the names that persons have and had, and the order of those that are shown."""
    session = Session(op.get_bind())
    if is_postgresql(session):
        op.execute('ALTER TABLE person ALTER COLUMN sort_name TYPE VARCHAR COLLATE "C"')
    _KEYS.create(op.get_bind())
    rows = _persons(session, None)
    while rows:
        told = _told(session, rows[0].id, rows[-1].id)
        copy_rows(session, _WORDS, ("person_id", "word", "shown"), _words(told, rows))
        copy_rows(session, _KEYS, ("id", "sort_name"), _keys(told, rows))
        rows = _persons(session, rows[-1].id)
    anew = sa.select(_KEYS.c.sort_name).where(_KEYS.c.id == _PERSON.c.id).scalar_subquery()
    session.execute(sa.update(_PERSON).where(_PERSON.c.id.in_(sa.select(_KEYS.c.id))).values(sort_name=anew))
    _KEYS.drop(op.get_bind())


def _persons(session: Session, after: UUID | None) -> Sequence[Any]:
    query = sa.select(_PERSON.c.id, _PERSON.c.sort_name).order_by(_PERSON.c.id).limit(_BATCH)
    return session.execute(query if after is None else query.where(_PERSON.c.id > after)).all()


def _told(session: Session, first: UUID, last: UUID) -> dict[UUID, list[Any]]:
    """What is and was said of the persons between two: what is said now first, in the order in which sources count."""
    profile = _PROFILE.c
    query = (
        sa.select(_PROFILE)
        .outerjoin(_SOURCE, _SOURCE.c.id == profile.source_id)
        .where(profile.person_id.between(first, last))
        .order_by(profile.closed_by.is_not(None), sa.func.coalesce(_SOURCE.c.priority, 0))
    )
    found: dict[UUID, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(row.person_id, []).append(row)
    return found


def _shown(rows: Sequence[Any], ordered_by: str) -> Any:
    """The row whose name is shown: the one that the person was ordered by, which knows whose word counts; else the
    first of now."""
    now = [row for row in rows if row.closed_by is None]
    return next((row for row in now if ordered_by in _as_before(row)), now[0] if now else None)


def _as_before(row: Any) -> set[str]:
    first = (row.call_name or row.given_names or "", row.given_names or "")
    return {f"{row.family_name or ''} {one}".strip().casefold() for one in first}


def _words(told: Mapping[UUID, Sequence[Any]], persons: Sequence[Any]) -> Iterator[tuple[UUID, str, bool]]:
    for person in persons:
        rows = told.get(person.id, ())
        one = _shown(rows, person.sort_name)
        shown = words(getattr(one, name, None) for name in _NAMES)
        every = words(getattr(row, name) for row in rows for name in _NAMES)
        yield from ((person.id, word, word in shown) for word in sorted(every))


def _keys(told: Mapping[UUID, Sequence[Any]], persons: Sequence[Any]) -> Iterator[tuple[UUID, str]]:
    for person in persons:
        one = _shown(told.get(person.id, ()), person.sort_name)
        if one is not None:
            yield person.id, sort_key(one.family_name, one.call_name or one.given_names)
