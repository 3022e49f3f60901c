"""The reference implementation of the contract: its settings hold what a source would say.

The rows are a log. A later row of the same kind and key takes the place of the earlier one, and a row that is
``deleted`` ends it; a checkpoint is the number of rows of the log that were read. Tests and demonstrations use it in
place of a system.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.contract import Checkpoint, CheckpointLost, Item, Reading, Settings
from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Value, digest_of
from connectors.single_pass import Outcome, SinglePass

KINDS = ("org", "employment", "person", "user", "group", "role", "membership", "class", "enrollment")


class MemoryRow(BaseModel):
    """One entry of the log: a row as the source says it now, or that it is gone."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: str
    key: str = Field(min_length=1)
    fields: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    deleted: bool = False


class MemoryLogin(BaseModel):
    """One who can sign in: ``key`` is the record key of the person."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: str
    password: SecretStr


class MemorySettings(Settings):
    """Settings of a source in memory."""

    rows: tuple[MemoryRow, ...] = ()
    logins: dict[str, MemoryLogin] = Field(default_factory=dict)
    declared: int | None = Field(default=None, ge=0, description="The number of records that the source states.")
    finished: bool = Field(default=True, description="Whether the reading ends as it should.")

    @model_validator(mode="after")
    def _kinds_are_known(self) -> Self:
        if not {row.kind for row in self.rows} <= set(KINDS):
            raise ValueError(f"a row's kind is one of {', '.join(KINDS)}")
        return self


class MemoryConnector:
    """Reads, tells changes and authenticates from its own settings."""

    settings_model: ClassVar[type[BaseModel]] = MemorySettings
    kinds: ClassVar[tuple[str, ...]] = KINDS

    def __init__(self, settings: MemorySettings) -> None:
        self._settings = settings

    def validate(self) -> list[Problem]:
        """See ``Connector.validate``."""
        return []

    def test(self) -> list[Problem]:
        """See ``Testable.test``."""
        return []

    def read(self) -> Reading:
        """See ``ReadsAll.read``."""
        return SinglePass(self._items(0))

    def changes(self, checkpoint: Checkpoint) -> Reading:
        """See ``ReadsChanges.changes``."""
        if not (checkpoint.isascii() and checkpoint.isdigit() and int(checkpoint[:12]) <= len(self._settings.rows)):
            raise CheckpointLost(
                Problem(
                    "The checkpoint is not of this source, or the source was made anew.", "Read the source in full."
                )
            )
        return SinglePass(self._items(int(checkpoint), changes=True))

    def authenticate(self, login: str, password: str) -> str | None:
        """See ``Authenticates.authenticate``."""
        known = self._settings.logins.get(login)
        if not password or known is None:
            return None
        right = compare_digest(known.password.get_secret_value().encode(), password.encode("utf-8", "surrogatepass"))
        return known.key if right else None

    def _items(self, start: int, *, changes: bool = False) -> Generator[Item, None, Outcome]:
        latest = {(row.kind, row.key): row for row in self._settings.rows[start:]}
        digest, rows, deleted = sha256(), 0, 0
        for row in sorted(latest.values(), key=lambda row: KINDS.index(row.kind)):
            content = digest_of((row.kind, row.key, str(row.deleted), *_texts(row.fields)))
            digest.update(content)
            if not row.deleted:
                rows += 1
                yield Record(row.kind, row.key, row.fields, content)
            elif changes:
                deleted += 1
                yield Deleted(row.kind, row.key)
        header = sha256(
            "\x1f".join(sorted({name for row in latest.values() for name in row.fields})).encode()
        ).hexdigest()
        settings = self._settings
        evidence = Evidence(
            rows, digest.hexdigest(), header, settings.finished, settings.declared, full=not changes, deleted=deleted
        )
        return evidence, str(len(settings.rows))


def _texts(fields: dict[str, Value]) -> Iterable[str]:
    """Return names and values such that two different mappings never give the same texts."""
    for name, value in sorted(fields.items()):
        yield name
        yield from (value,) if isinstance(value, str) else (str(len(value)), *value)
