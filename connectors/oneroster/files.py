"""The files of a bundle: their headers, record kinds and references (CSV binding 1.2.1, section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.csv_header import Layout


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names rows of another file by sourcedId; ``many`` says that it is a comma-separated list."""

    column: str
    file: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file: ``kind`` is None where it is read for references only; ``required`` that a bundle must have it."""

    name: str
    kind: str | None
    layout: Layout
    references: tuple[Reference, ...] = ()
    required: bool = False


def _layout(columns: str, dropped: frozenset[str] = frozenset()) -> Layout:
    names = ("sourcedId", "status", "dateLastModified", *columns.split(","))
    return Layout(columns=names, dropped=dropped, extension="metadata.", key="sourcedId")


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
    ),
    BundleFile(
        "users",
        "user",
        _layout(
            "enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,"
            "password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,"
            "pronouns",
            frozenset({"password"}),
        ),
        (Reference("agentSourcedIds", "users", many=True), Reference("primaryOrgSourcedId", "orgs")),
        required=True,
    ),
    BundleFile(
        "roles",
        "role",
        _layout("userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"),
        (Reference("userSourcedId", "users"), Reference("orgSourcedId", "orgs")),
        required=True,
    ),
    BundleFile(
        "classes",
        "class",
        _layout(
            "title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,"
            "periods"
        ),
        (
            Reference("courseSourcedId", "courses"),
            Reference("schoolSourcedId", "orgs"),
            Reference("termSourcedIds", "academicSessions", many=True),
        ),
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
    ),
)
"""In the order in which they are read."""

REFERRED = frozenset(reference.file for file in FILES for reference in file.references)
"""The names of files that others refer to."""
