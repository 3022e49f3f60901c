"""What is written by the API with its effects: told before with ``preview``, else done, or waiting for a second
person."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from iam.api.shapes.base import Reason, Taken, tidied

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400), AfterValidator(tidied)]
KeyText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]


class PreviewQuery(Taken):
    """Whether what it would do is only told: with ``preview`` nothing is written."""

    preview: bool = False


class Outcome(BaseModel):
    """What came of it: ``preview`` (nothing was written), ``done``, or ``waits`` for a second person, because of
    ``reasons``. ``gain`` and ``lose`` count the people who get or lose a right by it, as far as the caller may be
    told."""

    state: Literal["preview", "done", "waits"]
    gain: int
    lose: int
    reasons: list[str]


class NamesWanted(Taken):
    """Names by language; Swedish and English are the Finnish one where they are left out."""

    fi: Words
    sv: Words | None = None
    en: Words | None = None


class OrganisationRenamed(Taken):
    """What an organisation is called from now on, of what kind it is, and its codes; a code that is left out is
    none."""

    kind: Words
    names: NamesWanted
    oph_oid: Words | None = None
    school_code: Words | None = None
    business_id: Words | None = None


class OrganisationAdded(OrganisationRenamed):
    """A new organisation under another: its key, for good, and its first day; ``legal_entity`` only by who writes over
    everything."""

    key: KeyText
    first_day: date
    legal_entity: bool = False


class OrganisationClosed(Taken):
    """The last day of an organisation, today or later."""

    last_day: date


class PositionWanted(Taken):
    """A position by hand: ``sponsor`` is the id of the person who answers for it; a visitor or a contractor has a last
    day."""

    organisation: UUID
    kind: Words
    title: Words | None = None
    occupation: Words | None = None
    first_day: date | None = None
    last_day: date | None = None
    sponsor: UUID
    reason: Reason


class PositionEnded(Taken):
    """The last day of a position by hand, or null: it ends now."""

    last_day: date | None = None
    reason: Reason


class MembersChanged(Taken):
    """Who is put into a local group and who is taken out, by their ids; each must be in the caller's part, and who is
    put in have a username, or a number that a source told."""

    add: list[UUID] = Field([], max_length=1000)
    remove: list[UUID] = Field([], max_length=1000)


class PersonWanted(Taken):
    """A person to be added by hand with a first position; ``another`` says that it is somebody else than whoever has
    the same name and day of birth. A personal identity code is not taken."""

    given_names: Words
    family_name: Words
    birth_date: date
    email: Words | None = None
    position: PositionWanted
    another: bool = False


class PersonOutcome(Outcome):
    """What came of it, and who was added under which username; null in a preview, and where the names make none."""

    person: UUID | None
    username: str | None


class RoleSaid(Taken):
    """All that is said of a role: ``content`` as ``data-group:operation``, ``includes`` by the keys of other roles of
    the application."""

    names: NamesWanted
    enforcement: Literal["at use", "by token", "by push", "by ticket"]
    content: list[Words] = Field([], max_length=500)
    includes: list[KeyText] = Field([], max_length=500)
    handed_out: Literal["owner", "enabled", "parts"] | None = None
    sensitive: bool = False
    retired: bool = False


class RoleMade(RoleSaid):
    """A new role with its key, for good."""

    key: KeyText
