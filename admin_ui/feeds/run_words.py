"""How a source run is put into words: its state, its phases, its counts, how long ago it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.problem import Problem
from iam import clock
from iam.directory.source import Run, Source
from iam.sources import configured
from iam.sources.report import PHASES
from iam.texts import N_
from iam.web import context

STATES = {
    "running": (N_("Running"), "waiting"),
    "done": (N_("Done"), "success"),
    "partial": (N_("Partly done"), "warning"),
    "held": (N_("Waiting for approval"), "warning"),
    "stopped": (N_("Stopped"), "warning"),
    "moved": (N_("Stopped"), "warning"),
    "failed": (N_("Failed"), "error"),
    "refused": (N_("Refused"), "neutral"),
    "undone": (N_("Undone"), "neutral"),
    "was held": (N_("Held"), "neutral"),
    "interrupted": (N_("Interrupted"), "error"),
    "none": (N_("Not run yet"), "neutral"),
    "listens": (N_("Listens to sign-ins"), "neutral"),
    "disabled": (N_("Out of use"), "neutral"),
}
"""State: the word, and how it looks."""
COMPLETENESS = {
    "proved": N_("The data is whole: it says itself how many rows it has, and that many came."),
    "plausible": N_(
        "The data looks whole: the columns are right, its end is not cut, and no great number of rows is missing."
    ),
    "incomplete": N_("The data is not whole, so nothing was changed."),
}
_COUNTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("Rows in the data"), ("rows",)),
    (N_("Unchanged rows"), ("unchanged",)),
    (N_("Rows that say what was refused"), ("refused",)),
    (N_("New rows"), ("new",)),
    (N_("Changed rows"), ("changed",)),
    (N_("Rows left out"), ("rejected",)),
    (N_("Rows taken in part, or to be left out later"), ("warned",)),
    (N_("Rows that the source says are deleted"), ("deleted",)),
    (N_("Rows missing since the last time"), ("missing",)),
    (N_("Persons nobody could be sure of"), ("ambiguous",)),
    (N_("Positions that start"), ("start", "held_start")),
    (N_("Positions that end"), ("end", "held_end")),
    (N_("Positions that move"), ("move", "held_move")),
    (N_("Positions with a correction"), ("change", "held_change")),
    (N_("Memberships and relationships that end"), ("link_end", "held_link_end")),
    (N_("Names, e-mail addresses and identity codes that change"), ("described", "held_described")),
    (
        N_("Of these, waiting for approval"),
        ("held_start", "held_end", "held_move", "held_change", "held_link_end", "held_described"),
    ),
    (N_("Of all these, what somebody loses by"), ("lost", "held_lost")),
    (N_("Usernames given"), ("usernames",)),
    (N_("Rights gained"), ("rights_gain",)),
    (N_("Rights lost"), ("rights_lose",)),
    (N_("Rights that would be lost once it is accepted"), ("rights_held_lose",)),
)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of a run beside the previous good run's (None: there was none)."""

    name: str
    number: int
    before: int | None


def state_of(run: Run | None, source: Source, waiting: Run | None = None) -> str:
    """Return a run's state: as stored; ``interrupted`` when it says running but its lease is over; ``none`` without a
    run, ``listens`` when there never is one.

    A held one is ``was held`` when another run than it is the one that waits for approval (``waiting``).
    """
    if run is None:
        return "none" if configured.reads(source) else "listens"
    if run.state == "held" and (waiting is None or waiting.id != run.id):
        return "was held"
    lease = source.leased_until
    return "interrupted" if run.state == "running" and (lease is None or lease < clock.now()) else run.state


def word(state: str) -> tuple[str, str]:
    """Return the word for a state in the reader's language, and how it looks."""
    text, look = STATES[state]
    return context.texts().gettext(text), look


def phase(name: str) -> str:
    """Return the word for a phase."""
    return context.texts().gettext(PHASES[name]) if name in PHASES else name


def counts(run: Run, before: Run | None) -> list[Count]:
    """Return the numbers of a run beside those of the run before; what is zero in both is left out, but the rows are
    always there."""
    texts = context.texts()
    found = [
        Count(texts.gettext(name), _sum(run.counts, keys), _sum(before.counts, keys) if before else None)
        for name, keys in _COUNTS
    ]
    return [one for n, one in enumerate(found) if n == 0 or one.number or one.before]


def _sum(numbers: Mapping[str, Any], keys: tuple[str, ...]) -> int:
    return sum(int(numbers.get(key, 0)) for key in keys)


def reasons(run: Run) -> list[Problem]:
    """Return why a run was held or stopped, as problems to be told."""
    return [
        Problem(
            one["message"], one["remedy"], one.get("file"), one.get("line"), one.get("field"), one.get("params") or {}
        )
        for one in run.reasons
    ]


def age(instant: datetime | None) -> str:
    """Return how long ago an instant was, roughly: "2 hours ago"; empty for none."""
    if instant is None:
        return ""
    texts, minutes = context.texts(), max(0, int((clock.now() - instant).total_seconds() // 60))
    if minutes < 1:
        return texts.gettext(N_("just now"))
    if minutes < 60:
        return texts.ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes) % {"num": minutes}
    hours = minutes // 60
    if hours < 48:
        return texts.ngettext("%(num)d hour ago", "%(num)d hours ago", hours) % {"num": hours}
    return texts.ngettext("%(num)d day ago", "%(num)d days ago", hours // 24) % {"num": hours // 24}


def seconds(run: Run) -> float | None:
    """Return how long a run took, in seconds; None while it runs."""
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
