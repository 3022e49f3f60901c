"""Is everything as it must be? Each check looks at one thing and says in words what it found."""

from __future__ import annotations

import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import Engine, exists, func, select, text
from sqlalchemy.exc import NoResultFound, SQLAlchemyError
from sqlalchemy.orm import Session

from iam import clock
from iam.access import administration
from iam.access.model.assignment import AdminGrant
from iam.access.model.role import Application, ApplicationEnabled
from iam.access.rules import idle
from iam.database.migrate import pending
from iam.database.types import UtcDateTime
from iam.delivery import mail, outbox
from iam.delivery.outbox import Message
from iam.directory.source import Source
from iam.errors import Unavailable
from iam.lifecycle import guardians
from iam.oidc.model import Client
from iam.settings import Settings
from iam.signin import last_administrator
from iam.signin.administrators import ADMIN
from iam.signin.codes import forgotten
from iam.signin.federation.connection import Connection
from iam.tokens import jose, keys, witness
from iam.vault import Vault, VaultError

SKEW = timedelta(seconds=30)
LOOKED_BACK, PATIENCE = timedelta(days=7), timedelta(hours=1)
"""Mails that were given up within the first are counted, and those that have waited longer than the second are a
fault."""
_PROBE = "doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; ``ok`` False is something to mend before production."""

    check: str
    ok: bool
    words: str


def examine(settings: Settings, engine: Engine) -> list[Finding]:
    """Run every check; those that need the database are left out when it does not answer."""
    return [*_outside(settings), *_database(settings, engine)]


def _outside(settings: Settings) -> Iterator[Finding]:
    words = (
        settings.issuer
        if settings.https
        else f"{settings.issuer} is for trying out only: people's passwords travel in clear"
    )
    yield Finding("issuer", settings.https, words)
    yield _proxies(settings)
    yield _key_file(settings)
    if settings.redis.url is not None:
        yield _redis(settings.redis.url.get_secret_value())
    yield _mail_server(settings)


def _proxies(settings: Settings) -> Finding:
    named = ", ".join(settings.listen.proxies)
    missing = (
        "IAM_LISTEN__PROXIES names none: nothing is counted by address, neither failures to sign in nor half-sent forms"
    )
    return Finding("proxies", bool(named), f"people's addresses are told by {named}" if named else missing)


def _key_file(settings: Settings) -> Finding:
    path = settings.vault.key_file
    if not path.exists():
        return Finding("key file", False, f"{path.name} is missing; it is made at the first start, and only then")
    mode = stat.S_IMODE(path.stat().st_mode)
    return Finding(
        "key file", mode & 0o077 == 0, f"mode {mode:o}, others may read it" if mode & 0o077 else f"mode {mode:o}"
    )


def _redis(url: str) -> Finding:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "localhost", parts.port or 6379), timeout=1):
            return Finding("redis", True, "accepts connections")
    except OSError as error:
        return Finding("redis", False, f"does not answer ({type(error).__name__}); the service goes on without it")


def _mail_server(settings: Settings) -> Finding:
    """Go as far as a mail would. With a host the rest of the settings is whole, or the program would not have
    started."""
    carrier = mail.carrier(settings)
    if carrier is None and settings.mail != type(settings.mail)():
        return Finding(
            "mail server", False, "IAM_MAIL__HOST is missing beside the other mail settings: no mail is sent"
        )
    if carrier is None:
        return Finding("mail server", True, "none is set; no mail is sent, and nobody is offered a code by e-mail")
    place = f"{settings.mail.host}:{settings.mail.port}, {settings.mail.security}"
    try:
        carrier.greet()
    except Unavailable as error:
        return Finding("mail server", False, f"{place}: {error}")
    return Finding("mail server", True, f"{place}: answers{' and takes our login' if settings.mail.login else ''}")


def _database(settings: Settings, engine: Engine) -> Iterator[Finding]:
    try:
        if pending(engine):
            yield Finding("migrations", False, "the database is not at this version's schema; run iam migrate")
            return
        yield Finding("migrations", True, "at the newest schema")
        with Session(engine) as session:
            for check in _CHECKS:
                yield from check(settings, session)
    except SQLAlchemyError as error:
        yield Finding("database", False, f"does not answer ({type(error).__name__})")


def _clock(_settings: Settings, session: Session) -> Iterator[Finding]:
    there = session.scalar(select(func.now(type_=UtcDateTime())))
    if there is not None:
        skew = abs(clock.now() - there)
        yield Finding("clocks", skew < SKEW, f"{skew.total_seconds():.0f} s between this machine and the database")


def _durability(_settings: Settings, session: Session) -> Iterator[Finding]:
    if session.get_bind().dialect.name != "postgresql":
        yield Finding("durability", True, "SQLite with synchronous = FULL")
        return
    for name in ("fsync", "synchronous_commit"):
        value = session.scalar(text(f"SHOW {name}"))
        yield Finding(name, value != "off", f"{name} = {value}")


def _keys(settings: Settings, session: Session) -> Iterator[Finding]:
    try:
        published = {str(key["kid"]): key for key in keys.published(session)}
        if not published:
            raise NoResultFound
        vault = Vault.open(settings.vault.key_file, make=False)
        for algorithm in keys.FIRST:
            key = keys.current(session, vault, algorithm)
            yield _witnessed(algorithm, key, published)
    except VaultError as error:
        yield Finding("keys", False, f"{error}")
    except NoResultFound:
        yield Finding("keys", False, "there is no signing key yet; iam serve makes one at its first start")


def _witnessed(algorithm: str, key: jose.Key, published: dict[str, jose.Claims]) -> Finding:
    stamp = int(clock.now().timestamp())
    token = jose.sign(key, "JWT", {"iss": _PROBE, "aud": _PROBE, "iat": stamp, "exp": stamp + 60})
    public = published.get(str(key.kid))
    ok = public is not None and witness.accepts(token, public, _PROBE)
    return Finding(
        f"{algorithm} key", ok, "the independent witness accepts it" if ok else "the independent witness refuses it"
    )


def _administrators(_settings: Settings, session: Session) -> Iterator[Finding]:
    if not session.scalar(select(exists().where(AdminGrant.permission == ADMIN))):
        return
    there = last_administrator.is_there(session)
    missing = "in 30 days nobody who can sign in administers the whole; appoint somebody, or iam person make-admin"
    yield Finding("administrators", there, "somebody administers the whole" if there else missing)


def _mails(settings: Settings, session: Session) -> Iterator[Finding]:
    """Look for mails that nobody sends: one that was given up may be the fault of its address, many that wait are
    ours."""
    now, mails = clock.now(), select(func.count()).where(Message.kind == forgotten.KIND)
    stuck = session.scalars(mails.where(outbox.WAITING, Message.created_at < now - PATIENCE)).one()
    given_up = session.scalars(mails.where(Message.given_up_at > now - LOOKED_BACK)).one()
    if settings.mail.host or stuck or given_up:
        words = f"{stuck} have waited longer than an hour; {given_up} were given up in the last 7 days"
        yield Finding("mails", not stuck, f"{words}, see /admin/undelivered" if given_up else words)


def _entry(_settings: Settings, session: Session) -> Iterator[Finding]:
    """Look for applications that nobody can enter and rules that give nothing; a healthy installation has neither to
    tell."""
    enabled = exists().where(ApplicationEnabled.application_id == Application.id)
    query = select(Application.key, Client.grants).join(Client, Client.application_id == Application.id)
    asking = session.execute(query.where(~Application.retired, ~Client.retired, ~enabled))
    closed = sorted({key for key, grants in asking if "authorization_code" in grants})
    if closed:
        yield Finding("applications", False, f"enabled for no organisation, so that nobody enters: {', '.join(closed)}")
    given = idle.rules(session)
    if given:
        words = (
            "give nothing: what they name is gone, their owner may not hand the role out, or it lies beside the "
            "owner's part"
        )
        yield Finding("rules", False, f"{words}: {', '.join(given)}")


def _connections(_settings: Settings, session: Session) -> Iterator[Finding]:
    """Name the connections that prove people for the whole consortium, and those that prove nobody: an upgrade gave the
    root to all."""
    owners = {row.key: row.owner_id for row in session.scalars(select(Connection).where(~Connection.retired))}
    nobodys = sorted(key for key, owner in owners.items() if owner is None)
    if nobodys:
        yield Finding("connections", False, f"without an owner nobody gets in by them: {', '.join(nobodys)}")
    tops = administration.roots(session)
    wide = sorted(key for key, owner in owners.items() if owner in tops)
    if wide:
        words = "they prove people of every organisation; state an owner where that is too much"
        yield Finding("connections", True, f"{', '.join(wide)}: {words}")


def _sources(_settings: Settings, session: Session) -> Iterator[Finding]:
    """Name the sources from before walls whose first reading since then nobody has accepted."""
    open_ = sorted(session.scalars(select(Source.key).where(~Source.walled, ~Source.disabled)))
    if open_:
        words = (
            "they may state facts of every organisation until what that would leave out was shown by a run and accepted"
        )
        yield Finding("sources", False, f"{', '.join(open_)}: {words}")


def _guardians(_settings: Settings, session: Session) -> Iterator[Finding]:
    """Nothing is at fault: until a school confirms somebody, rights are kept back, and the overview of the school lists
    whose."""
    count, recent = guardians.count_waiting(session)
    if count:
        words = (
            f"{count} wait for the school of a protected child to confirm them; {recent} of them signed in within "
            f"a year"
        )
        yield Finding("guardians", True, words)


_CHECKS: tuple[Callable[[Settings, Session], Iterator[Finding]], ...] = (
    _clock,
    _durability,
    _keys,
    _mails,
    _entry,
    _connections,
    _sources,
    _guardians,
    _administrators,
)
