"""How the checks ask a connector: each question supposes a capability, and one that is not there breaks the
contract."""

from __future__ import annotations

from connectors.conformance.verdict import Nonconforming, expect
from connectors.contract import Authenticates, Connector, Item, Reading, ReadsAfter, ReadsAll, ReadsChanges, Testable
from connectors.problem import Problem
from connectors.records import Deleted, Record, Rejected, Whole

LONGEST_CHECKPOINT = 4096
"""In bytes of UTF-8."""


def tested(connector: Connector) -> list[Problem]:
    """Return what the connector finds wrong with its system; raises ``Nonconforming`` where it does not test."""
    if not isinstance(connector, Testable):
        raise Nonconforming("the connector tests")
    return connector.test()


def reading_of(connector: Connector) -> Reading:
    """Start a full reading; raises ``Nonconforming`` where the connector has none."""
    if not isinstance(connector, ReadsAll):
        raise Nonconforming("the connector reads")
    return connector.read()


def reading_after(connector: Connector, checkpoint: str) -> Reading:
    """Start a full reading after a checkpoint; raises ``Nonconforming`` where the connector has none."""
    if not isinstance(connector, ReadsAfter):
        raise Nonconforming("the connector reads after a checkpoint")
    return connector.read_after(checkpoint)


def changes_since(connector: Connector, checkpoint: str) -> Reading:
    """Start a reading of changes; raises ``Nonconforming`` where the connector has none."""
    if not isinstance(connector, ReadsChanges):
        raise Nonconforming("the connector reads changes")
    return connector.changes(checkpoint)


def authenticated(connector: Connector, login: str, password: str) -> str | None:
    """Return the key of whom the connector lets in, or None; raises ``Nonconforming`` where it lets nobody in."""
    if not isinstance(connector, Authenticates):
        raise Nonconforming("the connector authenticates")
    return connector.authenticate(login, password)


def checkpoint_of(reading: Reading) -> str:
    """Return where a reading that came to its end says that it stopped; raises ``Nonconforming`` for none, or one too
    long."""
    checkpoint = reading.checkpoint
    expect(checkpoint is not None, "a connector that reads changes gives a checkpoint")
    text = checkpoint or ""
    expect(0 < len(text.encode()) <= LONGEST_CHECKPOINT, "a checkpoint is at most 4 KiB of text")
    return text


def items_of(reading: Reading) -> list[Item]:
    """Return everything of a reading, and close it."""
    try:
        return [*reading]
    finally:
        reading.close()


def gone_of(items: list[Item], before: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return kind and key of what ``items`` say is gone of the records of ``before``, by itself or as what a whole
    lacks."""
    told = {(item.kind, item.key) for item in items if isinstance(item, Record | Rejected)}
    wholes = [item for item in items if isinstance(item, Whole)]
    lacking = {
        (kind, key)
        for kind, key in before - told
        if any(kind == whole.kind and key.startswith(whole.prefix) for whole in wholes)
    }
    return lacking | {(item.kind, item.key) for item in items if isinstance(item, Deleted)}


def records_of(reading: Reading) -> list[Record]:
    """Return the records of a reading, and close it."""
    return [item for item in items_of(reading) if isinstance(item, Record)]
