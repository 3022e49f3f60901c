"""How far a run is that is under way: its phases, and a share of the whole where that can be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from admin_ui.feeds import run_words
from iam.sources import background
from iam.sources.report import ON_THE_WAY
from iam.texts import N_
from iam.web import context


class Progress(NamedTuple):
    """What a run does just now, in ``words``; ``steps`` are its phases in words, each ``done``, ``now`` or ``coming``,
    and ``share`` what is done of all, 0 to 1 (None: it cannot be told)."""

    words: str
    steps: Sequence[tuple[str, str]]
    share: float | None


def of_source(key: str, state: str, before: int | None) -> Progress | None:
    """Return how far the run of a source is, whose last good run had ``before`` rows; None when there is none."""
    standing = background.standing(key)
    if standing is None:
        return Progress(run_words.phase("read"), [], None) if state == "running" else None
    return told(standing.phase, standing.rows, before)


def told(phase: str, rows: int, before: int | None) -> Progress:
    """Return how far a run is in this phase that has seen so many rows."""
    at = ON_THE_WAY.index(phase) if phase in ON_THE_WAY else -1
    looks = ["done" if n < at else "now" if n == at else "coming" for n in range(len(ON_THE_WAY))]
    steps = [(run_words.phase(one), look) for one, look in zip(ON_THE_WAY, looks, strict=True)]
    return Progress(_words(phase, rows, before), steps, _share(at, rows, before))


def _share(at: int, rows: int, before: int | None) -> float | None:
    if at < 0:
        return 0.0
    if ON_THE_WAY[at] != "read":
        return at / len(ON_THE_WAY)
    return min(1.0, rows / before) / len(ON_THE_WAY) if before else None


def _words(phase: str, rows: int, before: int | None) -> str:
    texts, said = context.texts(), [run_words.phase(phase)]
    if rows:
        said.append(texts.ngettext("%(num)d row", "%(num)d rows", rows) % {"num": rows})
    if rows and before and phase == "read":
        said.append(texts.gettext(N_("the last time %(n)s")) % {"n": before})
    return ", ".join(said)
