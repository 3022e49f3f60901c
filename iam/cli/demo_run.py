"""``iam demo run``: the whole demonstration in one process, from feed files to a relying application, on SQLite and without services."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
import structlog
from flask import Flask
from prometheus_client import REGISTRY
from pydantic import SecretStr
from rich.console import Console as Terminal
from rich.table import Table
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from connectors.problem import Problem
from iam import clock
from iam.app import create_app
from iam.apply.guarded import Held
from iam.apply.run import run_apply
from iam.change import SYSTEM, Actor
from iam.cli import worker
from iam.database.engine import make_engine, make_sessions
from iam.database.migrate import upgrade
from iam.demo.generate import generate
from iam.demo.people import TRY
from iam.demo.relying import create_relying_app
from iam.errors import Conflict, Invalid, Unavailable
from iam.settings import Database, Settings, Signin
from iam.settings import Vault as VaultSettings
from iam.signin import credentials, levels
from iam.sources import runner
from iam.tokens import keys
from iam.vault import Vault
from iam.web import logging, management

ISSUER, RELYING = "http://localhost:8080", "http://localhost:8081"
CLIENT, SECRET = "demo-palvelu", "esittelyn-salaisuus-vain-talle-koneelle"
STARTER, ACCEPTER = "olli.operaattori", "outi.operaattori"
BEFORE = ("05-operators.yaml", "10-applications.yaml", "20-rules.yaml", "30-sources.yaml")
AFTER = ("40-people.yaml",)
STOPPING = {signal.SIGINT, signal.SIGTERM}
"""Signals that end the demonstration: Ctrl-C, and what a process manager sends."""


@click.command()
@click.option("--fresh", is_flag=True, help="Start over: forget everything and generate anew.")
@click.option("--profile", default="small", show_default=True, help="How much of everything: small, normal or large.")
@click.option("--seed", default="marjala", show_default=True, help="Other text, other people.")
@click.option(
    "--state", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Folder for the state."
)
@click.option(
    "--consortium",
    type=click.Path(path_type=Path),
    default=Path("deploy/demo"),
    show_default=True,
    help="The declarations.",
)
@click.option("--prepare-only", is_flag=True, help="Set everything up and stop.")
@click.option("--issuer", default=ISSUER, hidden=True)
@click.option("--relying", default=RELYING, hidden=True)
def run(
    fresh: bool, profile: str, seed: str, state: Path, consortium: Path, prepare_only: bool, issuer: str, relying: str
) -> None:
    """Set up the demonstration consortium when it is not there yet, and serve it until Ctrl-C."""
    if fresh:
        for name in ("demo.db", "demo.db-wal", "demo.db-shm", "demo.key"):
            (state / name).unlink(missing_ok=True)
        shutil.rmtree(state / "feeds", ignore_errors=True)
    settings = settings_for(state, issuer)
    logging.configure("warning", sys.stderr)
    vault = Vault.open(settings.vault.key_file)
    engine = make_engine(settings.database.url.get_secret_value())
    if not (state / "feeds" / "done").exists():
        set_up(settings, make_sessions(engine), vault, state / "feeds", consortium, profile, seed)
    with make_sessions(engine).begin() as session:
        keys.ensure(session, vault, SYSTEM)
    if not prepare_only:
        _serve(settings, relying, worker.beside(settings, vault, engine))
    engine.dispose()


def settings_for(state: Path, issuer: str = ISSUER) -> Settings:
    """Return the demonstration's settings: everything under ``state``, the issuer on localhost (its port is the one to listen on)."""
    state.mkdir(parents=True, exist_ok=True)
    return Settings(
        issuer=issuer, consortium="Marjala", state_dir=state, vault=VaultSettings(key_file=state / "demo.key"),
        database=Database(url=SecretStr(f"sqlite:///{(state / 'demo.db').resolve()}")),
        signin=Signin(administrators=levels.PASSWORD),
    )  # fmt: skip


def set_up(
    settings: Settings,
    sessions: sessionmaker[Session],
    vault: Vault,
    feeds: Path,
    consortium: Path,
    profile: str,
    seed: str,
) -> None:
    """Generate the feeds, declare the consortium, run the sources and let the second operator accept them, then name the people."""
    click.echo(f"Setting up the demonstration ({profile}) …")
    upgrade(settings.database.url.get_secret_value())
    with sessions.begin() as session:
        keys.ensure(session, vault, SYSTEM)
    generate(profile, feeds, seed, clock.today(settings.zone))
    _declare(settings, sessions, vault, [feeds / "consortium.yaml", *(consortium / name for name in BEFORE)], feeds)
    starter, accepter = (_actor(sessions, login) for login in (STARTER, ACCEPTER))
    for source in ("hr", "oneroster"):
        shown = runner.run(sessions, vault, source, starter)
        click.echo(f"  {source}: {shown.counts.get('rows', 0)} rows shown to {STARTER}")
        # A start that was cut off may have come further than this: what is accepted already does not wait again.
        done = runner.accept(sessions, vault, source, accepter) if shown.state == "held" else shown
        if done.exit_code:
            raise Conflict(*done.reasons)
        click.echo(f"  {source}: accepted by {ACCEPTER}; {done.counts.get('rights_gain', 0)} rights")
    _propose(settings, sessions, vault, [consortium / name for name in AFTER], feeds, starter, accepter)
    (feeds / "done").write_text("The demonstration is set up; FRESH=1 starts over.\n", encoding="utf-8")


def _declare(
    settings: Settings,
    sessions: sessionmaker[Session],
    vault: Vault,
    files: list[Path],
    feeds: Path,
    actor: Actor = SYSTEM,
    accept: str | None = None,
) -> Held | None:
    data = {"DATA": str(feeds.resolve())}
    with sessions.begin() as session:
        report = run_apply(session, files, data, actor, vault, consortium=settings.consortium, accept=accept)
        if report.problems:
            raise Invalid(*report.problems)
        return report.held


def _propose(
    settings: Settings,
    sessions: sessionmaker[Session],
    vault: Vault,
    files: list[Path],
    feeds: Path,
    starter: Actor,
    accepter: Actor,
) -> None:
    """Declare as the first operator what is in use already, and let the second accept what waits of it."""
    held = _declare(settings, sessions, vault, files, feeds, starter)
    if held is not None:
        _declare(settings, sessions, vault, files, feeds, accepter, held.digest)
        click.echo(f"  who administers what: proposed by {STARTER}, accepted by {ACCEPTER}")


def _actor(sessions: sessionmaker[Session], login: str) -> Actor:
    with sessions() as session:
        found = credentials.find(session, login)
    if found is None:
        raise Conflict(
            Problem("The operator %(login)s is missing.", "Start over with FRESH=1.", params={"login": login})
        )
    return Actor(found.person_id)


def _serve(settings: Settings, relying: str, working: AbstractContextManager[None]) -> None:
    provider = create_app(settings)
    application = create_relying_app(settings.issuer, CLIENT, SECRET, relying)
    with ExitStack() as stack:
        # Kept from every thread that starts below: only the one that waits for them takes them, and none comes at a bad moment.
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING))
        stack.enter_context(_served(provider, settings.listen.host, urlsplit(settings.issuer).port or 80))
        stack.enter_context(_served(application, settings.listen.host, urlsplit(relying).port or 80))
        stack.enter_context(_managed(settings))
        stack.enter_context(working)
        _tell(settings.issuer, relying)
        signal.sigwait(STOPPING)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    click.echo("Stopped.")


@contextmanager
def _served(app: Flask, host: str, port: int) -> Iterator[None]:
    try:
        server = make_server(host, port, app, threaded=True)
    except (OSError, SystemExit):
        raise Unavailable(
            Problem("Port %(port)s is taken.", "Stop what uses it and start again.", params={"port": port})
        ) from None
    thread = threading.Thread(target=server.serve_forever, name=f"port {port}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def _managed(settings: Settings) -> Iterator[None]:
    engine = make_engine(settings.database.url.get_secret_value())
    try:
        server = management.start(
            settings.listen.host, settings.listen.management_port, management.application(engine, REGISTRY)
        )
    except OSError:
        # Health and measures are not what somebody tries Avain for; another service may hold the port.
        structlog.get_logger("avain.demo").warning("the management port is taken", port=settings.listen.management_port)
        yield
        return
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        engine.dispose()


def _tell(issuer: str, relying: str) -> None:
    table = Table(title="People to try", show_lines=False)
    for heading in ("Login", "Password", "Who", "What to look at"):
        table.add_column(heading, overflow="fold")
    for person in TRY:
        table.add_row(person.login, person.password, person.who, person.look)
    terminal = Terminal()
    terminal.print(table)
    terminal.print(
        f"Three things to do:\n"
        f" 1. Open {relying}, sign in as aino.esimerkki, choose a school, and see that school's roles only.\n"
        f" 2. Open {issuer}/admin/ as paula.paakayttaja: find Aino and open Miksi? beside a right.\n"
        f" 3. Give Aino's rows in var/feeds/hr.csv an end that has passed, run the source hr on its page, and look at both again.\n"
        f"The administrators of this demonstration sign in with a password alone; elsewhere a passkey is asked of them.\n"
        f"Avain: {issuer}   Relying application: {relying}   Ctrl-C stops both.",
        highlight=False,
    )
