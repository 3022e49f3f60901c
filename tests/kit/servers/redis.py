"""A real Redis server without persistence."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.kit.servers.ports import HOST, free_port
from tests.kit.servers.process import Server


class RedisServer(Server):
    """redis-server on a free port; ``pause`` makes it hang and ``stop`` makes it absent."""

    name = "redis"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()

    @property
    def url(self) -> str:
        """``redis://127.0.0.1:port/0``; the same after a stop and start."""
        return f"redis://{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        """See ``Server``."""
        keep_nothing = ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        return ["redis-server", "--bind", HOST, "--port", str(self.port), *keep_nothing]

    def ready(self) -> bool:
        """See ``Server``."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self, seconds: float = 1) -> redis.Redis:
        """A new client that asks once, waits at most so many seconds and returns text; close it after use."""
        return redis.Redis(HOST, self.port, socket_timeout=seconds, retry=Retry(NoBackoff(), 0), decode_responses=True)

    def flush(self) -> None:
        """Forget everything, as a restarted Redis does."""
        with self.client(30) as client:
            client.flushall()

    def revive(self) -> None:
        """Make it run again, empty, whatever a test did to it."""
        if self.started:
            self.resume()
        else:
            self.start()
        self.flush()
