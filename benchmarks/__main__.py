"""``python -m benchmarks``: measures everything on a PostgreSQL of its own and prints it beside the floors and what is
asked."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks import alike, directory, feed, floors, half_sent, morning, one_shot, plans, signing_in
from benchmarks.meter import Measure, Meter
from benchmarks.rush import crowd, gets_in, rush
from iam.cli.demo.run import set_up
from iam.database.engine import make_engine, make_sessions
from iam.database.migrate import upgrade
from iam.settings import Database, Settings, VaultSettings
from iam.vault import Vault
from tests.kit.servers.avain import Avain
from tests.kit.servers.postgresql import PostgreSQL

ASKED = {
    "first load": "18 s, 400 MiB",
    "unchanged": "2 s, 400 MiB",
    "1 % changed": "3 s, 400 MiB",
    "derive × 20 rules": "6 s",
    "derive one person": "20 ms",
    **plans.ASKED,
    **directory.ASKED,
}
RATES = (20, 40, 60, 90)
"""Sign-ins a second; asked is that at 60 95 % take less than 500 ms."""
BOUNDS: dict[str, tuple[str, Callable[[dict[str, float]], float]]] = {
    "whole sign-in": ("A + 8", lambda f: f["A"] + 8),
    "client credentials": ("F + S + C + 0.3", lambda f: f["F"] + f["S RS256"] + f["C"] + 0.3),
    "refresh": ("F + 2S + 2C + 0.4", lambda f: f["F"] + 2 * f["S RS256"] + 2 * f["C"] + 0.4),
    "userinfo": ("F + 2L + 0.2", lambda f: f["F"] + 2 * f["L"] + 0.2),
    "introspection": ("F + 2L + 0.2", lambda f: f["F"] + 2 * f["L"] + 0.2),
    "discovery": ("1.3 F", lambda f: 1.3 * f["F"]),
    "JWKS": ("1.3 F", lambda f: 1.3 * f["F"]),
}
"""CPU of application and database that a request may take, in ms, from the floors of the same run."""


class Durable(PostgreSQL):
    """PostgreSQL as in production: nothing is acknowledged before it is on the disk."""

    def command(self) -> list[str]:
        """See ``Server``."""
        settings = {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "shared_buffers": "512MB",
            "max_wal_size": "2GB",
        }
        return [*super().command(), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]


def main() -> None:
    """Run all benchmarks and print the table."""
    with tempfile.TemporaryDirectory(prefix="avain-bench-") as name, Durable() as server:
        folder, vault, meter = Path(name), Vault.open(Path(name) / "vault.key"), Meter(server.pid)
        lowest = floors.measure(server.url().replace("+psycopg", ""), vault)
        _say("floors: " + ", ".join(f"{key} {value:.2f}" for key, value in lowest.items()))
        found: dict[str, Measure] = {}
        if "feed" in sys.argv[1:] or len(sys.argv) == 1:
            url = _database(server)
            sessions = make_sessions(make_engine(url))
            found |= feed.loads(meter, sessions, vault, folder / "large")
            found |= feed.derivations(meter, sessions)
            found |= plans.measures(meter, sessions, vault, folder / "large")
        if "directory" in sys.argv[1:] or len(sys.argv) == 1:
            found |= directory.loads(meter, make_sessions(make_engine(_database(server))), vault, folder / "ldap")
        if "signin" in sys.argv[1:] or len(sys.argv) == 1:
            found |= _provider(server, folder, vault)
        if "morning" in sys.argv[1:] or len(sys.argv) == 1:
            _morning(server, folder, vault)
        if "alike" in sys.argv[1:] or len(sys.argv) == 1:
            _alike(server, folder, vault)
        if "once" in sys.argv[1:] or len(sys.argv) == 1:
            for kind, (used, errors) in one_shot.parallel(_database(server), vault).items():
                _say(
                    f"{kind}: of {one_shot.SECRETS} secrets tried {one_shot.USERS} times at once, {used} used "
                    f"once, {errors} errors"
                )
        if found:
            _table(found, lowest)


def _demonstration(server: Durable, folder: Path, vault: Vault) -> tuple[str, sessionmaker[Session]]:
    """The small demonstration on a database of its own: its address, and sessions on it."""
    url = _database(server)
    settings = Settings(
        issuer="http://localhost:8080",
        state_dir=folder,
        vault=VaultSettings(key_file=folder / "vault.key"),
        database=Database(url=SecretStr(url)),
    )
    sessions = make_sessions(make_engine(url))
    set_up(settings, sessions, vault, folder / "small", feed.CONSORTIUM, "small", "bench")
    with sessions() as session:
        # What PostgreSQL does by itself within a minute: until then it plans for tables that it believes to be larger.
        session.execute(text("ANALYZE"))
        session.commit()
    return url, sessions


def _alike(server: Durable, folder: Path, vault: Vault) -> None:
    url, sessions = _demonstration(server, folder, vault)
    signing_in.add_service(sessions)
    logins = alike.known_people(sessions)
    with Avain(url, folder, {"IAM_WORKER__INSIDE": "false"}) as service:
        for question, share in alike.shares(service.issuer, logins, sessions).items():
            _say(
                f"{question}: the first takes longer in {share:.3f} of {len(logins)} x {len(logins)} pairs "
                f"(asked: 0.48 to 0.52)"
            )


def _provider(server: Durable, folder: Path, vault: Vault) -> dict[str, Measure]:
    url, sessions = _demonstration(server, folder, vault)
    with Avain(url, folder, {"IAM_WORKER__INSIDE": "false"}) as service:
        found = signing_in.measures(Meter(server.pid, service.pid), service.issuer, sessions)
    with Avain(url, folder, {"IAM_LISTEN__WORKERS": "2"}) as service:
        logins = [login for login in crowd(sessions) if gets_in(service.issuer, login)]
        for rate in RATES:
            one = rush(service.issuer, logins, rate)
            _say(
                f"{rate} sign-ins a second for {one.seconds} s: 95 % under {one.slowest_of_95 * 1000:.0f} ms, "
                f"{one.failed} told to come again,"
                f" {one.done_a_second:.0f} a second done"
            )
    return found


def _morning(server: Durable, folder: Path, vault: Vault) -> None:
    """A school at eight, and what slow senders take from others."""
    url, sessions = _demonstration(server, folder, vault)
    with Avain(url, folder, {"IAM_LISTEN__WORKERS": "2", **morning.PROXIED}) as service:
        logins = morning.pupils(sessions)
        one = morning.come(service.issuer, logins)
        hindered = sum(one.refused.values())
        _say(
            f"{len(logins)} people behind one address within {morning.SECONDS} s, one in {morning.MISTYPES} "
            f"mistypes: {len(one.took)} in, {hindered} not {dict(one.refused)}, told {one.came_again} times to come "
            f"again; 95 % under {one.slowest_of_95 * 1000:.0f} ms"
        )
    for name, settings in (("no proxy named", {}), ("from one address", morning.PROXIED)):
        with Avain(url, folder, settings) as service:
            slow = half_sent.measure(service.issuer)
            _say(
                f"{half_sent.FORMS} half-sent forms, {name}: 95 % of pages under {slow.beside * 1000:.0f} ms "
                f"beside them ({slow.without * 1000:.0f} ms without); answered {dict(slow.statuses)}, the last after "
                f"{slow.lasted:.1f} s"
            )


def _database(server: PostgreSQL) -> str:
    url = server.url(server.fresh_database())
    upgrade(url)
    return url


def _say(words: str) -> None:
    print(words, flush=True)


def _table(found: dict[str, Measure], lowest: dict[str, float]) -> None:
    table = Table(title="Speeds (100,000 persons, 150,000 affiliations; PostgreSQL)")
    for heading in ("work", "wall", "CPU", "of it the database", "memory", "asked: at most"):
        table.add_column(heading, justify="left" if heading in ("work", "asked: at most") else "right")
    for name, one in found.items():
        unit, factor = ("s", 1) if one.wall >= 0.5 else ("ms", 1000)
        table.add_row(
            name,
            *(f"{value * factor:.2f} {unit}" for value in (one.wall, one.cpu, one.database)),
            f"{one.memory:.0f} MiB" if one.memory else "",
            _asked(name, lowest),
        )
    console = Console(width=130)
    console.print(
        "Floors in ms: " + ", ".join(f"{key} = {value:.2f}" for key, value in lowest.items()), highlight=False
    )
    console.print(table)


def _asked(name: str, lowest: dict[str, float]) -> str:
    if name not in BOUNDS:
        return ASKED.get(name, "measured only")
    words, bound = BOUNDS[name]
    return f"{words} = {bound(lowest):.2f} ms of CPU"


main()
