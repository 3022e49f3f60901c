"""Requests that name themselves by a key, so that what is sent twice is done once (draft-ietf-httpapi-idempotency-key).

The key is taken in the transaction of what is done: both stay, or neither does. The answer is sealed by the vault.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from connectors.problem import Problem
from iam import clock, vault as sealing
from iam.database.base import Base
from iam.database.bulk import add_new
from iam.errors import Conflict, Invalid
from iam.texts import N_
from iam.vault import Vault

KEPT = timedelta(days=1)
_SOME = 10_000


class KeyedRequest(Base):
    """A request of a caller by its ``Idempotency-Key``; ``digest`` is of what was asked, and the sealed ``answer`` what
    was told, None while it is being done."""

    __tablename__ = "keyed_request"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    answer: Mapped[bytes | None]
    at: Mapped[datetime] = mapped_column(index=True)


class BeingDone(Conflict):
    """The first request with this key is not answered yet, or broke off before it was."""

    code = "being-done"


class AnotherRequest(Invalid):
    """The key was used for something else."""

    code = "key-used"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it names itself; ``digest`` is of all that says what is asked for."""

    caller: str
    key: str
    digest: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What was told."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def take(session: Session, vault: Vault, asked: Asked) -> Answer | None:
    """Take the key for a request that is to be done now (None), or return what was told when it was done.

    Raises ``BeingDone``, and ``AnotherRequest`` where the key was used for something else.
    """
    own = {"caller": asked.caller, "key": asked.key, "digest": asked.digest, "at": asked.at}
    if add_new(session, KeyedRequest, own):
        return None
    row = session.get_one(KeyedRequest, (asked.caller, asked.key))
    if not hmac.compare_digest(row.digest, asked.digest):
        message = N_("This Idempotency-Key was used for another request.")
        raise AnotherRequest(Problem(message, N_("Make a new key for each request."), field="Idempotency-Key"))
    if row.status is None or row.answer is None:
        message = N_("The first request with this Idempotency-Key is being done, or broke off.")
        raise BeingDone(Problem(message, N_("Wait a moment and repeat it, or see whether it was done.")))
    return Answer(row.status, row.headers or {}, vault.unwrap(row.answer, _row(asked)))


def keep(session: Session, vault: Vault, asked: Asked, told: Answer) -> None:
    """Keep what was told to a request whose key was taken."""
    values = {"status": told.status, "headers": dict(told.headers), "answer": vault.wrap(told.body, _row(asked))}
    session.execute(update(KeyedRequest).where(*_is(asked)).values(**values))


def give_back(session: Session, asked: Asked) -> None:
    """Give a key back that was taken by this very request, which was not done."""
    mine = KeyedRequest.at == asked.at, KeyedRequest.status.is_(None)
    session.execute(delete(KeyedRequest).where(*_is(asked), *mine))


def tidy(session: Session) -> int:
    """Delete some of the requests that are older than ``KEPT`` and return how many; one statement."""
    k = KeyedRequest
    old = select(k.caller, k.key).where(k.at < clock.now() - KEPT).limit(_SOME)
    done = session.execute(delete(k).where(tuple_(k.caller, k.key).in_(old)))
    return int(getattr(done, "rowcount", 0))


def _is(asked: Asked) -> tuple[Any, ...]:
    return KeyedRequest.caller == asked.caller, KeyedRequest.key == asked.key


def _row(asked: Asked) -> str:
    return sealing.row("keyed_request", f"{asked.caller}/{asked.key}")
