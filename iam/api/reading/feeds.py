"""Sources and runs."""

from __future__ import annotations

from typing import Any

from connectors.problem import filled
from iam import clock
from iam.api.reading.moments import moment
from iam.api.reading.organisations import names
from iam.directory.source import Run, Source

Told = dict[str, Any]


def source(row: Any) -> Told:
    """Return a source as ``SourceTold``; ``row`` is of ``listing.sources``."""
    one, owner, last, good_at = row
    return {
        "key": one.key,
        "names": one.name,
        "connector": one.connector,
        "owner": names(owner),
        "disabled": one.disabled,
        "schedule": one.schedule,
        "last_run": run(last, one) if last is not None else None,
        "last_good_at": moment(good_at),
    }


def run(one: Run, of: Source) -> Told:
    """Return a run of a source as ``RunTold``."""
    return {
        "id": str(one.id),
        "source": of.key,
        "state": _state(one, of),
        "dry_run": one.dry_run,
        "started_at": one.started_at.isoformat(),
        "ended_at": moment(one.ended_at),
        "completeness": one.completeness,
        "counts": {name: n for name, n in one.counts.items() if isinstance(n, int | float)},
        "reasons": [_reason(reason) for reason in one.reasons],
    }


def _state(one: Run, of: Source) -> str:
    """Return the state of a run; one that says running after its lease was interrupted."""
    over = of.leased_until is None or of.leased_until < clock.now()
    return "interrupted" if one.state == "running" and over else one.state


def _reason(reason: Any) -> str:
    return filled(str(reason["message"]), reason.get("params") or {}) if isinstance(reason, dict) else str(reason)
