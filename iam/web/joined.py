"""What a demonstration was joined to when it started, and what was not found: the page of sources tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, current_app

_KEY = "avain.joined"


class How(StrEnum):
    """How a system that the demonstration may be joined to stands."""

    FILE = "file"
    RUNS = "runs"
    MISSING = "missing"
    """Its program is not installed."""
    FAILED = "failed"
    """Its program is there and did not start."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A system: the key of its source, and how it stands."""

    source: str
    how: How


def tell(app: Flask, systems: Sequence[Joined]) -> None:
    """Let the pages of ``app`` tell these systems."""
    app.extensions[_KEY] = tuple(systems)


def told() -> tuple[Joined, ...]:
    """Return the systems of the application that is asked now; none where it is no demonstration."""
    found: tuple[Joined, ...] = current_app.extensions.get(_KEY, ())
    return found
