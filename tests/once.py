"""What every application that a test makes would repeat is done once a worker: compiling templates, addresses and SQL."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from iam.database import engine


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
    patch.setattr(Flask, "jinja_options", {"bytecode_cache": _Templates()})
    make: Callable[..., Any] = Rule._compile_builder
    known: dict[Any, Any] = {}

    def builder(rule: Any, append_unknown: bool = True) -> Any:
        # All that a builder is made of; the rule itself is given to it at each call.
        made_of = rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown
        if made_of not in known:
            known[made_of] = make(rule, append_unknown)
        return known[made_of]

    patch.setattr(Rule, "_compile_builder", builder)


def _sharing(create: Callable[..., Engine]) -> Callable[..., Engine]:
    """``create_engine`` whose engines, one kind of database each, share what was compiled: SQLAlchemy keeps that by dialect."""
    known: dict[str, Engine] = {}

    def create_engine(*args: Any, **kwargs: Any) -> Engine:
        made = create(*args, **kwargs)
        first: Any = known.setdefault(made.dialect.name, made)
        made.dialect = made.pool._dialect = first.dialect
        made._compiled_cache = first._compiled_cache
        return made

    return create_engine
