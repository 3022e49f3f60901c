"""What occupations are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam.database.base import Base
from iam.texts import LANGUAGES, in_language

Names = Mapping[str, Any]


class Occupation(Base):
    """The name of an occupation code, by language; one for everybody. A code without one is shown with the title that
    most people of it have."""

    __tablename__ = "occupation"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]]


def name_of(code: Any) -> Any:
    """The name by language of an occupation code, as a column beside it; null where it has none."""
    return select(Occupation.name).where(Occupation.code == code).scalar_subquery()


def named(session: Session, codes: Collection[str]) -> dict[str, Names]:
    """Return the names by language of those of some codes that have one; one statement."""
    if not codes:
        return {}
    query = select(Occupation.code, Occupation.name).where(Occupation.code.in_(codes))
    return dict(session.execute(query).all())


def says(text: str) -> ColumnElement[bool]:
    """The condition that a text stands in an occupation's name, in whichever language."""
    return or_(*(Occupation.name[one].as_string().icontains(text, autoescape=True) for one in LANGUAGES))


def called(names: Names | None, told: str | None, language: str) -> str | None:
    """Return what a position is called: by its occupation where that has a name, else as its source ``told`` it."""
    return in_language(names or {}, language) or told
