"""What tells us of people: sources by what they say, connections by who proves it at sign-in."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from iam.apply.schema.item import Dated, Item, Key, Text


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
