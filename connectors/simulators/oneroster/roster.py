"""The rows of a simulated school system: JSON objects by collection, made of a CSV bundle or put in one by one."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

Object = dict[str, Any]
Row = Mapping[str, str]
COLLECTIONS = ("academicSessions", "classes", "courses", "enrollments", "orgs", "users")
LONG_AGO = "2020-01-01T00:00:00.000Z"
_USER_ID = re.compile(r"\{([^:}]*):([^}]*)\}")


class Roster:
    """Everything that the simulator tells. Objects are stamped when they are put in or taken away."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._objects: dict[str, dict[str, Object]] = {name: {} for name in COLLECTIONS}

    @classmethod
    def of_bundle(cls, folder: Path) -> Roster:
        """Return the roster of a CSV bundle's folder; raises ``OSError`` where a file is not there."""
        roster = cls()
        tables = {name: _table(folder / f"{name}.csv") for name in (*COLLECTIONS, "roles")}
        for name in COLLECTIONS:
            for row in tables[name]:
                roster.put(name, _MAKERS[name](row), row["dateLastModified"] or LONG_AGO)
        for row in tables["roles"]:
            roster._objects["users"][row["userSourcedId"]]["roles"].append(_role(row))
        return roster

    def all(self, collection: str) -> list[Object]:
        """Return the objects of a collection as they were put in, those to be deleted among them."""
        with self._lock:
            return [*self._objects[collection].values()]

    def get(self, collection: str, sourced_id: str) -> Object:
        """Return a copy of one object; raises ``KeyError``."""
        with self._lock:
            return dict(self._objects[collection][sourced_id])

    def put(self, collection: str, value: Object, modified: str | None = None) -> None:
        """Put an object in, or in the place of another; ``modified`` is now unless it is said."""
        stamped = {"status": "active", **value, "dateLastModified": modified or _now()}
        with self._lock:
            self._objects[collection][stamped["sourcedId"]] = stamped

    def delete(self, collection: str, sourced_id: str) -> None:
        """Mark an object as to be deleted; raises ``KeyError``."""
        self.put(collection, self.get(collection, sourced_id) | {"status": "tobedeleted"})

    def drop(self, collection: str, sourced_id: str) -> None:
        """Take an object away without a word, as servers do that keep nothing; raises ``KeyError``."""
        with self._lock:
            del self._objects[collection][sourced_id]


def reference(sourced_id: str, kind: str) -> Object:
    """Return how one object names another (GUIDRef)."""
    return {"href": f"/ims/oneroster/rostering/v1p2/{kind}s/{sourced_id}", "sourcedId": sourced_id, "type": kind}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def _texts(row: Row, *names: str) -> Object:
    """Return the values that say something."""
    return {name: row[name] for name in names if row.get(name)}


def _parts(text: str) -> list[str]:
    return text.split(",") if text else []


def _references(row: Row, **named: tuple[str, str]) -> Object:
    """Return references to single objects, by the name they have in JSON: the column and the kind."""
    return {name: reference(row[column], kind) for name, (column, kind) in named.items() if row.get(column)}


def _org(row: Row) -> Object:
    return _texts(row, "sourcedId", "name", "type", "identifier") | _references(row, parent=("parentSourcedId", "org"))


def _session(row: Row) -> Object:
    texts = _texts(row, "sourcedId", "title", "type", "startDate", "endDate", "schoolYear")
    return texts | _references(row, parent=("parentSourcedId", "academicSession"))


def _course(row: Row) -> Object:
    found = _texts(row, "sourcedId", "title", "courseCode") | {"grades": _parts(row["grades"])}
    return found | _references(row, org=("orgSourcedId", "org"), schoolYear=("schoolYearSourcedId", "academicSession"))


def _class(row: Row) -> Object:
    lists = {name: _parts(row[name]) for name in ("grades", "subjects", "subjectCodes", "periods")}
    terms = [reference(term, "academicSession") for term in _parts(row["termSourcedIds"])]
    return (
        _texts(row, "sourcedId", "title", "classCode", "classType", "location")
        | {name: value for name, value in lists.items() if value}
        | {"terms": terms}
        | _references(row, course=("courseSourcedId", "course"), school=("schoolSourcedId", "org"))
    )


def _enrollment(row: Row) -> Object:
    named = {
        "user": ("userSourcedId", "user"),
        "class": ("classSourcedId", "class"),
        "school": ("schoolSourcedId", "org"),
    }
    return _texts(row, "sourcedId", "role", "primary", "beginDate", "endDate") | _references(row, **named)


def _user(row: Row) -> Object:
    plain = ("sourcedId", "username", "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone")
    preferred = {"preferredFirstName": "preferredGivenName", "preferredMiddleName": "preferredMiddleName"}
    preferred["preferredLastName"] = "preferredFamilyName"
    return (
        _texts(row, *plain, "userMasterIdentifier", "pronouns", "enabledUser")
        | {name: row[column] for name, column in preferred.items() if row[column]}
        | {"userIds": [{"type": kind, "identifier": value} for kind, value in _USER_ID.findall(row["userIds"])]}
        | {"agents": [reference(agent, "user") for agent in _parts(row["agentSourcedIds"])]}
        | {"grades": _parts(row["grades"]), "roles": []}
        | _references(row, primaryOrg=("primaryOrgSourcedId", "org"))
    )


def _role(row: Row) -> Object:
    return _texts(row, "roleType", "role", "beginDate", "endDate") | _references(row, org=("orgSourcedId", "org"))


_MAKERS = {
    "academicSessions": _session,
    "classes": _class,
    "courses": _course,
    "enrollments": _enrollment,
    "orgs": _org,
    "users": _user,
}
