"""A small bundle for School Data Sync to bend: a teacher of two schools, a pupil and a guardian."""

from __future__ import annotations

from pathlib import Path

from connectors.contract import Reading
from connectors.sds import SdsConnector, SdsSettings

FILES = {
    "orgs.csv": """\
sourcedId,name,type,parentSourcedId
koivu,Koivurinteen koulu,school,mansikkala
ranta,Rantakoulu,school,mansikkala
mansikkala,Mansikkala,municipality,
""",
    "users.csv": """\
sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms
oppilas,oona@edu.example,Oona,Esimerkki,salasana-1,oona@edu.example,,,
huoltaja,hilla@koti.example,Hilla,Esimerkki,salasana-2,,hilla@koti.example,+358401,+358402
opettaja,aino@edu.example,Aino,Malli,,aino@edu.example,,,
""",
    "roles.csv": """\
userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate
oppilas,koivu,student,syksy,01,true,2026-08-10,2027-06-05
opettaja,koivu,teacher,,,true,2026-08-01,
opettaja,ranta,teacher,,,false,2026-08-01,2026-12-31
""",
    "classes.csv": """\
sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId
1a,koivu,1A,syksy,mat
""",
    "enrollments.csv": """\
classSourcedId,userSourcedId,role
1a,oppilas,student
1a,opettaja,teacher
""",
    "relationships.csv": """\
userSourcedId,relationshipUserSourcedId,relationshipRole
oppilas,huoltaja,guardian
""",
    "academicSessions.csv": """\
sourcedId,title,type,schoolYear,startDate,endDate
syksy,Syksy 2026,semester,2026,2026-08-10,2026-12-18
""",
    "courses.csv": """\
sourcedId,orgSourcedId,title,code,schoolYearSourcedId,subject,grade
mat,koivu,Matematiikka,MAT,syksy,,01
""",
    "demographics.csv": "userSourcedId,sex\noppilas,female\n",
}
KEYS = [
    ("org", "koivu"),
    ("org", "ranta"),
    ("org", "mansikkala"),
    ("user", "oppilas"),
    ("user", "huoltaja"),
    ("user", "opettaja"),
    ("role", "oppilas/koivu/student"),
    ("role", "opettaja/koivu/teacher"),
    ("role", "opettaja/ranta/teacher"),
    ("class", "1a"),
    ("enrollment", "1a/oppilas"),
    ("enrollment", "1a/opettaja"),
    ("relationship", "oppilas/huoltaja/guardian"),
]
"""Kind and key of everything that the bundle tells."""


def sds(path: Path) -> SdsConnector:
    """Return a connector that reads the bundle at ``path``."""
    return SdsConnector(SdsSettings(path=path))


def reading(path: Path) -> Reading:
    """Return a reading of the bundle at ``path``."""
    return sds(path).read()
