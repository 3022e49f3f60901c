"""Signing keys: next, current, previous. A key signs only after it was published long enough and the witness has
accepted it.

``rotate`` is the whole of it, to be called by an outside clock as often as one likes: it makes the next key, promotes
it when its time has come, and forgets keys whose tokens are over. Each call does what is due and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import CheckConstraint, Index, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.database.base import Base
from iam.database.types import uuid7
from iam.errors import Conflict
from iam.tokens import jose, past_keys, witness
from iam.vault import Vault, row as row_name

KEEP = timedelta(hours=25)
"""How long a retired key stays published: longer than any token lives and any relying party caches."""

AHEAD = timedelta(hours=2)
"""How long a key is published before it signs: twice the hour for which relying parties may keep what they read
(JW-08)."""

LIFE = timedelta(days=90)
"""How long a key signs."""


FIRST = jose.ALGORITHMS
"""Algorithms that have a key from the start, so that each is published long before it signs for somebody."""


class SigningKey(Base):
    """A key pair; the private half is sealed by the vault and never leaves it in clear."""

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("state IN ('next', 'current', 'previous', 'refused')", name="state"),
        Index(
            "uq_signing_key_current",
            "algorithm",
            unique=True,
            postgresql_where=text("state = 'current'"),
            sqlite_where=text("state = 'current'"),
        ),
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    state: Mapped[str]
    public: Mapped[dict[str, Any]]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    promoted_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


def sealed_row(kid: str) -> str:
    """Return what a key's private half is bound to."""
    return row_name(SigningKey.__tablename__, kid)


def create(session: Session, vault: Vault, algorithm: str, actor: Actor) -> SigningKey:
    """Make a key in state ``next``: published, not yet signing."""
    key = jose.generate(algorithm, uuid7().hex)
    row = SigningKey(
        kid=str(key.kid),
        algorithm=algorithm,
        state="next",
        public=jose.public_dict(key),
        wrapped=vault.wrap(jose.private_json(key).encode(), sealed_row(str(key.kid))),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    log.write(session, "key:signing:created", actor, envelope={"kid": row.kid, "algorithm": algorithm})
    return row


def promote(session: Session, vault: Vault, kid: str, actor: Actor, *, at_once: bool = False) -> SigningKey:
    """Make a key current, after the witness accepted a token it signed; the one before becomes previous.

    Raises ``Conflict`` when the key is not in state ``next``, has been published for less than ``AHEAD`` (unless
    ``at_once``: the one before is compromised), or the witness refuses it (it is then never used).
    """
    row = session.get(SigningKey, kid)
    if row is None or row.state != "next":
        raise Conflict(Problem("There is no signing key %(kid)s waiting.", "List the keys.", params={"kid": kid}))
    if not at_once and row.created_at + AHEAD > clock.now():
        raise Conflict(
            Problem(
                "The key %(kid)s was published less than two hours ago: applications may not have seen it.",
                "Wait, or promote it at once if the present key is no longer safe.",
                params={"kid": kid},
            )
        )
    if not _witnessed(vault, row):
        row.state = "refused"
        log.write(session, "key:signing:refused", actor, envelope={"kid": kid})
        raise Conflict(
            Problem("The independent witness did not accept the key %(kid)s.", "Make a new key.", params={"kid": kid})
        )
    now = clock.now()
    session.execute(
        update(SigningKey)
        .where(SigningKey.algorithm == row.algorithm, SigningKey.state == "current")
        .values(state="previous", retired_at=now)
    )
    row.state, row.promoted_at = "current", now
    session.flush()
    log.write(session, "key:signing:promoted", actor, envelope={"kid": kid, "algorithm": row.algorithm})
    return row


def _witnessed(vault: Vault, row: SigningKey) -> bool:
    stamp = int(clock.now().timestamp())
    token = jose.sign(
        _private(vault, row), "JWT", {"iss": "witness", "aud": "witness", "iat": stamp, "exp": stamp + 60}
    )
    return witness.accepts(token, row.public, "witness")


def ensure(session: Session, vault: Vault, actor: Actor, algorithms: Iterable[str] = FIRST) -> None:
    """Make sure that these algorithms have a current key; called when the service starts."""
    have = set(session.scalars(select(SigningKey.algorithm).where(SigningKey.state == "current")))
    for algorithm in algorithms:
        if algorithm not in have:
            promote(session, vault, create(session, vault, algorithm, actor).kid, actor, at_once=True)


def rotate(session: Session, vault: Vault, actor: Actor) -> list[tuple[str, str]]:
    """Do what is due for every algorithm in use; return each key touched with what became of it: next, current or
    removed.

    One caller at a time does it: of two, the second finds the unique current key taken and fails, having written
    nothing.
    """
    done: list[tuple[str, str]] = []
    now = clock.now()
    rows = list(
        session.scalars(select(SigningKey).where(SigningKey.state != "refused").order_by(SigningKey.created_at))
    )
    for algorithm in dict.fromkeys(row.algorithm for row in rows):
        own = {row.state: row for row in rows if row.algorithm == algorithm}
        waiting, signing = own.get("next"), own.get("current")
        if waiting is None:
            done.append((create(session, vault, algorithm, actor).kid, "next"))
        elif waiting.created_at + AHEAD <= now and _old(signing, now):
            done.append((promote(session, vault, waiting.kid, actor).kid, "current"))
    for row in rows:
        if row.state == "previous" and row.retired_at is not None and row.retired_at + KEEP <= now:
            remove(session, row.kid, actor)
            done.append((row.kid, "removed"))
    for kid in past_keys.tidy(session):
        _record_removal(session, kid, actor, compromised=False)
        done.append((kid, "forgotten"))
    return done


def _old(signing: SigningKey | None, now: datetime) -> bool:
    return signing is None or (signing.promoted_at or signing.created_at) + LIFE <= now


def remove(session: Session, kid: str, actor: Actor, *, compromised: bool = False) -> None:
    """Forget a key; what it signed is no longer accepted, save as a hint (``past_keys``) unless it is ``compromised``.

    Raises ``Conflict`` for the key that signs, and for one whose tokens may still live unless it is ``compromised``: so
    the last valid key can never go.
    """
    row = session.get(SigningKey, kid)
    if row is None and compromised and past_keys.drop(session, kid):
        _record_removal(session, kid, actor, compromised=True)
        return
    if row is None:
        raise Conflict(Problem("There is no signing key %(kid)s.", "List the keys.", params={"kid": kid}))
    living = row.state == "previous" and row.retired_at is not None and row.retired_at + KEEP > clock.now()
    if row.state == "current" or (living and not compromised):
        raise Conflict(
            Problem(
                "The key %(kid)s is in use: tokens it signed still count.",
                "Promote another first, then wait until they are over.",
                params={"kid": kid},
            )
        )
    session.delete(row)
    if row.retired_at is not None and not compromised:
        past_keys.keep(session, kid, row.public, row.retired_at)
    _record_removal(session, kid, actor, compromised=compromised)


def _record_removal(session: Session, kid: str, actor: Actor, *, compromised: bool) -> None:
    session.flush()
    log.write(session, "key:signing:removed", actor, envelope={"kid": kid, "compromised": compromised})


def current(session: Session, vault: Vault, algorithm: str) -> jose.Key:
    """Return the private key that signs with ``algorithm`` now."""
    row = session.scalars(
        select(SigningKey).where(SigningKey.algorithm == algorithm, SigningKey.state == "current")
    ).one()
    return _private(vault, row)


def published(session: Session) -> list[dict[str, Any]]:
    """Return the public keys that verify tokens now: next, current, and previous ones until ``KEEP`` after
    retirement."""
    query = select(SigningKey).where(SigningKey.state.in_(("next", "current", "previous"))).order_by(SigningKey.kid)
    horizon = clock.now() - KEEP
    return [row.public for row in session.scalars(query) if row.retired_at is None or row.retired_at > horizon]


def past(session: Session) -> list[dict[str, Any]]:
    """Return the public keys that verify hints only: of those that retired within ``past_keys.HINTED``, published or
    not."""
    horizon = clock.now() - past_keys.HINTED
    retired = select(SigningKey.public).where(SigningKey.state == "previous", SigningKey.retired_at > horizon)
    return [*session.scalars(retired), *past_keys.kept(session)]


def _private(vault: Vault, row: SigningKey) -> jose.Key:
    return _unsealed(vault, row.kid, row.wrapped)


@lru_cache(maxsize=32)
def _unsealed(vault: Vault, kid: str, wrapped: bytes) -> jose.Key:
    return jose.load(vault.unwrap(wrapped, sealed_row(kid)).decode())
