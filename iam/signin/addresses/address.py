"""The addresses to which a person's codes may go, as stored: one row for each that was in force, the present one
without an end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key, open_end


class SignInAddress(Base):
    """An e-mail address of a person. No code goes to it before ``usable_from``; ``ended_at`` is when another took its
    place."""

    __tablename__ = "sign_in_address"
    __table_args__ = (open_end("person_id"),)

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str]
    since: Mapped[datetime]
    usable_from: Mapped[datetime]
    confirmed_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
