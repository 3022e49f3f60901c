"""``iam worker``: delivers what must be told to others and tidies; ``beside`` does the same in a thread of another
process.

Here the kinds of messages meet those who deliver them, and here is the list of what is tidied: this package may import
them all.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import click
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from iam import clock, sealed
from iam.access.derivation import later
from iam.cli.operating.runs import Runs
from iam.cli.support import Console
from iam.database.engine import make_sessions
from iam.deciding import administrators_told, telling
from iam.delivery import mail, outbox
from iam.ephemeral import generations
from iam.jobs import Chore, Handler, Worker
from iam.oidc.authorization import attempts as trace
from iam.oidc.clients import assertions as client_assertion
from iam.oidc.issuer import Issuer
from iam.oidc.logout.backchannel import Backchannel
from iam.oidc.model import OpaqueToken
from iam.plans import agreement_notes
from iam.plans.keeping import Keeping
from iam.settings import Settings
from iam.signin.accounts import reset_standing as standing
from iam.signin.accounts.factor import RememberedDevice
from iam.signin.addresses import agreement_mail, change as addresses, notices, worker as address_notice
from iam.signin.codes import forgotten
from iam.signin.factors import notice as factor_notice, replacement
from iam.signin.passwords import network, throttle
from iam.sources import alarms
from iam.tokens import keyed_request, one_shot, sign_out
from iam.vault import Vault
from iam.web.edge import logging

TIDY = timedelta(minutes=10)
_SOME = 10_000


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, say what was done, and end.")
@click.pass_obj
def worker(console: Console, once: bool) -> None:
    """Tell applications of logouts, send mail and tidy, until told to stop (SIGTERM, SIGINT)."""
    console.is_demonstrated = False
    logging.configure(console.settings.log_level, sys.stderr if once else None)
    runs = Runs(console.settings)
    made = make(console.settings, console.vault, console.engine, runs)
    if once:
        delivered, tidied = made.deliver(), made.tidy()
        with made.sessions.begin() as session:
            runs.finish(session)
        counts = "\n".join(f"{name}: {n}" for name, n in {**delivered, **tidied}.items())
        console.show({"messages": delivered, "tidied": tidied}, counts)
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: made.stop.set())
    made.run()


def make(settings: Settings, vault: Vault, engine: Engine, runs: Runs | None = None) -> Worker:
    """Return a worker over a database; ``runs`` are its scheduled runs, where the caller waits for them."""
    sessions, runs = make_sessions(engine), runs or Runs(settings)
    binding = Chore("sealed values", timedelta(minutes=1), sealed.Anew(vault))
    scheduled = Chore("sources read", timedelta(seconds=5), runs)
    chores_ = (*chores(settings), binding, scheduled)
    return Worker(sessions, handlers(settings, vault, sessions), chores_, closing=[runs.close])


def handlers(settings: Settings, vault: Vault, sessions: sessionmaker[Session]) -> dict[str, Handler]:
    """Return who delivers each kind of message."""
    redis = settings.redis.url.get_secret_value() if settings.redis.url else None
    issuer = Issuer(settings, vault, generations(redis))
    return {
        sign_out.KIND: Backchannel(issuer, settings.egress),
        later.KIND: later.Following(sessions),
        forgotten.KIND: forgotten.CodeByMail(sessions, settings, vault, mail.carrier(settings)),
        addresses.CHANGED: address_notice.Telling(settings, mail.carrier(settings)),
        addresses.TOUCHED: address_notice.Comparing(sessions, timedelta(days=settings.signin.address_days)),
        notices.KIND: notices.Notice(sessions, settings, mail.carrier(settings)),
        alarms.KIND: alarms.ByMail(settings, mail.carrier(settings)),
        telling.KIND: telling.ByMail(settings, mail.carrier(settings)),
        agreement_notes.KIND: agreement_mail.ToHolders(settings, mail.carrier(settings)),
        agreement_notes.OWN: agreement_mail.ToThoseUnder(settings, mail.carrier(settings)),
        factor_notice.KIND: factor_notice.ByMail(settings, mail.carrier(settings)),
        administrators_told.KIND: administrators_told.ToAdministrators(settings, mail.carrier(settings)),
    }


def chores(settings: Settings) -> tuple[Chore, ...]:
    """Return what is tidied, and looked for."""
    wait = timedelta(days=settings.signin.address_days)
    return (
        *CHORES,
        Chore("rights mended", timedelta(0), later.Nightly(settings.zone)),
        Chore(
            "agreements that end",
            timedelta(hours=1),
            agreement_notes.Reminding(settings.agreements.remind_days, settings.agreements.remind_people_days),
        ),
        Chore("plans", TIDY, Keeping(settings.plans.keep_names_days, settings.plans.discard_days)),
        Chore("plans told of", timedelta(minutes=10), telling.Telling(settings.plans.due_days, settings.zone)),
        Chore("administrators that end", timedelta(hours=1), administrators_told.ending),
        Chore("sources amiss", timedelta(minutes=5), alarms.amiss),
        Chore("sign-in addresses", timedelta(minutes=1), address_notice.Round(wait)),
        Chore(
            "login sessions", timedelta(minutes=1), lambda session: sign_out.run_out(session, settings.tokens, _SOME)
        ),
    )


@contextmanager
def beside(settings: Settings, vault: Vault, engine: Engine) -> Iterator[None]:
    """Work in a thread for as long as the block runs; what is on its way at the end is waited for."""
    made = make(settings, vault, engine)
    thread = threading.Thread(target=made.run, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        made.stop.set()
        thread.join()


def _ended(column: InstrumentedAttribute[datetime]) -> Callable[[Session], int]:
    """Return a chore that deletes some rows whose ``column`` lies in the past."""
    key: Any = column.class_.__mapper__.primary_key[0]

    def forget(session: Session) -> int:
        old = select(key).where(column < clock.now()).limit(_SOME)
        return int(getattr(session.execute(delete(column.class_).where(key.in_(old))), "rowcount", 0))

    return forget


CHORES = (
    Chore("one-shot secrets", TIDY, one_shot.tidy),
    Chore("throttle", TIDY, throttle.tidy),
    Chore("network failures", TIDY, network.tidy),
    Chore("client assertions", TIDY, client_assertion.tidy),
    Chore("attempts", timedelta(minutes=1), trace.tidy),
    Chore("opaque tokens", TIDY, _ended(OpaqueToken.expires_at)),
    Chore("remembered devices", TIDY, _ended(RememberedDevice.expires_at)),
    Chore("requests for help", timedelta(hours=1), standing.tidy),
    Chore("replaced factors", timedelta(minutes=1), replacement.follow_due),
    Chore("messages", timedelta(hours=1), outbox.tidy),
    Chore("requests done once", TIDY, keyed_request.tidy),
)
"""What is tidied whatever the settings."""
