"""The names of occupations as their page lists them: some at a time, by code."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from iam.directory.occupation import Occupation, says

BATCH = 1000


def found(session: Session, text: str, most: int, *, after: str = "", before: str = "") -> list[Occupation]:
    """Return the named occupations behind a code, or the last in front of one, by code, at most so many: those whose
    code or name contains ``text``; one statement."""
    code, query = Occupation.code, select(Occupation)
    if text:
        query = query.where(or_(code.icontains(text, autoescape=True), says(text)))
    if before:
        return list(session.scalars(query.where(code < before).order_by(code.desc()).limit(most)))[::-1]
    return list(session.scalars(query.where(code > after).order_by(code).limit(most)))


def every(session: Session, text: str) -> Iterator[Occupation]:
    """Yield all of them, by code; one statement for ``BATCH``."""
    part = found(session, text, BATCH)
    while part:
        yield from part
        part = found(session, text, BATCH, after=part[-1].code)
