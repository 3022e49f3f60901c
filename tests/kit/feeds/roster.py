"""A small OneRoster bundle to bend, in both versions."""

from __future__ import annotations

import zipfile
from pathlib import Path

from connectors.contract import Reading
from connectors.oneroster import OneRosterConnector, OneRosterSettings

FILES = {
    "manifest.csv": """\
propertyName,value
manifest.version,1.0
oneroster.version,1.2
file.academicSessions,bulk
file.categories,absent
file.classes,bulk
file.courses,absent
file.enrollments,bulk
file.orgs,bulk
file.roles,bulk
file.users,bulk
source.systemName,Testi
""",
    "academicSessions.csv": """\
sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
syksy,,,Syksy 2026,semester,2026-08-10,2026-12-18,,2027
""",
    "orgs.csv": """\
sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
koivu,,,Koivurinteen koulu,school,KOIVU,mansikkala
mansikkala,,,Mansikkala,district,,
""",
    "users.csv": """\
sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,\
agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,\
primaryOrgSourcedId,pronouns
oppilas,,,true,oona,,Oona,Esimerkki,,,,,,"huoltaja,opettaja",1,salasana-1,,,,,koivu,
huoltaja,,,true,hilla,,Hilla,Esimerkki,,,,,,,,salasana-2,,,,,,
opettaja,,,true,aino,,Aino,Malli,,,,,,,,,,,,,koivu,
""",
    "roles.csv": """\
sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
r1,,,oppilas,primary,student,,,koivu,
r2,,,opettaja,primary,teacher,,,koivu,
""",
    "classes.csv": """\
sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,\
subjects,subjectCodes,periods
1a,,,1A,1,puuttuva-kurssi,1A,homeroom,,koivu,syksy,,,
""",
    "enrollments.csv": """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,,,1a,koivu,oppilas,student,false,,
e2,,,1a,koivu,opettaja,teacher,true,,
""",
}
FILES_1_1 = {name: text for name, text in FILES.items() if name != "roles.csv"} | {
    "manifest.csv": FILES["manifest.csv"].replace("version,1.2", "version,1.1").replace("file.roles,bulk\n", ""),
    "users.csv": """\
sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,\
identifier,email,sms,phone,agentSourcedIds,grades,password
oppilas,,,true,koivu,student,oona,,Oona,Esimerkki,,,,,,"huoltaja,opettaja",1,salasana-1
huoltaja,,,true,,guardian,hilla,,Hilla,Esimerkki,,,,,,,,salasana-2
opettaja,,,true,koivu,teacher,aino,,Aino,Malli,,,,,,,,
""",
}
"""The same roster in version 1.1, but for what that cannot say."""
PASSWORDS = ("salasana-1", "salasana-2")


def bent(name: str, old: str, new: str, files: dict[str, str] = FILES) -> dict[str, str]:
    """Return the bundle with ``old`` in the file ``name`` replaced."""
    assert old in files[name]
    return {**files, name: files[name].replace(old, new)}


def folder(path: Path, files: dict[str, str] = FILES) -> Path:
    """Write the bundle into a folder."""
    target = path / "bundle"
    target.mkdir()
    for name, text in files.items():
        (target / name).write_text(text)
    return target


def archive(path: Path, files: dict[str, str] = FILES, packing: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write the bundle into a zip file."""
    target = path / "bundle.zip"
    with zipfile.ZipFile(target, "w", packing) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return target


def roster(path: Path) -> Reading:
    """Return a reading of the bundle at ``path``."""
    return OneRosterConnector(OneRosterSettings(path=path)).read()
