"""Bundles that are no OneRoster, or of two of its versions at once: named as what they are, with what to ask for."""

from __future__ import annotations

from connectors.contract import Malformed
from connectors.problem import Problem
from connectors.roster.bundle import Bundle
from connectors.roster.recognition import SDS, recognised, tells_roles_of_1_1

_LATER = ("roles.csv", "userprofiles.csv", "userresources.csv")
"""Files that 1.1 does not have."""


def require_oneroster(bundle: Bundle) -> None:
    """Raise ``Malformed`` when the bundle is OneRoster 1.0, or one of Microsoft School Data Sync."""
    found = recognised(bundle)
    if found is not None and found.version == "1.0":
        raise Malformed(
            Problem(
                "This is OneRoster 1.0; Avain reads OneRoster 1.1 and 1.2.",
                "Ask the sender for a OneRoster 1.2 CSV bundle: whole files (bulk), with manifest.csv and roles.csv.",
                "manifest.csv",
            )
        )
    if found is not None and found.name == SDS:
        raise Malformed(
            Problem(
                "These are files for Microsoft School Data Sync (format %(version)s), not OneRoster.",
                "Read format 2.1 with the connector sds; or ask the sender for a OneRoster 1.2 or 1.1 CSV bundle.",
                params={"version": found.version},
            )
        )


def require_unmixed(bundle: Bundle, version: str) -> None:
    """Raise ``Malformed`` when the files are not all of the ``version`` that the manifest says."""
    later = next((name for name in sorted(bundle.names) if name.lower() in _LATER), None)
    if version == "1.1" and later is not None:
        raise Malformed(_mixed("1.1", "1.2", later))
    if tells_roles_of_1_1(bundle) != (version == "1.1") and "users.csv" in bundle.names:
        raise Malformed(_mixed(version, "1.2" if version == "1.1" else "1.1", "users.csv"))


def _mixed(told: str, other: str, file: str) -> Problem:
    return Problem(
        "The manifest says OneRoster %(told)s, but this file is of %(other)s.",
        "Export the whole bundle anew, in one version.",
        file,
        params={"told": told, "other": other},
    )
