"""A draft: what is stated laid over what stands, completed while it is checked, with every problem found on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.apply.comparison.state import State
from iam.apply.declared.declaration import Declaration, Stated
from iam.apply.declared.place import Where
from iam.apply.declared.said import Said
from iam.database.types import uuid7
from iam.lifecycle.organisations.tree import Place
from iam.vault import Vault


@dataclass(slots=True)
class Draft:
    """The declaration and the state, and what follows from both; ``said`` are the texts it was read from,
    ``consortium`` is its name, which no password may hold.

    ``organisations`` holds the ids of those that stand and those to be added; ``tree`` the places as they will be;
    ``skipped`` the logins whose persons are not here yet and need not be; ``record_keys`` what a login's directory
    calls its person; ``doubts`` what may be a mistake, with the kind and key of the thing that states it.
    """

    session: Session
    declaration: Declaration
    state: State
    vault: Vault
    said: Said
    consortium: str = ""
    organisations: dict[str, UUID] = field(default_factory=dict)
    tree: dict[UUID, list[Place]] = field(default_factory=dict)
    role_closure: dict[str, frozenset[str]] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    persons: dict[str, UUID] = field(default_factory=dict)
    record_keys: dict[str, str] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    doubts: list[tuple[str, str, Problem]] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = self.state.ids["organisation"]
        self.organisations = known | {key: uuid7() for key in self.stated("organisation") if key not in known}
        self.persons = dict(self.state.people.logins)

    def stated(self, kind: str) -> dict[str, Stated]:
        """Return what is stated of one kind, by key."""
        return self.declaration[kind]

    def standing(self, kind: str) -> Mapping[str, dict[str, Any]]:
        """Return the shapes that stand of one kind, by key."""
        return self.state.shapes[kind]

    def overlaid(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the shapes of one kind as they will be, by key."""
        return {**self.standing(kind), **{key: one.shape for key, one in self.stated(kind).items()}}

    def wrong(self, where: Where, message: str, remedy: str, **params: object) -> None:
        """Add a problem at a place."""
        self.problems.append(where.problem(message, remedy, **params))

    def organisation(self, key: str | None, where: Where) -> UUID | None:
        """Return the id of an organisation that stands or is stated; else add a problem and return None."""
        found = self.organisations.get(key or "")
        if key is not None and found is None and "organisations" not in self.declaration.broken:
            self.wrong(
                where, "There is no organisation %(key)s.", "Check the key, or add the organisation first.", key=key
            )
        return found

    def key_of(self, organisation_id: UUID) -> str:
        """Return an organisation's key."""
        return next(key for key, id_ in self.organisations.items() if id_ == organisation_id)

    def secret(self, item: Any, name: str, where: Where) -> str | None:
        """Return the secret of an item, given as text under ``name`` or in the file under ``<name>_file``, beside the
        declaration."""
        text: SecretStr | None = getattr(item, name)
        file: str | None = getattr(item, f"{name}_file")
        if text is not None and file is not None:
            self.wrong(where.at(name), "There are two of them.", "State it here or its file, not both.")
        if text is not None:
            return text.get_secret_value()
        return None if file is None else self._read(where.file.parent / file, where.at(f"{name}_file"))

    def _read(self, path: Path, where: Where) -> str | None:
        try:
            text = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            self.wrong(where, "This file cannot be read.", "Check that it exists beside this one and is text.")
            return None
        if not text:
            self.wrong(where, "This file is empty.", "Write the secret into it.")
        return text or None
