"""What a template of agreements says: places in which legal entities will stand, and clauses between places; kept as
the ``body`` of its row. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from iam.access.model.agreement import AgreementTemplate
from iam.texts import Wording, in_language


class TemplatePlace(NamedTuple):
    """Where one or more legal entities will stand as parties, with its name by language and their role."""

    key: str
    names: Mapping[str, str]
    role: str

    def name(self, language: str) -> str:
        """The name in ``language`` (fi, sv or en)."""
        return in_language(self.names, language, self.key)


class TemplateClause(NamedTuple):
    """What each entity of one place allows people of each of another; ``content`` holds occupation, data group and
    operation. Where it is allowed is said when an agreement is made."""

    grantor: str
    grantee: str
    with_descendants: bool
    relationship_kind: str | None
    content: tuple[tuple[str, str, str], ...]

    @property
    def allows(self) -> dict[str, list[str]]:
        """What is allowed, as ``data-group:operation`` by occupation."""
        found: dict[str, list[str]] = {}
        for occupation, group, operation in self.content:
            found.setdefault(occupation, []).append(f"{group}:{operation}")
        return found


class TemplateBody(NamedTuple):
    """What agreements made by a template say; ``competence`` is the provision by which whoever decides may."""

    places: tuple[TemplatePlace, ...]
    purpose: Wording
    legal_basis: Mapping[str, Any]
    competence: str | None
    notice_months: int | None
    notice_days: int | None
    supervision: str | None
    all_sign: bool
    clauses: tuple[TemplateClause, ...]

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Return it as it was kept."""
        places = tuple(TemplatePlace(**one) for one in stored["places"])
        clauses = tuple(
            TemplateClause(**(one | {"content": tuple((who, *use) for who, *use in one["content"])}))
            for one in stored["clauses"]
        )
        return cls(**(dict(stored) | {"places": places, "clauses": clauses}))

    def stored(self) -> dict[str, Any]:
        """Return it as it is kept: plain values."""
        clauses = [one._asdict() | {"content": sorted(map(list, one.content))} for one in self.clauses]
        return self._asdict() | {"places": [one._asdict() for one in self.places], "clauses": clauses}

    @property
    def grantors(self) -> set[str]:
        """The places that allow something."""
        return {one.grantor for one in self.clauses}


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add templates: whole rows with their ids."""
    if rows:
        session.execute(insert(AgreementTemplate), [dict(row) for row in rows])


def amend(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write other columns of templates, found by ``id``."""
    if rows:
        session.execute(update(AgreementTemplate), [dict(row) for row in rows])
