"""What a bundle is, told before anything else is looked at: other versions of OneRoster and other formats are named as
what they are."""

from __future__ import annotations

import re

from connectors.contract import Malformed
from connectors.csv_text import CsvText
from connectors.oneroster.bundle import Bundle
from connectors.problem import Problem

_OLD_VERSION = re.compile(r"(?<![0-9.])1\.[01](?![0-9.])")
_SDS_1 = frozenset({"school", "section", "student", "teacher", "studentenrollment", "teacherroster"})
_SDS_2 = frozenset({"orgs", "users", "roles"})


def require_oneroster(bundle: Bundle) -> None:
    """Raise ``Malformed`` when the bundle is OneRoster 1.1 or 1.0, or one of Microsoft School Data Sync."""
    names = {name[:-4].lower(): name for name in sorted(bundle.names) if name.lower().endswith(".csv")}
    if version := _old_version(bundle, names):
        raise Malformed(_is_old(version, names.get("manifest")))
    if "manifest" in names:
        return
    if len(_SDS_1 & names.keys()) >= 3:
        raise Malformed(_is_sds("1"))
    if names.keys() >= _SDS_2 and _is_sds_2(bundle, names):
        raise Malformed(_is_sds("2.1"))


def _old_version(bundle: Bundle, names: dict[str, str]) -> str | None:
    for line in _beginning(bundle, names.get("manifest")):
        if "oneroster.version" in line.lower() and (found := _OLD_VERSION.search(line)):
            return found[0]
    # The organisations and the one role of a user went from users.csv to roles.csv in 1.2.
    return "1.1" if {"orgsourcedids", "role", "username"} <= _header(bundle, names.get("users")) else None


def _is_sds_2(bundle: Bundle, names: dict[str, str]) -> bool:
    users, roles = _header(bundle, names["users"]), _header(bundle, names["roles"])
    return "activedirectorymatchid" in users or ("usersourcedid" in roles and "sourcedid" not in roles)


def _header(bundle: Bundle, name: str | None) -> frozenset[str]:
    """Return the names of the columns of a file, in small letters."""
    first = next((line for line in _beginning(bundle, name) if line.strip()), "")
    return frozenset(part.strip(' "').lower() for part in re.split("[,;\t]", first))


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


def _is_old(version: str, file: str | None) -> Problem:
    return Problem(
        "This is OneRoster %(version)s; Avain reads OneRoster 1.2.",
        "Ask the sender for a OneRoster 1.2 CSV bundle: whole files (bulk), with manifest.csv and roles.csv.",
        file,
        params={"version": version},
    )


def _is_sds(version: str) -> Problem:
    return Problem(
        "These are files for Microsoft School Data Sync (format %(version)s), not OneRoster.",
        "Ask the sender for a OneRoster 1.2 CSV bundle: whole files (bulk), with manifest.csv and roles.csv.",
        params={"version": version},
    )
