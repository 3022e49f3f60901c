"""Sources and their runs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from iam.api.shapes.base import Names, Taken


class RunTold(BaseModel):
    """A run. ``reasons`` say why it was held or stopped, ``counts`` what was read and what came of it, ``phases`` how
    many seconds each took."""

    id: UUID
    source: str
    state: str
    dry_run: bool
    started_at: datetime
    ended_at: datetime | None
    completeness: str | None
    counts: dict[str, int | float]
    reasons: list[str]


class RunPage(BaseModel):
    """A page of the runs of a source, the newest first."""

    items: list[RunTold]
    next: str | None


class SourceTold(BaseModel):
    """A source and its last run; ``names`` is null where it has none. Its settings are told on its page only."""

    key: str
    names: Names | None
    connector: str
    owner: Names
    disabled: bool
    schedule: str | None
    last_run: RunTold | None
    last_good_at: datetime | None


class SourcePage(BaseModel):
    """A page of sources by key."""

    items: list[SourceTold]
    next: str | None


class RunWanted(Taken):
    """A run to be started; a dry run computes everything and changes nothing."""

    dry_run: bool = False


class RunStarted(BaseModel):
    """The run that was started; how it goes is told at ``Location``."""

    id: UUID
