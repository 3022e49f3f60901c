"""What a rule can ask of a membership of a group."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, union_all

from connectors.problem import Problem
from iam.access.rules.conditions.condition import Asked, Compiling, Condition, FormField, Seen
from iam.access.rules.conditions.reading import Reader
from iam.access.rules.facts import MembershipFact
from iam.access.rules.names import Labels, Names
from iam.database.statement import Rows, Statement, row
from iam.directory.source import Source, SourceOpening
from iam.texts import N_, Texts, in_language


@dataclass(frozen=True, slots=True)
class InGroup(Condition):
    """The group is this one of the organisation ``owner``, or any at or under it."""

    owner: str
    group: str | None = None
    KEYS = frozenset({"group", "owner"})
    FIELDS = (
        FormField(
            "group_owner",
            N_("Organisation of the group"),
            "organisation",
            "membership.owner",
            N_("Chosen by its name."),
        ),
        FormField("group", N_("Name of the group"), "text", "membership.group", N_("Or its key.")),
    )

    @classmethod
    def read(cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]) -> InGroup | None:
        """A group is named together with its organisation."""
        owner = reader.text(asked.get("owner"), f"{place}.owner")
        group = reader.text(asked.get("group"), f"{place}.group")
        if group is not None and owner is None:
            reader.wrong(
                f"{place}.owner",
                "A group is named together with its organisation.",
                "Add owner: the organisation's key.",
            )
        return None if owner is None else cls(owner, group)

    @classmethod
    def stated(cls, asked: Asked) -> Mapping[str, Any]:
        """The two fields are the two settings."""
        return {"group": asked.get("group", ""), "owner": asked.get("group_owner", "")}

    @classmethod
    def open(cls, asked: Asked) -> Iterator[Problem]:
        """In the form both are filled in."""
        if not (asked.get("group") and asked.get("group_owner")):
            field = "group" if asked.get("group_owner") else "group_owner"
            yield Problem("A group is named together with its organisation.", "Fill in both.", field=field)

    def compile(self, item: Compiling) -> None:
        """The group is the one that the key means."""
        if self.group is not None:
            names = item.names
            item.query.where.append(item.group.id == names.groups[names.organisations[self.owner], self.group])

    def failing(self, fact: MembershipFact, seen: Seen) -> Iterator[Problem]:
        """It is another group."""
        if self.group is not None:
            wanted = seen.names.groups.get((seen.names.organisations[self.owner], self.group))
            if fact.group_id != wanted:
                yield Problem("is not in the group %(group)s", params={"group": self.group})

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """The group and its organisation."""
        group = labels.groups.get((self.owner, self.group), self.group) if self.group else ""
        return group, labels.organisation(self.owner, t.language)

    @property
    def asked(self) -> Asked:
        """The two fields."""
        return {"group": self.group or "", "group_owner": self.owner}

    @property
    def narrows(self) -> bool:
        """Only by the group."""
        return self.group is not None

    @property
    def under(self) -> str | None:
        """The group's organisation."""
        return self.owner

    @property
    def organisations(self) -> Sequence[tuple[str, str]]:
        """The group's organisation."""
        return (("owner", self.owner),)

    def unknown(self, names: Names, owner_id: Any, place: str) -> Iterator[Problem]:
        """There is no such group in that organisation."""
        owner = names.organisations.get(self.owner)
        if self.group is not None and owner is not None and (owner, self.group) not in names.groups:
            yield Problem(
                "There is no group %(key)s in that organisation.",
                "Check the key, or add the group first.",
                field=f"{place}.group",
                params={"key": self.group},
            )

    def meaning(self, names: Names) -> Hashable:
        """The organisation and the group."""
        owner = names.organisations[self.owner]
        return owner, None if self.group is None else names.groups[owner, self.group]


@dataclass(frozen=True, slots=True)
class GroupKind(Condition):
    """The group is of this kind, as a class."""

    kind: str
    KEYS = frozenset({"kind"})

    @classmethod
    def read(cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]) -> GroupKind | None:
        """A group is of one kind."""
        kinds = reader.texts(asked.get("kind"), f"{place}.kind")
        if len(kinds) > 1:
            reader.wrong(f"{place}.kind", "A group is of one kind.", "Write another rule for the other kind.")
        return cls(kinds[0]) if kinds else None

    def compile(self, item: Compiling) -> None:
        """The group is of the kind."""
        item.query.where.append(item.group.kind == self.kind)

    def failing(self, fact: MembershipFact, seen: Seen) -> Iterator[Problem]:
        """It is of another kind."""
        if fact.group_kind != self.kind:
            yield Problem("the group is of another kind")

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """The kind as it is written."""
        return (self.kind,)


def _speaking() -> Rows:
    """The sources by key, each with every organisation at or under which it may state facts."""
    s, o = Source, SourceOpening
    own = select(s.key, s.id, s.owner_id)
    opened = select(s.key, s.id, o.organisation_id).join(o, o.source_id == s.id).where(o.closed_by.is_(None))
    return union_all(own, opened).subquery().select()


@dataclass(frozen=True, slots=True)
class FromSource(Condition):
    """The source with this key states the membership."""

    source: str
    KEYS = frozenset({"source"})
    FIELDS = (
        FormField(
            "source",
            N_("Stated by the source"),
            "source",
            "membership.source",
            empty=N_("whoever states it"),
        ),
    )
    NAMED = Statement(_speaking, row)

    @classmethod
    def read(
        cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]
    ) -> FromSource | None:
        """The source's key."""
        source = reader.text(asked.get("source"), f"{place}.source")
        return None if source is None else cls(source)

    @classmethod
    def stated(cls, asked: Asked) -> Mapping[str, Any]:
        """The field is the setting."""
        return {"source": asked.get("source", "")}

    def compile(self, item: Compiling) -> None:
        """The row comes from the source."""
        item.query.where.append(item.row.source_id == self._spoken(item.names)[0][0])

    def failing(self, fact: MembershipFact, seen: Seen) -> Iterator[Problem]:
        """It comes from another source, or was declared by hand."""
        if fact.source_id != self._spoken(seen.names)[0][0]:
            yield Problem("The fact comes from another source than the rule asks for.")

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """The source by its name, else by its key."""
        called = in_language(labels.sources.get(self.source, {}), t.language, self.source)
        return (t.gettext(N_("by the source %(key)s")) % {"key": called},)

    @property
    def asked(self) -> Asked:
        """The key."""
        return {"source": self.source}

    @property
    def narrows(self) -> bool:
        """No: a source may well state everybody."""
        return False

    def unknown(self, names: Names, owner_id: Any, place: str) -> Iterator[Problem]:
        """There is no such source."""
        if not self._spoken(names):
            yield self._none(place)

    def foreign(self, names: Names, owner_id: Any, place: str) -> Iterator[Problem]:
        """A source that states facts neither at or under the owner nor over it does not exist for the rule."""
        spoken = self._spoken(names)
        if not any(names.is_under(owner_id, above) or names.is_under(above, owner_id) for _, above in spoken):
            yield self._none(place)

    def meaning(self, names: Names) -> Hashable:
        """The source."""
        return str(self._spoken(names)[0][0])

    def _spoken(self, names: Names) -> Sequence[tuple[Any, ...]]:
        return names.named.get(type(self).__name__, {}).get(self.source, ())

    def _none(self, place: str) -> Problem:
        return Problem(
            "There is no source %(key)s that states facts in that part.",
            "Check the key of the source.",
            field=f"{place}.source",
            params={"key": self.source},
        )


CONDITIONS: tuple[type[Condition], ...] = (InGroup, GroupKind, FromSource)
