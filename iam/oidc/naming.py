"""Keys and client ids that are made from what an administrator wrote: plain ASCII, and not taken yet."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session


def key_from(name: str) -> str:
    """Return a key made from a name: "Päiväkodin Wilma" is "paivakodin-wilma"; empty when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def free(session: Session, wanted: str, *columns: Any) -> str:
    """Return ``wanted``, or with the first number behind it that stands in none of the columns."""
    queries = (select(column).where(column.startswith(wanted, autoescape=True)) for column in columns)
    taken = {name for query in queries for name in session.scalars(query)}
    names = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
