"""The process of a run that a page started: ``python -m`` of this module, with the order on standard input."""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path
from uuid import UUID

import structlog

from iam import sealed
from iam.change import Actor
from iam.database.engine import make_engine, make_sessions
from iam.sources import runner
from iam.sources.background import Order
from iam.sources.report import Report
from iam.web.edge import logging

_log = structlog.get_logger("avain.runs")


def main() -> int:
    """Carry out the run that was ordered, and return the exit code; the run's own record says what it did."""
    order = Order(**json.load(sys.stdin))
    logging.configure(order.log_level, sys.stderr)
    _limit(order)
    try:
        return _carried_out(order)
    except Exception:  # noqa: BLE001 - the log describes it without the values that it may quote
        _log.exception("a source's run failed", source=order.source, run=order.run_id)
        return 1


def _limit(order: Order) -> None:
    # The alarm ends the process wherever it hangs, and also when nobody who started it is there any more.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(order.minutes * 60)
    if order.memory:
        resource.setrlimit(resource.RLIMIT_AS, (order.memory << 20, order.memory << 20))


def _carried_out(order: Order) -> int:
    engine = make_engine(order.database)
    actor = Actor(_id(order.person_id), order.request_id, order.address)
    runner.go_on(
        make_sessions(engine),
        sealed.vault(Path(order.key_file), engine),
        Report(UUID(order.run_id), order.source),
        actor,
        dry_run=order.dry_run,
        read_by=_id(order.read_by),
    )
    return 0


def _id(told: str | None) -> UUID | None:
    return None if told is None else UUID(told)


if __name__ == "__main__":
    raise SystemExit(main())
