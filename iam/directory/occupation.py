"""What occupations are called."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base


class Occupation(Base):
    """The name of an occupation code, by language; one for everybody. A code without one is shown with the title that
    most people of it have."""

    __tablename__ = "occupation"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]]
