"""OneRoster 1.1 (CSV tables 1.1.1, sections 3 and 4): a user has one role, and it stands in users.csv with the
organisations in which they have it.

All other files are as in 1.2. The rows of users.csv are read twice, as what two files tell in 1.2: users, and one role
for each organisation. Its key is made of user and organisation, so that it is the same role whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.contract import Item
from connectors.csv_file import Row
from connectors.csv_inspection import inspect
from connectors.oneroster.files import FILES, layout
from connectors.oneroster.rows import Fields, wrong_beginning
from connectors.problem import Problem
from connectors.records import Deleted, Record, Rejected, digest_of
from connectors.roster.checks import no_word, spell
from connectors.roster.files import BundleFile, Reference, words
from connectors.roster.keys import joined
from connectors.roster.survey import TO_BE_DELETED, Survey

VERSION = "1.1"
_BY_NAME = {file.name: file for file in FILES}
_LAYOUT = layout(
    "enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,"
    "agentSourcedIds,grades,password",
    frozenset({"password"}),
)
_ROLE = words(
    "role",
    "administrator,aide,guardian,parent,proctor,relative,student,teacher",
    only=True,
    needed=True,
    extension="ext:",
)
_OF_NO_SCHOOL = frozenset({"aide", "guardian", "parent", "relative"})
"""Roles that somebody may have without an organisation."""

USERS = BundleFile(
    "users",
    "user",
    _LAYOUT,
    (Reference("agentSourcedIds", "users", many=True),),
    required=True,
    words=_BY_NAME["users"].words,
)
ROLES = BundleFile("users", "role", _LAYOUT, required=True, words=(_ROLE,))
FILES_1_1 = tuple({"users": USERS, "roles": ROLES}.get(file.name, file) for file in FILES)
"""In the order in which they are read; users.csv stands for two."""

_USER = _BY_NAME["users"].columns
_NO_ROLE = dict.fromkeys(_BY_NAME["roles"].columns, "")


def in_columns_of_1_2(fields: Fields) -> Fields:
    """Return a user of 1.1 with the columns of 1.2; those that came with 1.2 are empty."""
    return {name: fields.get(name, "") for name in _USER}


class OldRoles:
    """Tells the roles in users.csv, also those of a user whose row is rejected for something else: they wait for the
    user, as roles do that stand in a file of their own."""

    def __init__(self, columns: tuple[str, ...], known: Survey) -> None:
        self._columns, self._orgs = columns, known.ids.get("orgs", set())
        self._first_lines: dict[str, int] = {}

    def __call__(self, row: Row) -> Iterator[Item]:
        """Yield one item for each organisation of the user; one without a key where that cannot be told."""
        line, values, problem = row
        if problem is not None and (problem.field is None or len(values) <= self._columns.index("role")):
            # The row has not all its fields, or opens a quote that swallows what is asked for.
            yield Rejected("role", None, problem)
            return
        fields = dict(zip(self._columns, values, strict=False))
        problem = self._unreadable(line, fields)
        if problem is not None:
            yield Rejected("role", None, problem)
            return
        wrong = self._wrong(line, values, fields)
        for org in dict.fromkeys(part.strip() for part in fields["orgSourcedIds"].split(",")):
            if org:
                yield self._item(org, joined(fields["sourcedId"], org), line, fields, wrong)

    def _unreadable(self, line: int, fields: Fields) -> Problem | None:
        """Return why it cannot be told whose roles these are, or where."""
        asked = ("sourcedId", "orgSourcedIds", "role")
        if not fields["sourcedId"]:
            return Problem("The row has no sourcedId.", "Give every row one.", ROLES.file, line, "sourcedId")
        if not fields["orgSourcedIds"].strip(" ,") and not _needs_none(fields):
            return _no_orgs(line)
        return inspect([fields[name] for name in asked], asked, None, ROLES.file, line, ("sourcedId",))

    def _wrong(self, line: int, values: list[str], fields: Fields) -> Problem | None:
        beginning = wrong_beginning(ROLES, line, values, self._first_lines)
        if beginning is not None or values[1] == TO_BE_DELETED:
            fields["status"] = values[1]
            return beginning
        word = spell(ROLES, fields)
        return no_word(word, f"OneRoster {VERSION}", ROLES.file, line) if word is not None else None

    def _item(self, org: str, key: str, line: int, fields: Fields, wrong: Problem | None) -> Item:
        if wrong is not None:
            return Rejected("role", key, wrong)
        if fields["status"] == TO_BE_DELETED:
            return Deleted("role", key)
        if org not in self._orgs:
            return Rejected("role", key, _lost(line))
        told = _NO_ROLE | {
            "sourcedId": key,
            "userSourcedId": fields["sourcedId"],
            "roleType": "primary",
            "role": fields["role"],
            "orgSourcedId": org,
        }
        return Record("role", key, told, digest_of(told.values()), ROLES.file, line)


def _needs_none(fields: Fields) -> bool:
    deleted = fields["status"].strip().lower() == TO_BE_DELETED
    return deleted or fields["role"].strip().lower() in _OF_NO_SCHOOL


def _no_orgs(line: int) -> Problem:
    return Problem(
        "The user has a role and no organisation.",
        "Name the schools of the user in orgSourcedIds.",
        ROLES.file,
        line,
        "orgSourcedIds",
    )


def _lost(line: int) -> Problem:
    return Problem(
        "The field names a row that %(target)s.csv does not have, or that is to be deleted.",
        "Export the bundle again, both files at the same time.",
        ROLES.file,
        line,
        "orgSourcedIds",
        {"target": "orgs"},
    )
