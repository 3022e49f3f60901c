"""The files of a OneRoster 1.2 bundle: their headers, record kinds and references (CSV binding 1.2.1, section 4)."""

from __future__ import annotations

from functools import partial

from connectors.csv_header import Layout
from connectors.roster.files import BundleFile, Reference, words

_words = partial(words, extension="ext:")


def layout(columns: str, dropped: frozenset[str] = frozenset()) -> Layout:
    """Return the layout of a file with these columns, parted by commas, after those that every file has."""
    names = ("sourcedId", "status", "dateLastModified", *columns.split(","))
    return Layout(columns=names, dropped=dropped, extension="metadata.", keys=("sourcedId",))


FILES = (
    BundleFile("academicSessions", None, layout("title,type,startDate,endDate,parentSourcedId,schoolYear")),
    BundleFile(
        "courses", None, layout("schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes")
    ),
    BundleFile(
        "orgs",
        "org",
        layout("name,type,identifier,parentSourcedId"),
        (Reference("parentSourcedId", "orgs"),),
        required=True,
        words=(_words("type", "department,school,district,local,state,national"),),
    ),
    BundleFile(
        "users",
        "user",
        layout(
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
        layout("userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"),
        (Reference("userSourcedId", "users"), Reference("orgSourcedId", "orgs")),
        required=True,
        words=(
            _words(
                "role",
                "aide,counselor,districtAdministrator,guardian,parent,principal,proctor,relative,siteAdministrator,"
                "student,"
                "systemAdministrator,teacher",
                only=True,
                needed=True,
            ),
            _words("roleType", "primary,secondary", only=True),
        ),
    ),
    BundleFile(
        "classes",
        "class",
        layout(
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
        layout("classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"),
        (
            Reference("classSourcedId", "classes"),
            Reference("schoolSourcedId", "orgs"),
            Reference("userSourcedId", "users"),
        ),
        words=(_words("role", "administrator,proctor,student,teacher"), _words("primary", "true,false")),
    ),
)
"""In the order in which they are read."""
