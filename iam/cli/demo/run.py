"""``iam demo run``: the whole demonstration in one process, from feed files to a relying application, on SQLite and
without services."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
import structlog
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from connectors.problem import Problem
from iam import clock
from iam.app import create_app
from iam.apply.guarded import Held
from iam.apply.run import run_apply
from iam.change import SYSTEM, Actor
from iam.cli import demo_state
from iam.cli.demo import joining
from iam.cli.demo.told import tell
from iam.cli.demo_state import PORT, settings_for
from iam.cli.operating import worker
from iam.database.engine import make_engine, make_sessions
from iam.database.migrate import upgrade
from iam.demo.generate import generate
from iam.demo.profiles import PROFILES
from iam.demo.relying.application import create_relying_app
from iam.errors import Conflict, Invalid, Unavailable
from iam.oidc.clients import write as registration
from iam.oidc.model import Client
from iam.settings import Settings
from iam.signin.passwords import credentials
from iam.sources import runner
from iam.tokens import keys
from iam.vault import Vault
from iam.web import joined
from iam.web.edge import logging, management
from iam.web.joined import Joined

CLIENT, SECRET = "demo-palvelu", "esittelyn-salaisuus-vain-talle-koneelle"
STARTER, ACCEPTER = "olli.operaattori", "outi.operaattori"
BEFORE = (
    "05-operators.yaml",
    "10-applications.yaml",
    "20-rules.yaml",
    "25-agreement-templates.yaml",
    "30-sources.yaml",
)
AFTER = ("40-people.yaml",)
STOPPING = {signal.SIGINT, signal.SIGTERM}
"""Signals that end the demonstration: Ctrl-C, and what a process manager sends."""


@click.command()
@click.option("--fresh", is_flag=True, help="Start over: forget everything and generate anew.")
@click.option(
    "--profile", type=click.Choice(list(PROFILES)), default="small", show_default=True, help="How much of everything."
)
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
@click.option(
    "--port",
    type=click.IntRange(1, 65534),
    default=PORT,
    show_default=True,
    help="Where Avain answers; the application that relies on it answers on the port after it.",
)
@click.option("--issuer", hidden=True)
@click.option("--relying", hidden=True)
def run(
    fresh: bool,
    profile: str,
    seed: str,
    state: Path,
    consortium: Path,
    prepare_only: bool,
    port: int,
    issuer: str | None,
    relying: str | None,
) -> None:
    """Set up the demonstration consortium when it is not there yet, and serve it until Ctrl-C."""
    if fresh:
        for name in demo_state.FILES:
            (state / name).unlink(missing_ok=True)
        for name in ("feeds", *joining.FOLDERS):
            shutil.rmtree(state / name, ignore_errors=True)
    issuer, relying = issuer or f"http://localhost:{port}", relying or f"http://localhost:{port + 1}"
    settings = settings_for(state, issuer)
    logging.configure("warning", sys.stderr)
    vault = Vault.open(settings.vault.key_file)
    engine = make_engine(settings.database.url.get_secret_value())
    if not (state / "feeds" / "done").exists():
        set_up(settings, make_sessions(engine), vault, state / "feeds", consortium, profile, seed)
    with make_sessions(engine).begin() as session:
        keys.ensure(session, vault, SYSTEM)
        _follow(session, relying)
    demo_state.remember(state, issuer)
    if not prepare_only:
        port = urlsplit(relying).port or PORT + 1
        with joining.joined(settings, make_sessions(engine), vault, consortium, port + 1) as systems:
            _serve(settings, relying, worker.beside(settings, vault, engine), systems)
    engine.dispose()


def set_up(
    settings: Settings,
    sessions: sessionmaker[Session],
    vault: Vault,
    feeds: Path,
    consortium: Path,
    profile: str,
    seed: str,
) -> None:
    """Generate the feeds, declare the consortium, run the sources and let the second operator accept them, then name
    the people."""
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


def _follow(session: Session, relying: str) -> None:
    """Let the application come back to where it is served this time."""
    client = session.scalars(select(Client).where(Client.client_id == CLIENT)).one()
    addresses = {"redirect_uris": [f"{relying}/callback"], "post_logout_redirect_uris": [f"{relying}/"]}
    if any(getattr(client, name) != value for name, value in addresses.items()):
        registration.amend(session, [{"id": client.id, **addresses}])


def _serve(settings: Settings, relying: str, working: AbstractContextManager[None], systems: Sequence[Joined]) -> None:
    provider = create_app(settings)
    joined.tell(provider, systems)
    application = create_relying_app(settings.issuer, CLIENT, SECRET, relying)
    with ExitStack() as stack:
        # Kept from every thread that starts below: only the one that waits for them takes them, and none comes at a bad
        # moment.
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING))
        stack.enter_context(_served(provider, settings.listen.host, urlsplit(settings.issuer).port or 80))
        stack.enter_context(_served(application, settings.listen.host, urlsplit(relying).port or 80))
        stack.enter_context(_managed(settings))
        stack.enter_context(working)
        tell(settings.issuer, relying, settings.state_dir / "feeds" / "hr.csv", systems)
        signal.sigwait(STOPPING)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    click.echo("Stopped.")


@contextmanager
def _served(app: Flask, host: str, port: int) -> Iterator[None]:
    try:
        server = make_server(host, port, app, threaded=True)
    except (OSError, SystemExit):
        raise Unavailable(
            Problem(
                "Port %(port)s is taken.",
                "Stop what uses it, or choose others: make run PORT=9080.",
                params={"port": port},
            )
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
