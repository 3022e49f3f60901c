"""What a validation found, in plain words with a remedy; the value itself is never repeated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from iam.texts import N_

_WORDS = {
    "missing": (N_("This is missing."), N_("State it.")),
    "extra_forbidden": (N_("There is no such setting."), N_("Remove it, or correct its name to one of: %(allowed)s.")),
    "literal_error": (N_("There is no such value."), N_("Use one of: %(allowed)s.")),
    "one_of": (N_("There is no such value."), N_("Use one of: %(allowed)s.")),
    "weaker_enforcement": (
        N_("A weaker enforcement is accepted only of a relationship, and on a day."),
        N_("State relationship beside it, and the day under on."),
    ),
    "unsigned_signature": (
        N_("A signature has a day."),
        N_("State under signed the day on which the party signed."),
    ),
    "never_in_force": (
        N_("An agreement is in force for a time."),
        N_("Add in_force, or cancelled when it was given up before that."),
    ),
    "amended_by": (
        N_("An amendment is decided on, or made under a delegation."),
        N_("State one of the two: decided or delegation."),
    ),
    "decided_by": (
        N_("An agreement is decided on by a body or by an office holder."),
        N_("State one of the two: body or office_holder."),
    ),
    "notice": (N_("A time of notice is so many months, or so many days."), N_("State one of the two: months or days.")),
    "not_a_day": (N_("This is no day."), N_("Write a day of the calendar as YYYY-MM-DD.")),
    "no_schedule": (
        N_("This is no schedule."),
        N_("Write minute, hour, day, month and day of the week, as in 15 2 * * * for a quarter past two each night."),
    ),
    "no_zone": (N_("There is no such time zone."), N_("Write it as in Europe/Helsinki.")),
    "string_type": (N_("This must be text."), N_("Put it in quotes when it looks like a number, a day, or yes or no.")),
    "string_pattern_mismatch": (
        N_("This has characters that are not allowed here, or too many."),
        N_("Keep to the form %(allowed)s."),
    ),
    "string_too_short": (N_("This is empty."), N_("State it.")),
    "string_too_long": (N_("This is too long."), N_("Shorten it to %(allowed)s characters.")),
    "too_short": (N_("This list is too short."), N_("State at least %(allowed)s.")),
    "list_type": (
        N_("This must be a list."),
        N_("Begin each of its items with a dash, or write them in square brackets."),
    ),
    "dict_type": (N_("This must be a group of named settings."), N_("Write each of them as name: value.")),
    "model_type": (N_("This must be a group of named settings."), N_("Write each of them as name: value.")),
    "bool_parsing": (N_("This must be true or false."), N_("Write true or false without quotes.")),
    "bool_type": (N_("This must be true or false."), N_("Write true or false without quotes.")),
    "int_parsing": (N_("This must be a whole number."), N_("Write it in digits.")),
    "int_type": (N_("This must be a whole number."), N_("Write it in digits.")),
    "int_from_float": (N_("This must be a whole number."), N_("Write it in digits.")),
    "greater_than_equal": (N_("This number is too small."), N_("Write at least %(allowed)s.")),
    "less_than_equal": (N_("This number is too large."), N_("Write at most %(allowed)s.")),
}
_OTHER = (N_("This value is not allowed here."), N_("See the documentation of this setting."))
_ALLOWED = ("allowed", "expected", "pattern", "max_length", "min_length", "ge", "le")


Step = str | int


class Fault(NamedTuple):
    """One thing that is wrong: the way to it, and what a problem says of it."""

    steps: tuple[Step, ...]
    message: str
    remedy: str
    params: dict[str, object]


def faults(error: ValidationError, model: type[BaseModel]) -> Iterator[Fault]:
    """Yield everything that is wrong with what was given for a ``model``."""
    for details in error.errors(include_url=False):
        message, remedy = _WORDS.get(_kind(details), _OTHER)
        steps = tuple(step for step in details["loc"] if step not in ("[key]",))
        yield Fault(steps, message, remedy, _params(details, model))


def _kind(details: ErrorDetails) -> str:
    """What is wrong, as pydantic calls it: a field left empty is empty, whatever form it should have."""
    is_left_empty = details["type"] == "string_pattern_mismatch" and details["input"] == ""
    return "string_too_short" if is_left_empty else details["type"]


def _params(details: ErrorDetails, model: type[BaseModel]) -> dict[str, object]:
    if details["type"] == "extra_forbidden":
        return {"allowed": ", ".join(_names(_model_at(model, details["loc"][:-1])))}
    context = details.get("ctx", {})
    return next(({"allowed": context[name]} for name in _ALLOWED if name in context), {"allowed": ""})


def _names(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else [info.alias or name for name, info in model.model_fields.items()]


def _model_at(model: type[BaseModel], steps: tuple[int | str, ...]) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    for step in steps:
        if isinstance(step, str) and found is not None:
            info = found.model_fields.get(step)
            found = _model_in(info.annotation) if info else None
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)
