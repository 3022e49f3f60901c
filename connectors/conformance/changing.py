"""Of a connector that ``ReadsChanges``: what is told since a checkpoint, and since one that is not its own."""

from __future__ import annotations

from connectors.conformance.asking import (
    LONGEST_CHECKPOINT,
    changes_since,
    checkpoint_of,
    gone_of,
    items_of,
    reading_of,
    records_of,
)
from connectors.conformance.exhibit import Check, Exhibit
from connectors.conformance.verdict import Nonconforming, expect
from connectors.contract import CheckpointLost
from connectors.records import Deleted, Record, Rejected


def an_unchanged_system_has_no_other_changes(exhibit: Exhibit) -> None:
    """Changes since a moment ago tell no deletion and no record that the full reading did not."""
    full = reading_of(exhibit.connector())
    records = {(item.kind, item.key): item.digest for item in records_of(full)}
    changes = changes_since(exhibit.connector(), checkpoint_of(full))
    items = items_of(changes)
    expect(gone_of(items, {*records}) == set(), "an unchanged system tells no deletion")
    told = [item for item in items if isinstance(item, Record)]
    expect(all(records.get((item.kind, item.key)) == item.digest for item in told), "nor another record")
    expect(not any(isinstance(item, Rejected) for item in items), "nor one that cannot be read")
    expect(not changes.evidence.full, "a reading of changes is not full")


def changes_and_deletions_come_once(exhibit: Exhibit) -> None:
    """What changed comes as records, what is gone as deleted; the next checkpoint knows it."""
    full = reading_of(exhibit.connector())
    before = {(record.kind, record.key) for record in records_of(full)}
    changed, deleted = exhibit.change()
    changes = changes_since(exhibit.connector(), checkpoint_of(full))
    items = items_of(changes)
    told = {(item.kind, item.key) for item in items if isinstance(item, Record)}
    gone = gone_of(items, before)
    expect(changed <= told, "what changed comes as records")
    alone = sum(isinstance(item, Deleted) for item in items)
    expect(changes.evidence.deleted == alone, "evidence counts the deletions")
    expect(gone == deleted, f"exactly what is gone comes as deleted: {len(deleted)}, not {len(gone)}")
    after = items_of(changes_since(exhibit.connector(), checkpoint_of(changes)))
    expect(not any(isinstance(item, Deleted) for item in after), "a deletion comes once")


def a_foreign_checkpoint_is_lost(exhibit: Exhibit) -> None:
    """A checkpoint that the connector did not make raises ``CheckpointLost`` before anything is told."""
    for checkpoint in ("", "no checkpoint", "9" * 40, "\N{SNOWMAN}", "x" * LONGEST_CHECKPOINT):
        try:
            items_of(changes_since(exhibit.connector(), checkpoint))
        except CheckpointLost as error:
            expect(bool(error.problem.remedy), "the problem has a remedy")
        else:
            raise Nonconforming("a foreign checkpoint raises CheckpointLost")


CHECKS: tuple[Check, ...] = (
    an_unchanged_system_has_no_other_changes,
    changes_and_deletions_come_once,
    a_foreign_checkpoint_is_lost,
)
