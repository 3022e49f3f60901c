"""What the world of a source is built and first loaded with, written once a worker: whoever asks for the same is given
the rows.

A load is the same when nobody has written in the world since it was built, and the clock, the source and every file
stand as they stood then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session

from iam.change import Actor
from iam.database.engine import make_engine
from iam.directory.source import Source
from iam.sources.report import Report
from tests.kit.factories import kept

LOADS = 32
"""How many loads are kept; a database in memory is a good megabyte."""


@dataclass(frozen=True)
class People:
    """The organisations of a built world, and who may run its source and accept it."""

    ids: Mapping[str, UUID]
    clerk: Actor
    second: Actor


Build = Callable[[Session], People]
_warm: dict[str, tuple[Engine, TemporaryDirectory[str]]] = {}
_built: dict[tuple[str, str], tuple[kept.Rows, People]] = {}
_loaded: dict[tuple[Any, ...], tuple[kept.Rows, Report]] = {}
_untouched: WeakKeyDictionary[Engine, tuple[str, str]] = WeakKeyDictionary()
"""Engines on a database that nobody has written in since it was built, with the name of what it was built as."""


def warm(engine: Engine) -> Engine:
    """Return an engine on a copy of the same database whose statements are compiled already: half of a short run is
    compiling.

    SQLite only, one test at a time in a process; PostgreSQL's engine is returned as it is.
    """
    if engine.dialect.name != "sqlite":
        return engine
    if "sqlite" not in _warm:
        folder = TemporaryDirectory()
        _warm["sqlite"] = make_engine(f"sqlite:///{folder.name}/avain.db"), folder
    found, folder = _warm["sqlite"]
    found.dispose()
    for left in Path(folder.name).iterdir():
        left.unlink()
    shutil.copy(str(engine.url.database), str(found.url.database))
    return found


def build(engine: Engine, folder: Path, name: str, fill: Build) -> People:
    """Return what ``fill`` makes in an empty database; the settings of a source name its file in ``folder``."""
    same = engine.dialect.name, name
    if same in _built:
        rows, people = _built[same]
        kept.put(engine, rows)
    else:
        with Session(engine) as session, session.begin():
            people = fill(session)
        _built[same] = kept.take(engine), people
    _point(engine, folder)
    if not event.contains(engine, "before_cursor_execute", _touch):
        event.listen(engine, "before_cursor_execute", _touch)
    _untouched[engine] = same
    return people


def load(engine: Engine, folder: Path, source: str, at: datetime, write: Callable[[], Report]) -> Report:
    """Return what ``write`` reports of loading the files in ``folder``, and leave in the database what it leaves."""
    built = _untouched.get(engine)
    if built is None:
        return write()
    files = tuple(
        (str(one.relative_to(folder)), one.read_bytes()) for one in sorted(folder.rglob("*")) if one.is_file()
    )
    same = built, source, at, tuple(one for one in files if not one[0].startswith("avain.db"))
    if same not in _loaded:
        report = write()
        if len(_loaded) == LOADS:
            del _loaded[next(iter(_loaded))]
        _loaded[same] = kept.take(engine), deepcopy(report)
        return report
    rows, report = _loaded[same]
    kept.put(engine, rows, instead_of=_built[built][0])
    _point(engine, folder)
    return deepcopy(report)


def _point(engine: Engine, folder: Path) -> None:
    """Have each source read its file in this folder."""
    with Session(engine) as session, session.begin():
        for id_, settings in session.execute(select(Source.id, Source.settings)).all():
            there = str(folder / Path(settings["path"]).name)
            session.execute(update(Source).where(Source.id == id_).values(settings=settings | {"path": there}))


def _touch(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN")):
        _untouched.pop(connection.engine, None)
