"""Whether a reading was complete: proved, plausible, or not. A feed that is not complete changes nothing (design
4.9)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.problem import Problem
from connectors.records import Evidence

LACKING, LACKING_SHARE = 1, 0.01
"""A reading may lack so many rows of the last good one, or such a share, whichever is more: a small source loses one,
too."""


@dataclass(frozen=True, slots=True)
class Before:
    """What the last good run of the source looked like; ``rows`` are those that it did not mark as deleted."""

    rows: int
    header: str


def judge(evidence: Evidence, before: Before | None) -> tuple[str, Problem | None]:
    """Return ``proved``, ``plausible`` or ``incomplete``, and in the last case why; pure.

    Proved: the source's own count matches. Plausible: same header, a whole end, and at most one row or 1 % of the last
    good run's missing, those that it says are deleted not among them: what the source says itself goes to the guard. A
    first run without a count is plausible when its end is whole: a second administrator looks at it in any case.
    """
    if not evidence.finished:
        return "incomplete", Problem(
            "The data ends in the middle: %(rows)s rows were read.",
            "Send the whole data again. Nothing was changed.",
            params={"rows": evidence.rows},
        )
    if evidence.declared is not None:
        if evidence.declared == evidence.rows:
            return "proved", None
        return "incomplete", Problem(
            "The data says that it has %(declared)s rows, but %(rows)s came.",
            "Send the whole data again. Nothing was changed.",
            params={"declared": evidence.declared, "rows": evidence.rows},
        )
    if before is None:
        return "plausible", None
    if evidence.header != before.header:
        return "incomplete", Problem(
            "The columns differ from the last good run's.",
            "Check the export, or accept the new columns in the source's settings.",
        )
    if before.rows - evidence.rows - evidence.deleted > max(LACKING, LACKING_SHARE * before.rows):
        return "incomplete", Problem(
            "The file has %(rows)s rows, the previous one had %(before)s. Nothing was changed.",
            "Send the whole file again, or let a second administrator accept this one.",
            params={"rows": evidence.rows, "before": before.rows},
        )
    return "plausible", None
