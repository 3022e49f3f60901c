"""Column matching as data: which column of a source's record means what. The models say what can be said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.contract import Connector
from connectors.problem import Problem
from iam.directory.affiliation import AFFILIATION_KINDS, RELATIONSHIP_KINDS
from iam.errors import Invalid

ATTRIBUTES = ("given_names", "call_name", "family_name", "email", "phone", "birth_date", "login")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Equals(_Part):
    """Whether a column has a value."""

    column: str
    value: str


class Person(_Part):
    """Who a record speaks of: the column of the source's own key, the identifier kind that key is, and the person's
    attributes.

    ``suspended`` says when the source suspends the person: then the affiliations that it states end until it no longer
    does.
    """

    key: str
    as_: str = Field(alias="as")
    given_names: str | None = None
    call_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: str | None = None
    login: str | None = None
    updated: str | None = None
    suspended: Equals | None = None

    @cached_property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        """The attributes that have a column, with it."""
        named = {name: getattr(self, name) for name in ATTRIBUTES}
        return tuple((name, column) for name, column in named.items() if column is not None)


class IdentifierColumn(_Part):
    """A further identifier; ``tagged`` takes ``value`` from texts of the form ``{tag:value}`` parted by commas."""

    kind: str
    column: str
    issuer: str = ""
    tagged: str | None = None


class Organisations(_Part):
    """Where an affiliation is: organisation keys from a column, parted by ``part``, each cut ``before`` a sign."""

    column: str | None = None
    part: str | None = None
    before: str | None = None
    otherwise: str | None = None
    alias: bool = False
    fixed: str | None = None


class Values(_Part):
    """A column whose values are translated. A record with a value that is not listed is rejected, or with ``unlisted``
    ``skip`` says nothing of this: then what it said before ends.
    """

    column: str
    values: Mapping[str, str]
    unlisted: Literal["reject", "skip"] = "reject"


class AffiliationColumns(_Part):
    """An affiliation. Days are the source's; ``to`` is the last day; an empty one has no known end."""

    organisations: Organisations
    kind: Values | str
    occupation: str | None = None
    title: str | None = None
    from_: str | None = Field(None, alias="from")
    to: str | None = None
    substitute_for: str | None = None
    primary: Equals | None = None


class Days(_Part):
    """A first and a last day."""

    from_: str = Field(alias="from")
    to: str


class RelationshipColumn(_Part):
    """Other persons of the same source, by key; ``this_person_is`` says which end of the relationship the record's
    person is, and ``where`` which records tell of one at all."""

    kind: str
    column: str
    part: str | None = None
    this_person_is: str = Field("holder", pattern="^(holder|other)$")
    from_: str | None = Field(None, alias="from")
    to: str | None = None
    optional: bool = False
    where: Equals | None = None


class GroupColumns(_Part):
    """A group, keyed by its record."""

    name: str
    kind: str
    organisation: Organisations


class MembershipColumns(_Part):
    """The record's person is a member of a group of the same source."""

    group: str
    group_kind: str
    from_: str | None = Field(None, alias="from")
    to: str | None = None


class Kind(_Part):
    """What one kind of record says."""

    person: Person | None = None
    identifiers: tuple[IdentifierColumn, ...] = ()
    affiliation: AffiliationColumns | None = None
    absence: Days | None = None
    relationships: tuple[RelationshipColumn, ...] = ()
    organisation_alias: Organisations | None = None
    group: GroupColumns | None = None
    membership: MembershipColumns | None = None


class Matching(BaseModel):
    """The column matching of a source: one ``Kind`` per kind of record, and the identifiers that find a person, in
    order."""

    model_config = ConfigDict(frozen=True)
    kinds: Mapping[str, Kind]
    correlate: tuple[str, ...] = ()


def read(data: Mapping[str, Any]) -> Matching:
    """Return the column matching of ``data``; raises ``Invalid`` with the place of each thing that is wrong."""
    kinds = {name: value for name, value in data.items() if name != "correlate"}
    try:
        matching = Matching.model_validate({"kinds": kinds, "correlate": data.get("correlate") or ()})
    except ValidationError as error:
        raise Invalid(
            *(
                Problem(
                    "The column matching is wrong: %(what)s.",
                    "Correct it in the source's settings.",
                    field=".".join(str(part) for part in item["loc"]),
                    params={"what": item["msg"]},
                )
                for item in error.errors(include_input=False)
            )
        ) from None
    found = [problem for name, kind in matching.kinds.items() for problem in _kind_faults(name, kind)]
    if found:
        raise Invalid(*found)
    return matching


def _kind_faults(name: str, kind: Kind) -> Iterator[Problem]:
    if kind.affiliation is not None:
        told = kind.affiliation.kind
        values = told.values.values() if isinstance(told, Values) else (told,)
        if not set(values) <= set(AFFILIATION_KINDS):
            yield Problem(
                "There is no such kind of affiliation.", "Use a documented one.", field=f"{name}.affiliation.kind"
            )
    if any(item.kind not in RELATIONSHIP_KINDS for item in kind.relationships):
        yield Problem("There is no such kind of relationship.", "Use a documented one.", field=f"{name}.relationships")


def faults(matching: Matching, connector: type[Connector]) -> Iterator[Problem]:
    """Yield what a matching that can be read has wrong for a connector: kinds of record or columns that it never gives,
    and ``unread``."""
    columns: Mapping[str, Collection[str]] = getattr(connector, "columns", {})
    for name, kind in matching.kinds.items():
        if name not in connector.kinds:
            yield Problem(
                "The connector has no such kind of record.",
                "Use one of: %(allowed)s.",
                field=name,
                params={"allowed": ", ".join(connector.kinds)},
            )
        for place, column in columns_of(kind, name):
            if name in columns and column not in columns[name]:
                yield Problem(
                    "There is no column %(column)s.",
                    "Use one of: %(allowed)s.",
                    field=place,
                    params={"column": column, "allowed": ", ".join(columns[name])},
                )
    yield from unread(matching, matching.correlate)


def unread(matching: Matching, correlate: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each kind of identifier in ``correlate`` that the matching does not read."""
    told = {item.kind for kind in matching.kinds.values() for item in kind.identifiers}
    told |= {kind.person.as_ for kind in matching.kinds.values() if kind.person is not None}
    for name in correlate:
        if name not in told:
            yield Problem(
                "The column matching reads no identifier %(kind)s.",
                "Use one of: %(allowed)s.",
                field="correlate",
                params={"kind": name, "allowed": ", ".join(sorted(told))},
            )


_NO_COLUMN = {
    "as_",
    "kind",
    "issuer",
    "tagged",
    "part",
    "before",
    "fixed",
    "value",
    "unlisted",
    "this_person_is",
    "group_kind",
}


def columns_of(part: BaseModel, place: str) -> Iterator[tuple[str, str]]:
    """Yield every column that a part names, with its place."""
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                yield from columns_of(item, f"{place}.{info.alias or name}")
            elif isinstance(item, str) and name not in _NO_COLUMN:
                yield f"{place}.{info.alias or name}", item
