"""Column types and SQL functions that mean the same on PostgreSQL and SQLite."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from iam.database.entropy import Draw


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database. Refuses naive values, so that no zone is ever guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Protected(str):
    """A text that tells where a person is; it leaves only through ``directory.protected.release``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Protected(…)"

    def __str__(self) -> str:
        return "…"

    def __format__(self, spec: str) -> str:
        return "…"


class ProtectedText(TypeDecorator[Protected]):
    """A column whose value tells where a person is (address, unit, class, phone): read as ``Protected``."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str.__str__(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Protected | None:
        return None if value is None else Protected(value)


BYTE_ORDER = String().with_variant(String(collation="C"), "postgresql")
"""A text that is compared byte by byte, as SQLite does by itself, whatever order the server was set up with; prefixes
are ranges of it."""


def uuid7(draw: Draw = os.urandom) -> UUID:
    """Return a time-ordered UUID, version 7 (RFC 9562 section 5.7), ordered within a millisecond too (section 6.2,
    method 3); ``draw`` gives its random bytes."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = milliseconds << 80 | (0x7000 | fraction) << 64 | int.from_bytes(draw(8))
    return UUID(int=value & ~(0xC000 << 48) | 0x8000 << 48)


def least_uuid7(at: datetime) -> UUID:
    """Return what no version 7 UUID made at an instant or later is smaller than."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


class greatest(GenericFunction[Any]):  # noqa: N801 - named as the SQL function
    """The greatest of its arguments, none of them NULL."""

    inherit_cache = True


class least(GenericFunction[Any]):  # noqa: N801 - named as the SQL function
    """The least of its arguments, none of them NULL."""

    inherit_cache = True


class in_byte_order(GenericFunction[str]):  # noqa: N801 - named as the SQL function
    """A text that is to be compared as ``BYTE_ORDER`` is."""

    inherit_cache = True
    type = String()


@compiles(in_byte_order)
def _in_byte_order(element: in_byte_order, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(in_byte_order, "postgresql")
def _collated(element: in_byte_order, compiler: SQLCompiler, **kw: Any) -> str:
    return f'({compiler.process(element.clauses, **kw)}) COLLATE "C"'


@compiles(greatest, "sqlite")
def _greatest(element: greatest, compiler: SQLCompiler, **kw: Any) -> str:
    return f"max({compiler.process(element.clauses, **kw)})"


@compiles(least, "sqlite")
def _least(element: least, compiler: SQLCompiler, **kw: Any) -> str:
    return f"min({compiler.process(element.clauses, **kw)})"


class day_of(GenericFunction[str]):  # noqa: N801 - named as the SQL function
    """The day of an instant where clocks are so many seconds before UTC."""

    inherit_cache = True
    type = String()


@compiles(day_of)
def _day_of(element: day_of, compiler: SQLCompiler, **kw: Any) -> str:
    at, seconds = (compiler.process(one, **kw) for one in element.clauses)
    return f"to_char(({at} AT TIME ZONE 'UTC') + {seconds} * interval '1 second', 'YYYY-MM-DD')"


@compiles(day_of, "sqlite")
def _date(element: day_of, compiler: SQLCompiler, **kw: Any) -> str:
    at, seconds = (compiler.process(one, **kw) for one in element.clauses)
    return f"date({at}, {seconds} || ' seconds')"


class in_hyphens(GenericFunction[str]):  # noqa: N801 - named as the SQL function
    """An id as text, as it stands in JSON."""

    inherit_cache = True
    type = String()


@compiles(in_hyphens)
def _as_text(element: in_hyphens, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS TEXT)"


@compiles(in_hyphens, "sqlite")
def _hyphened(element: in_hyphens, compiler: SQLCompiler, **kw: Any) -> str:
    id_ = compiler.process(element.clauses, **kw)
    parts = (f"substr({id_}, {start}, {size})" for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)))
    joined = " || '-' || ".join(parts)
    return f"({joined})"
