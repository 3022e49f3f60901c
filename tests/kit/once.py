"""What every application that a test makes would repeat is done once a worker: compiling templates, addresses and SQL.

Nor is SQLite made to wait for the disk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from iam import app
from iam.database import engine, sqlite


class _Templates(BytecodeCache):
    """Compiled templates, kept in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """See Jinja."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See Jinja."""
        if bucket.code is not None:
            self._known[bucket.key, bucket.checksum] = bucket.code


def compile_once(patch: pytest.MonkeyPatch) -> None:
    """Keep what is compiled until ``patch`` is undone."""
    patch.setattr(engine, "create_engine", _sharing(engine.create_engine))
    patch.setattr(sqlite, "prepare", _unsafe(sqlite.prepare))
    patch.setattr(Flask, "jinja_options", {"bytecode_cache": _Templates()})
    patch.setattr(Rule, "compile", _knowing(Rule.compile))
    patch.setattr(app, "entry_points", lru_cache(app.entry_points))


def _knowing(make: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """``Rule.compile`` that compiles an address once; what makes its links is bound to each rule anew."""
    known: dict[Any, tuple[dict[str, Any], dict[str, Any]]] = {}

    def compile_rule(rule: Any) -> None:
        host = rule.map.host_matching, rule.host, rule.subdomain
        slashes = rule.merge_slashes, rule.strict_slashes, rule.is_leaf
        made_of = rule.rule, host, slashes, repr(rule.defaults), tuple(rule.map.converters.items())
        if made_of not in known:
            make(rule)
            values = {name: getattr(rule, name) for name in ("_parts", "_trace", "_converters", "arguments")}
            known[made_of] = values, {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
        values, builders = known[made_of]
        vars(rule).update(values, **{name: builder.__get__(rule, None) for name, builder in builders.items()})

    return compile_rule


def _sharing(create: Callable[..., Engine]) -> Callable[..., Engine]:
    """``create_engine`` whose engines, one kind of database each, share what was compiled: SQLAlchemy keeps that by
    dialect."""
    known: dict[str, Engine] = {}

    def create_engine(*args: Any, **kwargs: Any) -> Engine:
        made = create(*args, **kwargs)
        first: Any = known.setdefault(made.dialect.name, made)
        made.dialect = made.pool._dialect = first.dialect
        made._compiled_cache = first._compiled_cache
        return made

    return create_engine


def _unsafe(prepare: Callable[[Engine], None]) -> Callable[[Engine], None]:
    """``sqlite.prepare``, and then no commit waits until the disk has it: nobody needs a test's database after a power
    cut."""

    def prepare_and_hurry(made: Engine) -> None:
        prepare(made)
        event.listen(made, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous = OFF"))

    return prepare_and_hurry
