"""What may be said of a source, in a declaration or on a page."""

from __future__ import annotations

from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from iam.sources.schedule import is_schedule

USUAL_PRIORITY = 100
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("no_zone", "unknown zone") from None
    return value


def _schedule(value: str) -> str:
    if not is_schedule(value):
        raise PydanticCustomError("no_schedule", "no schedule")
    return value


class SourceName(BaseModel):
    """What a source is called in Finnish, and in Swedish and English where they differ."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    fi: Text
    sv: Text = ""
    en: Text = ""

    @model_validator(mode="after")
    def _filled(self) -> Self:
        self.sv, self.en = self.sv or self.fi, self.en or self.fi
        return self


class SourceSaid(BaseModel):
    """An inbound system; its key stands where it has no ``name``; ``settings`` are its connector's own.

    One that is ``disabled`` is not read, and nobody signs in by it. ``schedule`` says when it is read by itself, in
    five fields of time; ``deadline`` in how many minutes.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, populate_by_name=True, strict=False)

    key: Key
    name: SourceName | None = None
    connector: str
    owner: Key
    purpose: Text
    priority: Annotated[int, Field(ge=1, le=1000)] = USUAL_PRIORITY
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Helsinki"
    settings: dict[str, Any] = {}
    matching: dict[str, Any] | None = None
    correlate: list[str] = []
    keep_good_rows: bool = True
    missing_hours: Annotated[int, Field(ge=0, le=24 * 365)] = 20
    disabled: bool = False
    schedule: Annotated[str, AfterValidator(_schedule)] | None = None
    deadline: Annotated[int, Field(ge=1, le=24 * 60)] = 120


FIELDS = tuple(name for name in SourceSaid.model_fields if name not in ("key", "owner"))
"""What is said of a source besides its key and its owner, called as the columns are."""
