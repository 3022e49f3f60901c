"""Indexes are made anew after many rows are written, rather than with each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOOSE = """SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = CAST(:table AS regclass)
AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)"""


@contextmanager
def without_indexes(session: Session, tables: Collection[str]) -> Iterator[None]:
    """Take the indexes of tables away inside the block, but for those of constraints, and make them again after it."""
    found = [row for table in tables for row in session.execute(text(_LOOSE), {"table": table})]
    for name, _ in found:
        session.execute(text(f'DROP INDEX "{name}"'))
    yield
    for name, definition in found:
        print(f"    index {name}", flush=True)
        session.execute(text(definition.replace(":", r"\:")))
