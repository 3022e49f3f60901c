"""A rush of sign-ins: so many a second arrive, whether those before are done or not; how long each takes from its first request."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from benchmarks.signing_in import sign_in


@dataclass
class Rush:
    """``rate`` sign-ins a second for ``seconds``; ``took`` are the seconds of those that ended well, ``failed`` counts the others."""

    rate: int
    seconds: int
    took: list[float] = field(default_factory=list)
    failed: int = 0
    lasted: float = 0.0

    @property
    def slowest_of_95(self) -> float:
        """The time, in seconds, that 95 % stayed under."""
        return sorted(self.took)[int(len(self.took) * 0.95)] if self.took else float("inf")

    @property
    def done_a_second(self) -> float:
        """Sign-ins that ended well, a second, until the last had ended."""
        return len(self.took) / self.lasted


def rush(issuer: str, rate: int, seconds: int = 10) -> Rush:
    """Let the sign-ins come and wait for all of them."""
    found, started = Rush(rate, seconds), time.perf_counter()
    threads = [
        threading.Thread(target=_arrive, args=(issuer, started + n / rate, found)) for n in range(rate * seconds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.lasted = time.perf_counter() - started
    return found


def _arrive(issuer: str, at: float, found: Rush) -> None:
    time.sleep(max(0.0, at - time.perf_counter()))
    started = time.perf_counter()
    try:
        sign_in(issuer)
    except (SystemExit, OSError):
        found.failed += 1
        return
    found.took.append(time.perf_counter() - started)
