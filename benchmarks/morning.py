"""A school at eight: a thousand people behind one address, each in a browser that is new, and one in twenty mistypes
first."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, sessionmaker

from benchmarks.browser import Browser
from benchmarks.signing_in import FIELD, PRINCIPAL, SAME_ORIGIN, give_logins
from iam.directory.person import Person

PEOPLE, SECONDS, MISTYPES = 1_000, 60, 20
"""They come evenly within so many seconds; one in so many mistypes."""
AGAIN, BUSY = 5.0, 503
"""Whoever is told that too many are signing in tries again after so many seconds."""
PROXIED = {"IAM_LISTEN__PROXIES": '["127.0.0.1"]'}
_PATIENCE = 120.0
_FROM = {"X-Forwarded-For": "203.0.113.7"}


@dataclass
class Morning:
    """``took`` are the seconds from the page to being in, mistyping and coming again included; ``refused`` counts who
    never got in, by status."""

    took: list[float] = field(default_factory=list)
    came_again: int = 0
    refused: Counter[int] = field(default_factory=Counter)

    @property
    def slowest_of_95(self) -> float:
        """The time, in seconds, that 95 % stayed under."""
        return sorted(self.took)[int(len(self.took) * 0.95)] if self.took else float("inf")


def pupils(sessions: sessionmaker[Session]) -> list[str]:
    """Make a thousand people with a username and the password that everybody types."""
    with sessions() as session, session.begin():
        people = [Person(sort_name=f"oppilas {n}") for n in range(PEOPLE)]
        session.add_all(people)
        session.flush()
        logins = {f"oppilas-{n}": person.id for n, person in enumerate(people)}
        give_logins(session, logins)
    return list(logins)


def come(issuer: str, logins: Sequence[str], seconds: int = SECONDS) -> Morning:
    """Let them all come and wait for all of them."""
    found, started = Morning(), time.perf_counter()
    threads = [
        threading.Thread(target=_arrive, args=(issuer, n, login, started + n * seconds / len(logins), found))
        for n, login in enumerate(logins)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _arrive(issuer: str, n: int, login: str, at: float, found: Morning) -> None:
    time.sleep(max(0.0, at - time.perf_counter()))
    started, browser = time.perf_counter(), Browser(issuer)
    try:
        fields = dict(FIELD.findall(browser.get("/login", _FROM).text)) | {"login": login}
        typed = ["a word too short", PRINCIPAL.password] if n % MISTYPES == 0 else [PRINCIPAL.password]
        for password in typed:
            status = browser.try_post("/login", fields | {"password": password}, _FROM | SAME_ORIGIN)
            while status == BUSY and time.perf_counter() - started < _PATIENCE:
                found.came_again += 1
                time.sleep(AGAIN)
                status = browser.try_post("/login", fields | {"password": password}, _FROM | SAME_ORIGIN)
    except (SystemExit, OSError):
        status = 0
    if status == 303:
        found.took.append(time.perf_counter() - started)
    else:
        found.refused[status] += 1
    browser.close()
