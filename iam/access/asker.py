"""Who asks, with which permissions, over which parts of the tree: one object, made once a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from iam.access.administration import APPROVE, CODES, NOTHING, PERMISSIONS, WHOLE, Part, granted_and_roots


@dataclass(frozen=True, slots=True)
class Asker:
    """A person who asks, and what they may: ``held`` are permissions with the organisations they were granted over.

    ``roots`` are the tops of the tree: who holds a permission over all of them holds it over everything. The command
    line's operator is nobody in particular and holds everything (``OPERATOR``); a client that asks for itself is no
    person either, and holds what it was granted. ``places`` are the names of the
    organisations over which anything was granted, by language.
    """

    person_id: UUID | None
    held: Mapping[str, frozenset[UUID]]
    roots: frozenset[UUID] = frozenset()
    places: Mapping[UUID, Mapping[str, str]] = field(default_factory=dict, compare=False, repr=False)
    _parts: dict[str, Part] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_operator(self) -> bool:
        """Whether this is the operator at the server."""
        return False

    def may(self, permission: str) -> bool:
        """Whether the permission is held over any part; for buttons and menus, never instead of narrowing a query."""
        return bool(self.part(permission))

    def part(self, permission: str) -> Part:
        """The part over which ``permission`` (or ``admin``) is held; empty when it is not; raises ``KeyError`` if
        unknown."""
        if permission not in self._parts:
            PERMISSIONS[permission]
            self._parts[permission] = self._made(self._granted(permission))
        return self._parts[permission]

    def decides(self, permission: str) -> Part:
        """The part in which a second person decides what is otherwise done with ``permission``: ``plans.approve`` is as
        good there."""
        PERMISSIONS[permission]
        return self._made(self._granted(permission) | self._granted(APPROVE))

    def only(self, permissions: Collection[str]) -> Asker:
        """Return the same person with no more than these permissions, each over the part over which it is held."""
        held = {one: over for one in permissions if (over := self._granted(one))}
        return Asker(self.person_id, held, self.roots if held else frozenset(), self.places)

    def whole(self) -> Part:
        """The part over which any permission at all is held."""
        granted: frozenset[UUID] = frozenset().union(*self.held.values())
        return self._made(granted) if granted else NOTHING

    def _granted(self, permission: str) -> frozenset[UUID]:
        return self.held.get(permission, frozenset()) | self.held.get("admin", frozenset())

    def _made(self, granted: frozenset[UUID]) -> Part:
        if not granted:
            return NOTHING
        codes = self._granted(CODES)
        return Part(self._all(granted), granted, Part(self._all(codes), codes))

    def _all(self, granted: frozenset[UUID]) -> bool:
        return bool(self.roots) and self.roots <= granted


@dataclass(frozen=True, slots=True)
class _Operator(Asker):
    """The operator at the server: everything, over the whole."""

    @property
    def is_operator(self) -> bool:
        """See ``Asker``."""
        return True

    def part(self, permission: str) -> Part:
        """The whole consortium."""
        PERMISSIONS[permission]
        return WHOLE

    def decides(self, permission: str) -> Part:
        """The whole consortium."""
        return self.part(permission)

    def whole(self) -> Part:
        """The whole consortium."""
        return WHOLE


NOBODY = Asker(None, {})
OPERATOR: Asker = _Operator(None, {})


def asker_of(session: Session, person_id: UUID, within: Collection[UUID] | None = None) -> Asker:
    """Return the person as one who asks; one statement.

    ``within`` are the organisations over which what was granted counts; None: all.
    """
    granted, tops = granted_and_roots(session, person_id)
    held: dict[str, set[UUID]] = {}
    places = {}
    for one in granted:
        if within is None or one.organisation_id in within:
            held.setdefault(one.permission, set()).add(one.organisation_id)
            places[one.organisation_id] = one.names
    over = {permission: frozenset(ids) for permission, ids in held.items()}
    return Asker(person_id, over, tops if over else frozenset(), places)
