"""Usernames: the rules by which organisations give them, and those that were given before; and how one is made of a
name.

A username is never given to another person: what somebody had stays theirs when they have another, and when they have
left.
"""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.directory.name_words import fold

GUARDIAN = "guardian"
KINDS = (*AFFILIATION_KINDS, GUARDIAN)
"""Of whom an organisation says which usernames they get: by kind of affiliation, and guardians of those who have one
there."""
NAMES, NONE = "given.family", "none"
FORMS = (NAMES, NONE)
"""Calling name and family name with a dot between them; or no username."""
LONGEST_PART = 30
"""Letters that are kept of a name."""
_FINNISH = str.maketrans("åäö", "aao")
_OTHER = re.compile(r"[^a-z]+")


class UsernameRule(Base):
    """Which usernames people of one kind get in an organisation and under it, where no nearer one says otherwise."""

    __tablename__ = "username_rule"
    __table_args__ = (CheckConstraint(f"form IN {FORMS}", name="form"),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str]


class FormerUsername(Base):
    """A username that a person had before the present one."""

    __tablename__ = "former_username"

    login: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    ended_at: Mapped[datetime]


def of_names(given: str | None, family: str | None) -> str:
    """Return the username of these names before it is numbered: ``"anna-liisa.von-wright"``; "" when no letter of
    theirs is a Latin one.

    Letters lose their marks (ä is a), apostrophes are left out, and spaces and hyphens become one hyphen.
    """
    return ".".join(part for part in (_part(given), _part(family)) if part)


def _part(name: str | None) -> str:
    words = (_word(word) for part in (name or "").split() for word in re.split(r"[-‐‑–]", part))
    return "-".join(word for word in words if word)[:LONGEST_PART].strip("-")


def _word(word: str) -> str:
    return _OTHER.sub("", fold(word).translate(_FINNISH))


def numbered(base: str, n: int) -> str:
    """Return the n-th username of this form: the first has no number."""
    return base if n == 1 else f"{base}{n}"
