"""The files of the format, their columns, references and words (Microsoft Learn: *SDS V2.1 CSV file format* and
*Default list of values*).

Roles, enrollments and relationships have no id of their own: a role is known by user, organisation and role, an
enrollment by class and user, a relationship by both users and what they are to each other.
"""

from __future__ import annotations

from connectors.csv_header import Layout
from connectors.roster.files import BundleFile, Reference, words

STANDARD = "School Data Sync 2.1"
_ROLES = (
    "principal,chair,professor,researcher,adjunct,affiliate,occupationalTherapist,physicalTherapist,speechTherapist,"
    "visionTherapist,paraprofessional,specialServices,advisor,proctor,nurse,officeStaff,lecturer,itAdmin,"
    "administrator,teacher,faculty,staff,teacherAssistant,assistant,instructor,substitute,coach,alumni,student,other"
)
_ORGANISATIONS = (
    "school,department,district,local,state,national,departmentOfEducation,ministryOfEducation,university,college,"
    "campus,adultEducation,municipality,academicTrust,localAuthority,region,division,province,researchCenter,program"
)


def _layout(needed: str, optional: str = "", key: str | None = None) -> Layout:
    names = tuple(filter(None, optional.split(",")))
    return Layout(columns=(*needed.split(","), *names), optional=frozenset(names), keys=(key,) if key else ())


FILES = (
    BundleFile("academicSessions", None, _layout("sourcedId", key="sourcedId")),
    BundleFile("courses", None, _layout("sourcedId", key="sourcedId")),
    BundleFile(
        "orgs",
        "org",
        _layout("sourcedId,name,type", "parentSourcedId", key="sourcedId"),
        (Reference("parentSourcedId", "orgs"),),
        required=True,
        words=(words("type", _ORGANISATIONS),),
        parts=("sourcedId",),
    ),
    BundleFile(
        "users",
        "user",
        _layout("sourcedId,username", "givenName,familyName,activeDirectoryMatchId,email,phone,sms", key="sourcedId"),
        required=True,
        parts=("sourcedId",),
    ),
    BundleFile(
        "roles",
        "role",
        _layout("userSourcedId,orgSourcedId,role", "sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate"),
        (
            Reference("userSourcedId", "users"),
            Reference("orgSourcedId", "orgs"),
            Reference("sessionSourcedId", "academicSessions"),
        ),
        required=True,
        words=(words("role", _ROLES, only=True, needed=True), words("isPrimary", "true,false", only=True)),
        parts=("userSourcedId", "orgSourcedId", "role"),
        apart=("sessionSourcedId", "roleStartDate"),
    ),
    BundleFile(
        "classes",
        "class",
        _layout("sourcedId,orgSourcedId,title", "code,sessionSourcedIds,courseSourcedId", key="sourcedId"),
        (
            Reference("orgSourcedId", "orgs"),
            Reference("sessionSourcedIds", "academicSessions", many=True),
            Reference("courseSourcedId", "courses"),
        ),
        parts=("sourcedId",),
    ),
    BundleFile(
        "enrollments",
        "enrollment",
        _layout("classSourcedId,userSourcedId,role"),
        (Reference("classSourcedId", "classes"), Reference("userSourcedId", "users")),
        words=(words("role", _ROLES, only=True, needed=True),),
        parts=("classSourcedId", "userSourcedId"),
    ),
    BundleFile(
        "relationships",
        "relationship",
        _layout("userSourcedId,relationshipUserSourcedId,relationshipRole"),
        (Reference("userSourcedId", "users"), Reference("relationshipUserSourcedId", "users")),
        words=(words("relationshipRole", "parent,relative,aide,doctor,guardian,child,other", only=True, needed=True),),
        parts=("userSourcedId", "relationshipUserSourcedId", "relationshipRole"),
    ),
)
"""In the order in which they are read."""
UNREAD = ("demographics", "userFlags")
"""Files of the format that are not opened: only that they still come is looked at."""
TOGETHER = ("classes", "enrollments")
"""Files of which neither comes without the other."""
