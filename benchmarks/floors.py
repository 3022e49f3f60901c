"""The floors of the design: what no request and no load can go below, measured on this machine in this run."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

import psycopg

from benchmarks.browser import Browser
from benchmarks.meter import Meter
from benchmarks.nothing import Nothing
from benchmarks.signing_in import mean
from iam.signin.passwords.password import hash_password
from iam.tokens import jose
from iam.vault import Vault


def each(work: Callable[[], object], times: int) -> float:
    """Return the median seconds of one call."""
    work()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return sorted(found)[times // 2]


def measure(dsn: str, vault: Vault) -> dict[str, float]:
    """Return the floors in milliseconds: F the CPU of a do-nothing request, L a prepared look-up, C a one-row commit, A
    a password hash, S a signature by each algorithm, and W (in seconds) a bare COPY and merge of 150,000 rows."""
    keys = {name: jose.generate(name, "floor") for name in jose.ALGORITHMS}
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE floor (id uuid PRIMARY KEY, n int)")
        one = uuid4()
        connection.execute("INSERT INTO floor VALUES (%s, 1)", (one,))
        found = {
            "L": each(
                lambda: connection.execute("SELECT n FROM floor WHERE id = %s", (one,), prepare=True).fetchone(), 500
            ),
            "C": each(lambda: connection.execute("INSERT INTO floor VALUES (%s, 1)", (uuid4(),), prepare=True), 200),
            "A": each(lambda: hash_password(vault, "a password for the floor"), 20),
            **{
                f"S {name}": each(lambda key=key: jose.sign(key, "at+jwt", {"sub": "x"}), 100)
                for name, key in keys.items()
            },  # type: ignore[misc]
        }
        found = {"F": _nothing(), **found}
        found = {name: seconds * 1000 for name, seconds in found.items()}
        found |= {
            "W first s": _merge(connection, 0),
            "W unchanged s": _merge(connection, 0),
            "W 1 % s": _merge(connection, 100),
        }
    return found


def _nothing(times: int = 2000) -> float:
    """CPU seconds of one request to an application that does nothing, in the server that the service uses."""
    with Nothing() as server:
        program = Browser(server.url)
        found = mean(Meter(server.pid, server.pid), times, lambda: program.get("/"))
        program.close()
        return found.own


def _merge(connection: psycopg.Connection[object], changed_every: int) -> float:
    """Copy 150,000 rows into a staging table and merge them by key; the work of any load, with nothing understood."""
    connection.execute("CREATE TABLE IF NOT EXISTS floor_row (key text PRIMARY KEY, a text, b text, c text)")
    started = time.perf_counter()
    with connection.transaction():
        connection.execute("CREATE TEMP TABLE floor_stage (key text, a text, b text, c text) ON COMMIT DROP")
        with connection.cursor().copy("COPY floor_stage FROM STDIN") as copy:
            for n in range(150_000):
                copy.write_row(
                    (
                        f"P{n}",
                        "2026-08-01",
                        "2027-05-31",
                        "new" if changed_every and n % changed_every == 0 else "KOIVU",
                    )
                )
        connection.execute(
            "INSERT INTO floor_row SELECT * FROM floor_stage ON CONFLICT (key) DO UPDATE SET a = excluded.a, "
            "b = excluded.b, c = excluded.c"
            " WHERE (floor_row.a, floor_row.b, floor_row.c) IS DISTINCT FROM (excluded.a, excluded.b, excluded.c)"
        )
    return time.perf_counter() - started
