"""Time codes (RFC 6238): six digits from a secret shared once, one step early or late, each step once (security
AU-07)."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pyotp
import segno
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.errors import Conflict
from iam.signin.accounts.factor import Totp
from iam.tokens import one_shot
from iam.vault import Vault, row as row_name

STEP = 30
"""Seconds that a code is shown."""
_AROUND = (0, -1, 1)
_DRAWN, _SECONDS = "drawn-totp", 600


@dataclass(frozen=True, slots=True)
class Shown:
    """What a set-up page shows: the secret in groups of four, and the address that an authenticator reads as a
    picture."""

    secret: str
    uri: str

    @property
    def picture(self) -> str:
        """The address as a QR code: SVG markup without any style of its own."""
        return segno.make(self.uri, error="m").svg_inline(scale=5, border=4, light="#fff")


def sealed_row(person_id: UUID) -> str:
    """Return what a person's secret is bound to, from the moment it is drawn."""
    return row_name(Totp.__tablename__, person_id)


def begin(session: Session, vault: Vault, person_id: UUID, login: str, service: str) -> Shown:
    """Make a secret that waits to be confirmed, in place of one that was never confirmed; raises ``Conflict`` when one
    is in use."""
    row = session.get(Totp, person_id)
    if row is not None and row.confirmed_at is not None:
        raise Conflict(Problem("Time codes are in use already.", "Remove them first."))
    if row is None:
        row = Totp(person_id=person_id, last_step=0, created_at=clock.now(), confirmed_at=None)
        session.add(row)
    secret = pyotp.random_base32()
    row.secret, row.created_at = vault.wrap(secret.encode(), sealed_row(person_id)), clock.now()
    session.flush()
    return _shown(secret, login, service)


def begun(session: Session, vault: Vault, person_id: UUID, login: str, service: str) -> Shown | None:
    """Return the secret that waits to be confirmed, to be shown again; None when none does."""
    row = session.get(Totp, person_id)
    waits = row is not None and row.confirmed_at is None
    return (
        _shown(vault.unwrap(row.secret, sealed_row(person_id)).decode(), login, service)
        if row is not None and waits
        else None
    )


def confirm(session: Session, vault: Vault, person_id: UUID, code: str) -> bool:
    """Take the waiting secret into use when ``code`` is one of its codes of now."""
    return _spend(session, vault, person_id, code, Totp.confirmed_at.is_(None), confirmed_at=clock.now())


def check(session: Session, vault: Vault, person_id: UUID, code: str) -> bool:
    """Whether ``code`` is a code of now that was not used before; it and every earlier one are used up by this."""
    return _spend(session, vault, person_id, code, Totp.confirmed_at.is_not(None))


def draw(session: Session, vault: Vault, person_id: UUID, browser: str) -> str:
    """Make a secret that leaves the one in use alone; return a handle for it that works in this browser for ten
    minutes."""
    sealed = vault.wrap(pyotp.random_base32().encode(), sealed_row(person_id))
    data = {"secret": b64encode(sealed).decode()}
    handle = secrets.token_urlsafe(32)
    return one_shot.issue(session, _DRAWN, _SECONDS, data, client_id=browser, person_id=person_id, text=handle)


def drawn(
    session: Session, vault: Vault, handle: str, known: tuple[UUID, str], service: str, browser: str
) -> Shown | None:
    """Return the secret of a handle, to be shown; ``known`` are the person and what they are called. None when it is no
    good."""
    sealed = _drawn(session, handle, known[0], browser)
    return None if sealed is None else _shown(vault.unwrap(sealed, sealed_row(known[0])).decode(), known[1], service)


def confirm_drawn(
    session: Session, vault: Vault, handle: str, person_id: UUID, browser: str, code: str
) -> dict[str, Any] | None:
    """Use a handle up when ``code`` is one of its secret's codes of now; return what is kept of the secret, or None."""
    sealed = _drawn(session, handle, person_id, browser)
    step = _step_of(vault.unwrap(sealed, sealed_row(person_id)).decode(), code) if sealed is not None else None
    if step is None or not one_shot.complete(session, _DRAWN, handle, browser):
        return None
    return {"secret": sealed, "last_step": step}


def _drawn(session: Session, handle: str, person_id: UUID, browser: str) -> bytes | None:
    used = one_shot.read(session, _DRAWN, handle, browser)
    return b64decode(used.data["secret"]) if used is not None and used.person_id == person_id else None


def since(session: Session, person_id: UUID) -> datetime | None:
    """Return since when time codes are in use; None when they are not."""
    return session.scalar(select(Totp.confirmed_at).where(Totp.person_id == person_id))


def remove(session: Session, person_id: UUID) -> bool:
    """Forget the secret; return whether one was in use."""
    query = delete(Totp).where(Totp.person_id == person_id).returning(Totp.confirmed_at)
    return any(confirmed is not None for confirmed in session.scalars(query))


def _spend(
    session: Session, vault: Vault, person_id: UUID, code: str, state: ColumnElement[bool], **values: datetime
) -> bool:
    sealed = session.scalar(select(Totp.secret).where(Totp.person_id == person_id, state))
    step = _step_of(vault.unwrap(sealed, sealed_row(person_id)).decode(), code) if sealed is not None else None
    if step is None:
        return False
    # One statement decides: of parallel uses of one step exactly one finds it unused.
    query = update(Totp).where(Totp.person_id == person_id, state, Totp.secret == sealed, Totp.last_step < step)
    used = session.execute(
        query.values(last_step=step, **values).returning(Totp.person_id),
        execution_options={"synchronize_session": False},
    )
    return used.first() is not None


def _step_of(secret: str, code: str) -> int | None:
    """Return the step around now whose code this is; every one is compared, each in constant time."""
    given = "".join(code.split()).encode()
    now, codes = int(clock.now().timestamp()) // STEP, pyotp.HOTP(secret)
    fitting = [now + n for n in _AROUND if hmac.compare_digest(codes.at(now + n).encode(), given)]
    return fitting[0] if fitting else None


def _shown(secret: str, login: str, service: str) -> Shown:
    uri = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=service)
    return Shown(" ".join(secret[n : n + 4] for n in range(0, len(secret), 4)), uri)
