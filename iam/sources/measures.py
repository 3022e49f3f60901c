"""How scheduled sources stand, for ``/metrics``: read from the database at each look."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from iam import clock
from iam.sources import alarms


class Feeds(Collector):
    """When each source that is read by itself last ended well, and whether it is amiss. Nothing when the database does
    not answer: the readiness says that."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Metric]:
        """What there is, without looking into the database."""
        return [*_families()]

    def collect(self) -> Iterator[Metric]:
        """Look into the database; one statement."""
        good, wrong = _families()
        try:
            with Session(self._engine) as session:
                session.connection(execution_options={"read_only": True})
                for one in alarms.standings(session):
                    alarm = alarms.alarm_of(one, clock.now())
                    good.add_metric([one.source.key], one.good_at.timestamp() if one.good_at else 0)
                    for name in (alarms.FAILED, alarms.STALE):
                        wrong.add_metric([one.source.key, name], float(alarm == name))
        except SQLAlchemyError:
            return
        yield from (good, wrong)


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    good = "When a scheduled source last ended well; 0: never."
    wrong = "1 while a scheduled source failed or was not read in time."
    return (
        GaugeMetricFamily("avain_source_good_timestamp_seconds", good, labels=["source"]),
        GaugeMetricFamily("avain_source_amiss", wrong, labels=["source", "why"]),
    )
