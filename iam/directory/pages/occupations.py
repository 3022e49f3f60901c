"""The names of occupations as their page lists them: some at a time, by code."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from iam.directory.occupation import Occupation, says


def found(session: Session, text: str, most: int, *, after: str = "") -> list[Occupation]:
    """Return the named occupations behind a code, by code, at most so many: those whose code or name contains ``text``;
    one statement."""
    query = select(Occupation).where(Occupation.code > after)
    if text:
        query = query.where(or_(Occupation.code.icontains(text, autoescape=True), says(text)))
    return list(session.scalars(query.order_by(Occupation.code).limit(most)))
