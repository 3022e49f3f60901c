"""What gives somebody a person's account and waits for administrators who together stand over all of the person, as
stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key


class StandingRequest(Base):
    """An act (``code``, ``factors``, ``restore``, ``address``, ``username``) that one administrator asked for and
    others must press; used once."""

    __tablename__ = "standing_request"

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    act: Mapped[str]
    reason: Mapped[str]
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StandingPress(Base):
    """An administrator pressed: the part over which they hold the permission counts for the request."""

    __tablename__ = "standing_press"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("standing_request.id"), primary_key=True)
    pressed_by: Mapped[UUID] = mapped_column(primary_key=True)
    pressed_at: Mapped[datetime]
