"""Requests that name themselves by a key, so that what is sent twice is done once, as stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base


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
