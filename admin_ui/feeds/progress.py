"""How far a run is that is under way: its phases, and a share of the whole where that can be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from admin_ui.feeds import run_words
from iam.directory.source import Run, Source
from iam.sources.report import PHASES
from iam.texts import N_
from iam.web import context

_ORDER = [*PHASES]


class Progress(NamedTuple):
    """What a run does just now, in ``words``; ``steps`` are its phases in words, each ``done``, ``now`` or ``coming``,
    and ``share`` what is done of all, 0 to 1 (None: it cannot be told)."""

    words: str
    steps: Sequence[tuple[str, str]]
    share: float | None


def of_run(run: Run | None, source: Source, before: int | None) -> Progress | None:
    """Return how far a run of a source is whose last good run had ``before`` rows; None when it is not under way.

    Where nothing of it is told yet, it reads.
    """
    if run is None or run_words.state_of(run, source) != "running":
        return None
    at, rows = max(map(_ORDER.index, run.phases), default=0), int(run.counts.get("rows", 0))
    looks = ["done" if n < at else "now" if n == at else "coming" for n in range(len(_ORDER))]
    steps = [(run_words.phase(one), look) for one, look in zip(_ORDER, looks, strict=True)]
    return Progress(_words(_ORDER[at], rows, before), steps, _share(at, rows, before))


def _share(at: int, rows: int, before: int | None) -> float | None:
    if at:
        return at / len(_ORDER)
    return min(1.0, rows / before) / len(_ORDER) if before and rows else None


def _words(phase: str, rows: int, before: int | None) -> str:
    texts, said = context.texts(), [run_words.phase(phase)]
    if rows:
        said.append(texts.ngettext("%(num)d row", "%(num)d rows", rows) % {"num": rows})
    if rows and before and phase == _ORDER[0]:
        said.append(texts.gettext(N_("the last time %(n)s")) % {"n": before})
    return ", ".join(said)
