"""Public halves of keys that sign and verify no more: they only tell whether an ID token shown as a hint was ours.

A person's application shows its last ID token long after the key that signed it was retired. The halves are published
nowhere, so nothing else is accepted by them; one that was compromised is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base
from iam.settings import LONGEST_FAMILY

HINTED = timedelta(seconds=LONGEST_FAMILY)
"""How long after its retirement a key still tells a hint of ours: as long as any refresh family may live."""


class PastKey(Base):
    """The public half of a key that was removed, and when it stopped signing."""

    __tablename__ = "past_key"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[dict[str, Any]]
    retired_at: Mapped[datetime]


def keep(session: Session, kid: str, public: Mapping[str, Any], retired_at: datetime) -> None:
    """Keep the public half of a key that is removed."""
    session.add(PastKey(kid=kid, public=dict(public), retired_at=retired_at))


def drop(session: Session, kid: str) -> bool:
    """Keep the half no more; False when it was not kept."""
    return bool(session.scalars(delete(PastKey).where(PastKey.kid == kid).returning(PastKey.kid)).all())


def tidy(session: Session) -> list[str]:
    """Drop what was kept for ``HINTED``; return the keys."""
    late = clock.now() - HINTED
    return list(session.scalars(delete(PastKey).where(PastKey.retired_at <= late).returning(PastKey.kid)))


def kept(session: Session) -> list[dict[str, Any]]:
    """Return the public halves kept within ``HINTED``."""
    return list(session.scalars(select(PastKey.public).where(PastKey.retired_at > clock.now() - HINTED)))
