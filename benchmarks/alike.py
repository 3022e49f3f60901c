"""Whether time tells what the text does not: who is known at a door, and how much of a secret was right (security
AU-06, TK-09).

Two kinds of tries are sent in turns to the same service, and of every pair of one of each it is asked which took
longer. A share of one half is what a coin would say; the requirement allows two hundredths more.
"""

from __future__ import annotations

import random
import time
from base64 import b64encode
from collections.abc import Callable, Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.browser import Browser
from benchmarks.signing_in import FIELD, SAME_ORIGIN, SERVICE, SERVICE_SECRET, give_logins
from iam.directory.person import Person
from iam.signin.accounts.account import NetworkFailure

SAMPLES = 2000
"""Tries of each kind."""
FORGOTTEN = 200
"""After so many tries of each kind the installation's count begins anew; it is full at a thousand."""
Try = Callable[[int], object]


def known_people(sessions: sessionmaker[Session], count: int = SAMPLES) -> list[str]:
    """Give a login and a password to so many new people; return the logins. Each fails once: nobody is slowed down for
    failing."""
    with sessions.begin() as session:
        people = {f"alike-{n:04}": Person() for n in range(count)}
        session.add_all(people.values())
        session.flush()
        give_logins(session, {login: one.id for login, one in people.items()})
    return list(people)


def shares(issuer: str, logins: Sequence[str], sessions: sessionmaker[Session]) -> dict[str, float]:
    """Return by question the share of pairs in which the first kind took longer than the second.

    What an installation counts of accounts that fail is forgotten on the way: it would ask everybody to come again.
    """
    browser = Browser(issuer)
    form = dict(FIELD.findall(browser.get("/login").text))

    code_form = dict(FIELD.findall(browser.get("/first-code").text))

    def sign_in(login: Callable[[int], str]) -> Try:
        return lambda n: browser.post(
            "/login", form | {"login": login(n), "password": "wrong"}, SAME_ORIGIN, refusal=422
        )

    def first_code(login: Callable[[int], str]) -> Try:
        fields = code_form | {"code": "AAAAA-AAAAA"}
        return lambda n: browser.post("/first-code", fields | {"login": login(n)}, SAME_ORIGIN, refusal=422)

    def client(secret: str) -> Try:
        basic = {"Authorization": "Basic " + b64encode(f"{SERVICE}:{secret}".encode()).decode()}
        return lambda _n: browser.post("/oauth2/token", {"grant_type": "client_credentials"}, basic, refusal=401)

    known, unknown = logins.__getitem__, "nobody-{:04}".format
    almost, wrong = SERVICE_SECRET[:-1] + "=", "x" * len(SERVICE_SECRET)
    questions = {
        "sign-in: a known login, or an unknown one": (sign_in(known), sign_in(unknown)),
        "one-time code: a known login, or an unknown one": (first_code(known), first_code(unknown)),
        "secret: all but the last character right, or none": (client(almost), client(wrong)),
    }
    found = {question: _share(*tries, len(logins), sessions) for question, tries in questions.items()}
    browser.close()
    return found


def _share(one: Try, other: Try, samples: int, sessions: sessionmaker[Session]) -> float:
    took: tuple[list[float], list[float]] = [], []
    for n in range(samples):
        if n % FORGOTTEN == 0:
            with sessions.begin() as session:
                session.execute(delete(NetworkFailure))
        for kind in random.sample((0, 1), 2):
            started = time.perf_counter()
            (one, other)[kind](n)
            took[kind].append(time.perf_counter() - started)
    return _longer(*took)


def _longer(ones: Sequence[float], others: Sequence[float]) -> float:
    """The area under the curve: how probable it is that one of ``ones`` exceeds one of ``others``."""
    ranked = sorted([(value, 1) for value in ones] + [(value, 0) for value in others])
    ranks = sum(rank for rank, (_, kind) in enumerate(ranked, 1) if kind)
    return (ranks - len(ones) * (len(ones) + 1) / 2) / (len(ones) * len(others))
