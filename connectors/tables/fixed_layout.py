"""How a file of fixed width is laid out: places in a line from 1 on, in signs, as the other side's description tells
them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from pydantic import Field

from connectors.contract import Settings
from connectors.problem import Problem

Form = Literal["yyyymmdd", "ddmmyyyy"]


class FixedField(Settings):
    """One field of a line."""

    name: str
    start: int = Field(ge=1, le=100_000, description="The place of its first sign in the line; the line begins at 1.")
    length: int = Field(ge=1, le=10_000)
    day: Form | None = Field(default=None, description="The field is a day without points; zeros mean none.")
    decimals: int | None = Field(default=None, ge=0, le=9, description="So many last digits stand after the point.")
    blank: tuple[str, ...] = Field(default=(), description="What means that the field is empty, as 99999999.")

    @property
    def end(self) -> int:
        """The place of its last sign."""
        return self.start + self.length - 1


class FixedTrailer(Settings):
    """The last line, which tells how many rows there are."""

    mark: str = Field(min_length=1, description="What this line begins with, and no row does.")
    start: int = Field(ge=1, le=100_000, description="Where the number of rows begins.")
    length: int = Field(ge=1, le=12)


class FixedLines(Settings):
    """The lines of a file: their fields, and what is around the rows."""

    fields: tuple[FixedField, ...]
    length: int
    """Signs of a line."""
    trimmed: bool = False
    """Whether the sender leaves out the blanks at the end of a line."""
    head: str | None = None
    """What a first line begins with that is no row."""
    trailer: FixedTrailer | None = None


def problems(fields: tuple[FixedField, ...], line_length: int | None) -> Iterator[Problem]:
    """Tell what is wrong with the ``fixed_width`` fields of lines that are ``line_length`` long."""
    names = [field.name for field in fields]
    in_order = sorted(fields, key=lambda field: field.start)
    if len(set(names)) < len(names):
        yield Problem("A field is there twice.", "Give each field a name of its own.", field="fixed_width")
    for one, two in pairwise(in_order):
        if two.start <= one.end:
            yield Problem(
                "The fields %(one)s and %(two)s lie on each other.",
                "Correct start and length; a line begins at 1.",
                field="fixed_width",
                params={"one": one.name, "two": two.name},
            )
    if line_length is not None and in_order and in_order[-1].end > line_length:
        yield Problem(
            "The line is shorter than its fields.", "Correct line_length, or leave it out.", field="line_length"
        )
