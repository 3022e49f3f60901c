"""``manifest.csv``: which version a bundle is of, which files it has, and that each is there whole (CSV binding 1.2.1,
section 3; CSV tables 1.1.1, section 2).

It proves itself by its names: further columns and rows, and in what order they stand, do not matter.
"""

from __future__ import annotations

from typing import NamedTuple

from connectors.contract import Malformed
from connectors.csv_file import CsvFile, Layout
from connectors.oneroster.files import FILES
from connectors.oneroster.version_1_1 import FILES_1_1
from connectors.oneroster.wrong_bundle import require_oneroster, require_unmixed
from connectors.problem import Problem
from connectors.roster.bundle import Bundle
from connectors.roster.files import BundleFile

NAME = "manifest.csv"
LAYOUT = Layout(columns=("propertyName", "value"), loose=True)
_MODES = ("bulk", "delta", "absent")
_FILES = {"1.1": FILES_1_1, "1.2": FILES}
"""What each version has, by how the manifest names it."""
_VERSIONS = {"manifest.version": ("1.0",), "oneroster.version": tuple(_FILES)}
_KNOWN = {f"file.{file.name}".lower() for file in FILES}


class Manifest(NamedTuple):
    """The version of a bundle, the ``files`` to read, in order, and the digest of manifest.csv."""

    version: str
    files: tuple[BundleFile, ...]
    digest: str


class _Property(NamedTuple):
    line: int | None
    name: str
    value: str


_Properties = dict[str, _Property]
"""By name in small letters."""
_ABSENT = _Property(None, "", "")


def read_manifest(bundle: Bundle) -> Manifest:
    """Return what the manifest says; raises ``Malformed`` when it and the bundle disagree, and when the files are of
    two versions."""
    require_oneroster(bundle)
    if NAME not in bundle.names:
        raise Malformed(
            Problem(
                "The bundle has no manifest.",
                "Add manifest.csv at the root of the bundle; OneRoster has it from version 1.1 on.",
                NAME,
            )
        )
    with bundle.open(NAME) as stream:
        table = CsvFile(stream, NAME, LAYOUT)
        properties = _properties(table)
    _require_versions(properties)
    version = properties["oneroster.version"].value
    require_unmixed(bundle, version)
    _require_presence(properties, bundle)
    present = tuple(file for file in _FILES[version] if _mode(properties, file) == "bulk")
    names = {file.name for file in present}
    if "enrollments" in names and "classes" not in names:
        raise Malformed(_needs_classes())
    return Manifest(version, present, table.digest)


def _properties(table: CsvFile) -> _Properties:
    found: _Properties = {}
    place = table.header.columns.index("propertyName")
    for line, values, problem in table.rows():
        if problem is not None:
            raise Malformed(problem)
        told = _Property(line, values[place].strip(), values[1 - place].strip())
        if found.setdefault(told.name.lower(), told).value.lower() != told.value.lower():
            raise Malformed(
                Problem(
                    "The manifest has the property twice, with two values.",
                    "Write every property once.",
                    NAME,
                    line,
                    "propertyName",
                )
            )
    if not table.finished:
        raise Malformed(Problem("The manifest is cut.", "Send the bundle again.", NAME))
    return found


def _require_versions(properties: _Properties) -> None:
    for name, versions in _VERSIONS.items():
        line, _, value = properties.get(name, _ABSENT)
        if value not in versions:
            raise Malformed(
                Problem(
                    "The manifest must say that %(property)s is %(version)s.",
                    "Export the bundle as OneRoster 1.2 or 1.1 CSV.",
                    NAME,
                    line,
                    name,
                    {"property": name, "version": " / ".join(versions)},
                )
            )


def _require_presence(properties: _Properties, bundle: Bundle) -> None:
    """Every file said to be there is there, and none is there that is said to be absent."""
    for key, (line, name, value) in properties.items():
        mode = value.lower()
        if not key.startswith("file.") or (key not in _KNOWN and mode not in _MODES):
            continue
        file = next((each.name for each in FILES if f"file.{each.name}".lower() == key), name[len("file.") :]) + ".csv"
        if mode not in _MODES:
            raise Malformed(
                Problem("A file is bulk, delta or absent.", "Correct the value in the manifest.", NAME, line, "value")
            )
        if mode != "absent" and file not in bundle.names:
            raise Malformed(_missing(line, name))
        if mode == "absent" and file in bundle.names:
            raise Malformed(_unannounced(line, name))


def _mode(properties: _Properties, file: BundleFile) -> str:
    line, _, value = properties.get(f"file.{file.name}".lower(), _ABSENT)
    mode = value.lower()
    if mode == "delta":
        raise Malformed(_delta(line, file))
    if not mode or (file.required and mode == "absent"):
        raise Malformed(_unnamed(line, file))
    return mode


def _delta(line: int | None, file: BundleFile) -> Problem:
    return Problem(
        "%(file)s.csv is a delta: it holds changes only.",
        "Export the bundle in bulk; changes are found here by comparing.",
        NAME,
        line,
        f"file.{file.name}",
        {"file": file.name},
    )


def _unnamed(line: int | None, file: BundleFile) -> Problem:
    return Problem(
        "The manifest does not name %(file)s.csv as bulk.",
        "Add the line file.%(file)s,bulk and the file, or, where a bundle can do without it, file.%(file)s,absent.",
        NAME,
        line,
        f"file.{file.name}",
        {"file": file.name},
    )


def _missing(line: int | None, name: str) -> Problem:
    return Problem(
        "The manifest names a file that the bundle lacks.", "Send the bundle again.", NAME, line, _shown(name)
    )


def _unannounced(line: int | None, name: str) -> Problem:
    return Problem(
        "The bundle has a file that the manifest calls absent.", "Call it bulk, or remove it.", NAME, line, _shown(name)
    )


def _shown(name: str) -> str:
    """Name a property in a message only if it is one that we know."""
    return name if name.removeprefix("file.") in {file.name for file in FILES} else "propertyName"


def _needs_classes() -> Problem:
    return Problem("enrollments.csv needs classes.csv.", "Export the classes too.", NAME, None, "file.classes")
