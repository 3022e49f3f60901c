"""The files of a bundle: their headers, record kinds and references (CSV binding 1.2.1, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.csv_header import Layout


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names rows of another file by sourcedId; ``many`` says that it is a comma-separated list."""

    column: str
    file: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A column with the words of the standard, by the word in small letters; ``only`` says that no others are taken but
    ``ext:`` ones."""

    column: str
    words: Mapping[str, str]
    only: bool = False


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file: ``kind`` is None where it is read for references only; ``required`` that a bundle must have it."""

    name: str
    kind: str | None
    layout: Layout
    references: tuple[Reference, ...] = ()
    required: bool = False
    words: tuple[Words, ...] = ()


def _words(column: str, words: str, *, only: bool = False) -> Words:
    return Words(column, {word.lower(): word for word in words.split(",")}, only)


def _layout(columns: str, dropped: frozenset[str] = frozenset()) -> Layout:
    names = ("sourcedId", "status", "dateLastModified", *columns.split(","))
    return Layout(columns=names, dropped=dropped, extension="metadata.", keys=("sourcedId",))


FILES = (
    BundleFile("academicSessions", None, _layout("title,type,startDate,endDate,parentSourcedId,schoolYear")),
    BundleFile(
        "courses", None, _layout("schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes")
    ),
    BundleFile(
        "orgs",
        "org",
        _layout("name,type,identifier,parentSourcedId"),
        (Reference("parentSourcedId", "orgs"),),
        required=True,
        words=(_words("type", "department,school,district,local,state,national"),),
    ),
    BundleFile(
        "users",
        "user",
        _layout(
            "enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,"
            "agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,"
            "preferredFamilyName,"
            "primaryOrgSourcedId,"
            "pronouns",
            frozenset({"password"}),
        ),
        (Reference("agentSourcedIds", "users", many=True), Reference("primaryOrgSourcedId", "orgs")),
        required=True,
        words=(_words("enabledUser", "true,false", only=True),),
    ),
    BundleFile(
        "roles",
        "role",
        _layout("userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"),
        (Reference("userSourcedId", "users"), Reference("orgSourcedId", "orgs")),
        required=True,
        words=(
            _words(
                "role",
                "aide,counselor,districtAdministrator,guardian,parent,principal,proctor,relative,siteAdministrator,"
                "student,"
                "systemAdministrator,teacher",
                only=True,
            ),
            _words("roleType", "primary,secondary", only=True),
        ),
    ),
    BundleFile(
        "classes",
        "class",
        _layout(
            "title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,"
            "subjectCodes,"
            "periods"
        ),
        (
            Reference("courseSourcedId", "courses"),
            Reference("schoolSourcedId", "orgs"),
            Reference("termSourcedIds", "academicSessions", many=True),
        ),
        words=(_words("classType", "homeroom,scheduled"),),
    ),
    BundleFile(
        "enrollments",
        "enrollment",
        _layout("classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"),
        (
            Reference("classSourcedId", "classes"),
            Reference("schoolSourcedId", "orgs"),
            Reference("userSourcedId", "users"),
        ),
        words=(_words("role", "administrator,proctor,student,teacher"), _words("primary", "true,false")),
    ),
)
"""In the order in which they are read."""

REFERRED = frozenset(reference.file for file in FILES for reference in file.references)
"""The names of files that others refer to."""
