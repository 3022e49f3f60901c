"""What may be lost: generation numbers that tell every process when its cache is stale.

Redis or Valkey only makes the news travel faster. When it is absent, hung or flushed, the same number is read from SQL;
a circuit breaker keeps a broken server out of the way. Nothing here decides whether a secret, session or failure
counts.
"""

from __future__ import annotations

import time
from typing import Protocol

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam.database.base import Base
from iam.database.statement import Statement

TIMEOUT = 0.2
FAILURES, WINDOW, PAUSE = 3, 5.0, 10.0


class CacheGeneration(Base):
    """The truth about a cache's generation; it only grows."""

    __tablename__ = "cache_generation"

    name: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]


_CURRENT: Statement[int] = Statement(
    lambda: select(CacheGeneration.n).where(CacheGeneration.name == bindparam("of_name")), int
)


class Generations(Protocol):
    """Tells and raises the generation of a named cache."""

    def current(self, session: Session, name: str) -> int:
        """Return the generation now."""

    def raise_(self, session: Session, name: str) -> None:
        """Make every process read afresh, once the session's transaction has committed."""


class SqlGenerations:
    """Generations in the database alone."""

    def current(self, session: Session, name: str) -> int:
        """Return the generation now: one look-up by primary key."""
        return _CURRENT.one(session, of_name=name) or 0

    def raise_(self, session: Session, name: str) -> None:
        """Raise the generation in the session's transaction."""
        raised = session.execute(
            update(CacheGeneration)
            .where(CacheGeneration.name == name)
            .values(n=CacheGeneration.n + 1)
            .returning(CacheGeneration.n)
        ).first()
        if raised is None:
            session.execute(insert(CacheGeneration).values(name=name, n=1))


class Breaker:
    """Leaves a failing server alone: after 3 failures within 5 s it is not asked for 10 s."""

    def __init__(self) -> None:
        self._failures: list[float] = []
        self._closed_until = 0.0

    def open(self) -> bool:
        """Whether the server may be asked."""
        return time.monotonic() >= self._closed_until

    def failed(self) -> None:
        """Count a failure."""
        now = time.monotonic()
        self._failures = [at for at in self._failures if now - at < WINDOW] + [now]
        if len(self._failures) >= FAILURES:
            self._closed_until, self._failures = now + PAUSE, []


class RedisGenerations:
    """Generations cached in Redis for a moment, so that a hot path need not ask the database every time."""

    def __init__(self, url: str, lives: float = 1.0) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_connect_timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            max_connections=32,
            protocol=3,
        )
        self._sql = SqlGenerations()
        self._breaker = Breaker()
        self._lives_ms = int(lives * 1000)

    def current(self, session: Session, name: str) -> int:
        """Return the generation, at most a second old; asks SQL when Redis does not know or does not answer."""
        known = self._get(name)
        if known is not None:
            return known
        n = self._sql.current(session, name)
        self._try(lambda: self._redis.set(f"avain:generation:{name}", n, px=self._lives_ms))
        return n

    def raise_(self, session: Session, name: str) -> None:
        """Raise the generation in SQL and drop what Redis remembers."""
        self._sql.raise_(session, name)
        self._try(lambda: self._redis.delete(f"avain:generation:{name}"))

    def _get(self, name: str) -> int | None:
        value = self._try(lambda: self._redis.get(f"avain:generation:{name}"))
        return int(value) if isinstance(value, bytes) and value.isdigit() else None

    def _try(self, call: object) -> object:
        if not self._breaker.open() or not callable(call):
            return None
        try:
            return call()
        except RedisError:
            self._breaker.failed()
            return None


def generations(redis_url: str | None) -> Generations:
    """Return the generations to use: Redis before SQL when an address is set."""
    return RedisGenerations(redis_url) if redis_url else SqlGenerations()
