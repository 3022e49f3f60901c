"""Which format a bundle is of, told before anything else is looked at."""

from __future__ import annotations

import re
from typing import NamedTuple

from connectors.contract import Malformed
from connectors.csv_text import CsvText
from connectors.roster.bundle import Bundle

ONEROSTER, SDS = "OneRoster", "Microsoft School Data Sync"
_VERSION = re.compile(r"(?<![0-9.])[0-9]\.[0-9](?![0-9.])")
_SDS_1 = frozenset({"school", "section", "student", "teacher", "studentenrollment", "teacherroster"})
_SDS_2 = frozenset({"orgs", "users", "roles"})
_OLD_USER = frozenset({"orgsourcedids", "role"})


class Format(NamedTuple):
    """A format by the name that people know it by, and its version."""

    name: str
    version: str


def recognised(bundle: Bundle) -> Format | None:
    """Return the format of a bundle that says it, or is like no other; None for any other.

    A manifest comes first: only OneRoster has one, from 1.1 on.
    """
    names = _files(bundle)
    if "manifest" in names:
        version = _told_version(bundle, names["manifest"])
        return Format(ONEROSTER, version) if version is not None else None
    if len(_SDS_1 & names.keys()) >= 3:
        return Format(SDS, "1")
    if names.keys() >= _SDS_2 and _is_sds_2(bundle, names):
        return Format(SDS, "2.1")
    return None


def tells_roles_of_1_1(bundle: Bundle) -> bool:
    """Whether organisations and the one role of a user stand in users.csv: they went to roles.csv in OneRoster 1.2."""
    return header(bundle, _files(bundle).get("users")) >= _OLD_USER


def header(bundle: Bundle, name: str | None) -> frozenset[str]:
    """Return the names of the columns of a file, in small letters; none of one that is not there or cannot be read."""
    first = next((line for line in _beginning(bundle, name) if line.strip()), "")
    return frozenset(part.strip(' "').lower() for part in re.split("[,;\t]", first))


def _files(bundle: Bundle) -> dict[str, str]:
    """Return the names of the CSV files, by how they are called in small letters."""
    return {name[:-4].lower(): name for name in sorted(bundle.names) if name.lower().endswith(".csv")}


def _told_version(bundle: Bundle, name: str) -> str | None:
    for line in _beginning(bundle, name):
        if "oneroster.version" in line.lower() and (found := _VERSION.search(line)):
            return found[0]
    return None


def _is_sds_2(bundle: Bundle, names: dict[str, str]) -> bool:
    users, roles = header(bundle, names["users"]), header(bundle, names["roles"])
    return "activedirectorymatchid" in users or ("usersourcedid" in roles and "sourcedid" not in roles)


def _beginning(bundle: Bundle, name: str | None) -> list[str]:
    """Return the first lines of a file, and none of one that is not there or cannot be read: reading it tells why."""
    if name is None:
        return []
    with bundle.open(name) as stream:
        try:
            chunk = next(iter(CsvText(stream, name)), None)
        except Malformed:
            return []
    return chunk.text.split("\n") if chunk is not None else []
