"""What a rule can ask of an affiliation."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import aliased

from connectors.problem import Problem
from iam.access.rules.conditions.condition import Asked, Compiling, Condition, FormField, Seen
from iam.access.rules.conditions.reading import Reader
from iam.access.rules.facts import AffiliationFact
from iam.access.rules.kind_words import KIND_WORDS
from iam.access.rules.names import Labels, Names
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.directory.organisation import KINDS, Organisation
from iam.texts import N_, Texts, in_language


@dataclass(frozen=True, slots=True)
class AffiliationKind(Condition):
    """It is of one of these kinds, as employee."""

    kinds: tuple[str, ...]
    KEYS = frozenset({"kind"})
    FIELDS = (FormField("kinds", N_("Kind"), "kinds", "affiliation.kind"),)

    @classmethod
    def read(
        cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]
    ) -> AffiliationKind | None:
        """One kind or several."""
        kinds = reader.texts(asked.get("kind"), f"{place}.kind")
        for kind in kinds:
            reader.one_of(kind, AFFILIATION_KINDS, f"{place}.kind")
        return cls(kinds) if kinds else None

    @classmethod
    def stated(cls, asked: Asked) -> Mapping[str, Any]:
        """One kind as text, several as a list."""
        kinds = list(asked.get("kinds", ()))
        return {"kind": kinds[0] if len(kinds) == 1 else kinds}

    def compile(self, item: Compiling) -> None:
        """The row is of one of the kinds."""
        item.query.where.append(item.row.kind.in_(self.kinds))

    def failing(self, fact: AffiliationFact, seen: Seen) -> Iterator[Problem]:
        """It is of another kind."""
        if fact.kind not in self.kinds:
            yield Problem(
                "The kind is %(kind)s, the rule asks for %(wanted)s.",
                params={"kind": fact.kind, "wanted": ", ".join(self.kinds)},
            )

    @property
    def asked(self) -> Asked:
        """The kinds."""
        return {"kinds": self.kinds}


@dataclass(frozen=True, slots=True)
class Occupation(Condition):
    """The position is one of these codes, or in this code list."""

    codes: tuple[str, ...] = ()
    code_list: str | None = None
    KEYS = frozenset({"occupation"})
    FIELDS = (
        FormField(
            "code_list",
            N_("Occupation, by a list"),
            "code list",
            "occupation",
            N_("A list holds the codes of the occupations that belong together."),
            N_("any occupation"),
        ),
        FormField(
            "occupations",
            N_("Occupations"),
            "occupations",
            hint=N_("Those that people have whom you see at or under the owner. Use a list or these, not both."),
        ),
    )

    @classmethod
    def read(
        cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]
    ) -> Occupation | None:
        """A code, a list of codes, or ``{in_list: key}``."""
        value, here = asked.get("occupation"), f"{place}.occupation"
        if isinstance(value, Mapping):
            reader.known(value, frozenset({"in_list"}), here)
            code_list = reader.text(value.get("in_list"), f"{here}.in_list")
            return None if code_list is None else cls((), code_list)
        codes = reader.texts(value, here)
        return cls(codes) if codes else None

    @classmethod
    def stated(cls, asked: Asked) -> Mapping[str, Any]:
        """The list, else the codes between the commas."""
        if asked.get("code_list"):
            return {"occupation": {"in_list": asked["code_list"]}}
        codes = [code.strip() for code in str(asked.get("occupations", "")).split(",") if code.strip()]
        return {"occupation": codes[0] if len(codes) == 1 else codes}

    @classmethod
    def open(cls, asked: Asked) -> Iterator[Problem]:
        """A list and codes are not asked for together."""
        if asked.get("code_list") and asked.get("occupations"):
            yield Problem("Choose a list or write codes, not both.", "Empty one of the two.", field="code_list")

    def accepted(self, names: Names) -> frozenset[str]:
        """Return the codes that meet it."""
        return frozenset(self.codes) if self.code_list is None else names.lists[self.code_list]

    def compile(self, item: Compiling) -> None:
        """The row's code is among them."""
        item.query.where.append(item.row.occupation.in_(sorted(self.accepted(item.names))))

    def failing(self, fact: AffiliationFact, seen: Seen) -> Iterator[Problem]:
        """The code is another one, or there is none."""
        if fact.occupation in self.accepted(seen.names):
            return
        if self.code_list is None:
            yield Problem("The position is not among those the rule asks for.")
        else:
            yield Problem("The position is not in the list %(list)s.", params={"list": self.code_list})

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """The list or the occupations, each by its name, else its key or code."""
        if self.code_list is not None:
            return (in_language(labels.lists.get(self.code_list, {}), t.language, self.code_list),)
        return (", ".join(in_language(labels.occupations.get(one, {}), t.language, one) for one in self.codes),)

    @property
    def asked(self) -> Asked:
        """The list, or the codes with commas between."""
        return {"occupations": ", ".join(self.codes), "code_list": self.code_list or ""}

    def unknown(self, names: Names, owner_id: Any, place: str) -> Iterator[Problem]:
        """There is no such list that a rule of this owner may use."""
        if self.code_list is not None and not (owner_id and names.may_use(owner_id, self.code_list)):
            yield Problem(
                "There is no code list %(key)s.",
                "Check the key, or add the list first.",
                field=f"{place}.occupation",
                params={"key": self.code_list},
            )

    def meaning(self, names: Names) -> Hashable:
        """The codes of the list."""
        return None if self.code_list is None else names.lists[self.code_list]


@dataclass(frozen=True, slots=True)
class Place(Condition):
    """The organisation is this one, is of this kind, lies at or under this one, or is that of a fact bound before."""

    is_: str | None = None
    kind: str | None = None
    below: str | None = None
    same_as: str | None = None
    KEYS = frozenset({"organisation"})
    FIELDS = (
        FormField(
            "place_kind",
            N_("Kind of organisation"),
            "organisation kind",
            "organisation.kind",
            empty=N_("any kind"),
        ),
        FormField(
            "place_under",
            N_("At or under the organisation"),
            "organisation",
            "organisation.under",
            N_("Chosen by its name. Empty: anywhere at or under the owner."),
        ),
        FormField(
            "place_is",
            N_("Exactly the organisation"),
            "organisation",
            "organisation.is",
            N_("Only when the rule is about one organisation and nothing under it."),
        ),
    )

    @classmethod
    def read(cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]) -> Place | None:
        """A key, or what the organisation is."""
        value, here = asked.get("organisation"), f"{place}.organisation"
        if value is None:
            return None
        told = {"is": value} if isinstance(value, str) else reader.mapping(value, here)
        reader.known(told, frozenset({"is", "kind", "under", "same_as"}), here)
        is_, kind, below, same_as = (
            reader.text(told.get(name), f"{here}.{name}") for name in ("is", "kind", "under", "same_as")
        )
        reader.one_of(kind, KINDS, f"{here}.kind")
        if same_as is not None and earlier.get(same_as) != "affiliation":
            reader.wrong(
                f"{here}.same_as", "%(name)s is not an affiliation bound before this.", "Bind it first.", name=same_as
            )
        return cls(is_, kind, below, same_as) if told else None

    @classmethod
    def stated(cls, asked: Asked) -> Mapping[str, Any]:
        """What was filled in of the three fields."""
        fields = {"kind": "place_kind", "is": "place_is", "under": "place_under"}
        return {"organisation": {name: asked[field] for name, field in fields.items() if asked.get(field)}}

    def compile(self, item: Compiling) -> None:
        """All but lying under: that dates the match, and every fact is asked for it."""
        query, names = item.query, item.names
        if self.is_ is not None:
            query.where.append(item.organisation_id == names.organisations[self.is_])
        if self.kind is not None:
            organisation = aliased(Organisation)
            query.join(organisation, organisation.id == item.organisation_id)
            query.where.append(organisation.kind == self.kind)
        if self.same_as is not None:
            query.where.append(item.organisation_id == item.facts[self.same_as].organisation_id)

    def failing(self, fact: AffiliationFact, seen: Seen) -> Iterator[Problem]:
        """It is another organisation, of another kind, or not the one of the first fact."""
        here = fact.organisation_id
        if self.is_ is not None and here != seen.names.organisations[self.is_]:
            yield Problem("It is in another organisation than %(key)s.", params={"key": self.is_})
        if self.kind is not None and seen.world is not None and seen.world.kinds.get(here) != self.kind:
            yield Problem("The organisation is not of the kind %(kind)s.", params={"kind": self.kind})
        other = seen.bound.get(self.same_as) if self.same_as is not None and seen.bound is not None else None
        if isinstance(other, AffiliationFact) and other.organisation_id != here:
            yield Problem("It is in another organisation than the first one.")

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """The kind and the organisation."""
        kind = t.gettext(KIND_WORDS[self.kind]) if self.kind else ""
        return kind, labels.organisation(self.is_ or self.below, t.language)

    @property
    def asked(self) -> Asked:
        """The three fields."""
        return {"place_kind": self.kind or "", "place_under": self.below or "", "place_is": self.is_ or ""}

    @property
    def narrows(self) -> bool:
        """Only which organisation, or of which kind."""
        return bool(self.is_ or self.kind)

    @property
    def under(self) -> str | None:
        """The organisation at or under which it is."""
        return self.below

    @property
    def organisations(self) -> Sequence[tuple[str, str]]:
        """This one, and the one above."""
        named = (("organisation.is", self.is_), ("organisation.under", self.below))
        return [(place, key) for place, key in named if key is not None]

    def renamed(self, names: Mapping[str, str]) -> Place:
        """The same with the other fact's new name."""
        return self if self.same_as is None else replace(self, same_as=names.get(self.same_as))


@dataclass(frozen=True, slots=True)
class Primary(Condition):
    """It is, or is not, the person's primary affiliation."""

    wanted: bool
    KEYS = frozenset({"primary"})

    @classmethod
    def read(cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]) -> Primary | None:
        """True or false."""
        wanted = reader.flag(asked.get("primary"), f"{place}.primary")
        return None if wanted is None else cls(wanted)

    def compile(self, item: Compiling) -> None:
        """The row says so."""
        item.query.where.append(item.row.is_primary.is_(self.wanted))

    def failing(self, fact: AffiliationFact, seen: Seen) -> Iterator[Problem]:
        """It says the opposite."""
        if fact.is_primary is not self.wanted:
            yield Problem(
                "The rule asks for the primary affiliation."
                if self.wanted
                else "The rule asks for one that is not primary."
            )

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """Said when it is wanted."""
        return (t.gettext(N_("primary")),) if self.wanted else ()

    @property
    def narrows(self) -> bool:
        """No: nearly everybody has one."""
        return False


@dataclass(frozen=True, slots=True)
class Substitute(Condition):
    """The person does, or does not, stand in for somebody."""

    wanted: bool
    KEYS = frozenset({"substitute"})

    @classmethod
    def read(
        cls, reader: Reader, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]
    ) -> Substitute | None:
        """True or false."""
        wanted = reader.flag(asked.get("substitute"), f"{place}.substitute")
        return None if wanted is None else cls(wanted)

    def compile(self, item: Compiling) -> None:
        """The row names for whom, or nobody."""
        row = item.row
        item.query.where.append(row.substitute_for.is_not(None) if self.wanted else row.substitute_for.is_(None))

    def failing(self, fact: AffiliationFact, seen: Seen) -> Iterator[Problem]:
        """It is the opposite."""
        if (fact.substitute_for is not None) is not self.wanted:
            yield Problem(
                "The rule asks for a substitute." if self.wanted else "The rule does not apply to substitutes."
            )

    def words(self, labels: Labels, t: Texts) -> Sequence[str]:
        """Said when it is wanted."""
        return (t.gettext(N_("as a substitute")),) if self.wanted else ()

    @property
    def narrows(self) -> bool:
        """No: whoever is no substitute is nearly everybody."""
        return False


CONDITIONS: tuple[type[Condition], ...] = (AffiliationKind, Occupation, Place, Primary, Substitute)
