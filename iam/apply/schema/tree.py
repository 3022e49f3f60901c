"""Organisations, where they stand in the tree, and their relations besides it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from iam.apply.schema.item import Dated, Item, Key, Names, one_of
from iam.directory.organisation import KINDS
from iam.signin.accounts import username


class SecondFactor(Item):
    """An organisation asks its people for a second factor, again on a device of their own after so many days (0: at
    every sign-in)."""

    remember_days: Annotated[int, Field(ge=0, le=365)] = 0


class Sessions(Item):
    """How long a sign-in of an organisation's people lasts: unused for so many minutes, and so many hours at most."""

    idle_minutes: Annotated[int, Field(ge=5, le=30 * 24 * 60)] | None = None
    hours: Annotated[int, Field(ge=1, le=90 * 24)] | None = None


class Organisation(Dated):
    """An organisation and one place of it; one that moves is stated once for each place, the rest of it once.

    ``usernames``: by kind of affiliation, and for guardians, which usernames people get; what is not stated stays as it
    is, for a page says it too. ``keep_sources`` false: a source that states facts there and does not reach the new
    place is not opened to it for a while.
    """

    key: Key
    kind: Annotated[str, one_of(*KINDS)] | None = None
    parent: Key | None = None
    name: Names | None = None
    oph_oid: str | None = None
    school_code: str | None = None
    business_id: str | None = None
    legal_entity: bool = False
    second_factor: SecondFactor | None = None
    sessions: Sessions | None = None
    usernames: dict[Annotated[str, one_of(*username.KINDS)], Annotated[str, one_of(*username.FORMS)]] | None = None
    keep_sources: bool = True


class Relation(Dated):
    """A relation besides the tree."""

    organisation: Key
    kind: Literal["covers", "owns", "continues"]
    other: Key
