"""Which files there are, and whether they are all that must be there: the format has no manifest to say it."""

from __future__ import annotations

import json

from connectors.contract import Checkpoint, Malformed, Retryable
from connectors.problem import Problem
from connectors.roster.bundle import Bundle
from connectors.roster.files import BundleFile
from connectors.roster.recognition import ONEROSTER, SDS, recognised
from connectors.sds.files import FILES, TOGETHER, UNREAD

_NAMES = (*(file.name for file in FILES), *UNREAD)


def present(bundle: Bundle) -> tuple[str, ...]:
    """Return the names of the format's files that a bundle has, those that are not opened among them.

    Raises ``Malformed`` when it is of another format, or lacks a file without which it is none.
    """
    _require_sds(bundle)
    found = tuple(name for name in _NAMES if f"{name}.csv" in bundle.names)
    needed = {file.name for file in FILES if file.required} | (set(TOGETHER) if set(TOGETHER) & set(found) else set())
    lacking = [name for name in _NAMES if name in needed and name not in found]
    if lacking:
        raise Malformed(_lacking(lacking))
    return found


def opened(names: tuple[str, ...]) -> tuple[BundleFile, ...]:
    """Return those of ``names`` that are read, in their order."""
    return tuple(file for file in FILES if file.name in names)


def require_same(names: tuple[str, ...], last: Checkpoint) -> None:
    """Raise ``Retryable`` when a file is missing that came when ``last`` was given; what is no such checkpoint tells
    nothing."""
    missing = [name for name in _unpacked(last) if name not in names]
    if missing:
        raise Retryable(
            Problem(
                "These files came last time and are missing now: %(files)s. Nothing was changed.",
                "Send the same set of files each time. Where one is left out for good: iam source run --full reads "
                "without it, and a second administrator accepts that.",
                params={"files": _listed(missing)},
            )
        )


def packed(names: tuple[str, ...]) -> Checkpoint:
    """Return the checkpoint that remembers which files came."""
    return json.dumps(names)


def _unpacked(checkpoint: Checkpoint) -> list[str]:
    try:
        told = json.loads(checkpoint)
    except ValueError:
        return []
    return [name for name in _NAMES if name in told] if isinstance(told, list) else []


def _require_sds(bundle: Bundle) -> None:
    found = recognised(bundle)
    if found is not None and found.name == SDS and found.version == "1":
        raise Malformed(
            Problem(
                "These are files of School Data Sync format 1 (School.csv, Section.csv, Student.csv, …); Avain reads "
                "format 2.1.",
                "Ask the sender for format 2.1: orgs.csv, users.csv and roles.csv, and for classes also classes.csv "
                "and enrollments.csv.",
            )
        )
    if found is not None and found.name == ONEROSTER:
        raise Malformed(
            Problem(
                "This is a bundle of OneRoster %(version)s, not of School Data Sync.",
                "Read it with the connector oneroster.",
                "manifest.csv",
                params={"version": found.version},
            )
        )


def _lacking(names: list[str]) -> Problem:
    return Problem(
        "These files are missing: %(files)s.",
        "Export orgs.csv, users.csv and roles.csv, and for classes both classes.csv and enrollments.csv, named so and "
        "without a folder.",
        params={"files": _listed(names)},
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"{name}.csv" for name in names)
