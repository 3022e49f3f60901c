"""``iam serve``: the web processes, the management port beside them, and the worker.

The server is granian: measured beside gunicorn's threaded workers it takes the same processor time a request, and it
ends TLS, reads hostile HTTP and restarts a failed process without further parts.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import click
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from connectors.problem import Problem
from iam import sealed
from iam.change import SYSTEM
from iam.cli.operating import worker
from iam.cli.support import Console
from iam.database.migrate import pending
from iam.errors import Conflict, Invalid, Unavailable
from iam.settings import Listen
from iam.sources.measures import Feeds
from iam.tokens import keys
from iam.web.edge import logging, management

CONNECTIONS, IDLE_MS = 800, 10_000
"""How many connections a web process keeps, and after how many milliseconds without a request it closes one: a
connection that only waits takes a place, too. Below the 1,024 open files that a process usually may have; more wait to
be accepted."""
GRACE_SECONDS = 8
"""How long running requests may take after a stop was asked for."""
_MEASURES = "PROMETHEUS_MULTIPROC_DIR"


@click.command()
@click.pass_obj
def serve(console: Console) -> None:
    """Serve the pages and the provider, the management port and the worker, until told to stop (SIGTERM, SIGINT)."""
    console.is_demonstrated = False
    logging.configure(console.settings.log_level)
    _prepare(console)
    with _measures(console.engine) as registry, _management(console, registry), _worker(console):
        _server(console).serve()


def _worker(console: Console) -> AbstractContextManager[None]:
    inside = console.settings.worker.inside
    return worker.beside(console.settings, console.vault, console.engine) if inside else nullcontext()


def _prepare(console: Console) -> None:
    """Look that the schema is ours and that the key file is the database's, and make the first signing keys."""
    if pending(console.engine):
        raise Conflict(Problem("The database is not at this version's schema.", "Run iam migrate first."))
    try:
        _ensure_keys(console)
    except IntegrityError:
        # Another process that started at the same moment made them.
        _ensure_keys(console)


def _ensure_keys(console: Console) -> None:
    vault = console.vault
    with console.transaction() as session:
        sealed.remember(session, vault)
        keys.ensure(session, vault, SYSTEM)


def _server(console: Console) -> MPServer:
    listen = console.settings.listen
    # A forked process would share our threads' locks and the engine's connections.
    multiprocessing.set_start_method("spawn", force=True)
    quiet = {"handlers": {}, "formatters": {}, "loggers": {"_granian": {"handlers": [], "propagate": True}}}
    try:
        return _over(listen, quiet)
    except OSError as error:  # granian reads the certificate here; ssl's errors are of this kind too
        names = "IAM_LISTEN__TLS_CERTIFICATE, IAM_LISTEN__TLS_KEY"
        raise Invalid(Problem("%(name)s: %(what)s.", params={"name": names, "what": str(error)})) from None


def _over(listen: Listen, quiet: dict[str, Any]) -> MPServer:
    return MPServer(
        "iam.app:rsgi",
        factory=True,
        interface=Interfaces.RSGI,
        address=listen.host,
        port=listen.port,
        workers=listen.workers,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
        log_dictconfig=quiet,
        log_level=LogLevels.warning,
        ssl_cert=listen.tls_certificate,
        ssl_key=listen.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_MS),
    )


@contextmanager
def _measures(engine: Engine) -> Iterator[CollectorRegistry]:
    """A folder in which the web processes leave their counts, and a registry that adds them up, beside how sources
    stand."""
    folder = tempfile.mkdtemp(prefix="avain-measures-")
    os.environ[_MEASURES] = folder
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    registry.register(Feeds(engine))
    try:
        yield registry
    finally:
        os.environ.pop(_MEASURES, None)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _management(console: Console, registry: CollectorRegistry) -> Iterator[None]:
    listen = console.settings.listen
    try:
        server = management.start(
            listen.host,
            listen.management_port,
            management.application(console.engine, registry, (listen.host, listen.port)),
        )
    except OSError:
        port = {"port": listen.management_port}
        raise Unavailable(Problem("The management port %(port)s is taken.", "Set another.", params=port)) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
