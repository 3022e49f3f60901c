"""Of a connector that ``ReadsAfter``: what it reads after a checkpoint is all that it reads."""

from __future__ import annotations

from connectors.conformance.asking import items_of, reading_after, reading_of
from connectors.conformance.exhibit import Check, Exhibit
from connectors.conformance.verdict import expect


def an_unchanged_system_is_read_again_in_full(exhibit: Exhibit) -> None:
    """After its own checkpoint an unchanged system gives the same items and evidence: what was read last is not old."""
    first = reading_of(exhibit.connector())
    items = items_of(first)
    again = reading_after(exhibit.connector(), first.checkpoint or "")
    expect(items_of(again) == items, "an unchanged system gives the same items after its checkpoint")
    expect(again.evidence == first.evidence, "and the same evidence")


def a_checkpoint_of_another_tells_nothing(exhibit: Exhibit) -> None:
    """After a checkpoint that the connector did not make, everything is read."""
    items = items_of(reading_of(exhibit.connector()))
    for checkpoint in ("", "no checkpoint", "[]", "[1, 2, 3]", '{"a": 1}', "\N{SNOWMAN}", "9" * 4096):
        found = items_of(reading_after(exhibit.connector(), checkpoint))
        expect(found == items, "a checkpoint of another tells nothing")


CHECKS: tuple[Check, ...] = (an_unchanged_system_is_read_again_in_full, a_checkpoint_of_another_tells_nothing)
