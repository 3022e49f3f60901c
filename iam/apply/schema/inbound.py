"""What tells us of people: sources by what they say, connections by who proves it at sign-in."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from iam.apply.schema.item import Code, Dated, Item, Key, Names, Sorted, Text


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("no_zone", "unknown zone") from None
    return value


class Source(Item):
    """An inbound system; ``settings`` are its connector's own. One that is ``disabled`` is not read, and nobody signs
    in by it."""

    key: Key
    connector: str
    owner: Key
    purpose: Text
    priority: Annotated[int, Field(ge=1, le=1000)] = 100
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Helsinki"
    settings: dict[str, Any] = {}
    matching: dict[str, Any] | None = None
    correlate: list[str] = []
    keep_good_rows: bool = True
    missing_hours: Annotated[int, Field(ge=0, le=24 * 365)] = 20
    disabled: bool = False


class OpenedSource(Dated):
    """An organisation, with those under it, lets the source of another owner state facts there."""

    organisation: Key
    source: Key


class Recognised(Item):
    """How an account at a connection is recognised at its first sign-in: a claim's value among identifiers of a kind
    and issuer."""

    claim: Code
    kind: Code
    issuer: str = ""


class Connection(Item):
    """An upstream OpenID provider; logins of its ``domains`` are sent there, and people on the way to its
    ``applications``.

    It proves people of its ``owner``'s organisations, which a new one must have.
    """

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    owner: Key | None = None
    name: Names
    issuer: Text
    client_id: Text
    secret: SecretStr | None = None
    secret_file: str | None = None
    scope: Annotated[str, StringConstraints(pattern=r"^(.* )?openid( .*)?$")] = "openid profile"
    domains: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]], Sorted] = []
    applications: dict[Key, Literal["first", "only"]] = {}
    identifier: Recognised | None = None
    retired: bool = False


class OpenedConnection(Dated):
    """An organisation, with those under it, lets a connection of another owner sign its people in, for a time."""

    organisation: Key
    connection: Key
