"""Writes the OneRoster 1.2 bundle (CSV binding 1.2.1): schools, classes, pupils, guardians, and the teachers of the
classes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from iam.demo.days import Days, iso
from iam.demo.organisations import Consortium, Organisation
from iam.demo.people import BY_NUMBER, BY_SOURCED_ID
from iam.demo.population.cases import ALL_THREE
from iam.demo.population.families import Families, Family, Guardian, Pupil
from iam.demo.population.names import Name
from iam.demo.population.teachers import Teacher, Teachers

_BASE = ("sourcedId", "status", "dateLastModified")
HEADERS: dict[str, tuple[str, ...]] = {
    "academicSessions": (*_BASE, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
    "classes": (
        *_BASE,
        "title",
        "grades",
        "courseSourcedId",
        "classCode",
        "classType",
        "location",
        "schoolSourcedId",
        "termSourcedIds",
        "subjects",
        "subjectCodes",
        "periods",
    ),
    "courses": (
        *_BASE,
        "schoolYearSourcedId",
        "title",
        "courseCode",
        "grades",
        "orgSourcedId",
        "subjects",
        "subjectCodes",
    ),
    "enrollments": (
        *_BASE,
        "classSourcedId",
        "schoolSourcedId",
        "userSourcedId",
        "role",
        "primary",
        "beginDate",
        "endDate",
    ),
    "orgs": (*_BASE, "name", "type", "identifier", "parentSourcedId"),
    "roles": (
        *_BASE,
        "userSourcedId",
        "roleType",
        "role",
        "beginDate",
        "endDate",
        "orgSourcedId",
        "userProfileSourcedId",
    ),
    "users": (
        *_BASE,
        "enabledUser",
        "username",
        "userIds",
        "givenName",
        "familyName",
        "middleName",
        "identifier",
        "email",
        "sms",
        "phone",
        "agentSourcedIds",
        "grades",
        "password",
        "userMasterIdentifier",
        "preferredGivenName",
        "preferredMiddleName",
        "preferredFamilyName",
        "primaryOrgSourcedId",
        "pronouns",
    ),
}
ABSENT = (
    "categories",
    "classResources",
    "courseResources",
    "demographics",
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "lineItems",
    "resources",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "results",
    "scoreScales",
    "userProfiles",
    "userResources",
)
SCHOOL_YEAR, AUTUMN, SPRING = "lukuvuosi", "lukukausi-syksy", "lukukausi-kevat"


def grade_code(grade: int) -> str:
    """Return a grade as OneRoster writes it: KG for pre-primary, otherwise two digits."""
    return f"{grade:02d}" if grade else "KG"


class Bundle:
    """Gathers the rows of every file, then writes the folder; every id that a row names is in the bundle."""

    def __init__(self, consortium: Consortium, days: Days, teachers: Teachers) -> None:
        self.consortium, self.days, self.teachers = consortium, days, teachers
        self.rows: dict[str, list[tuple[str, ...]]] = {name: [] for name in HEADERS}
        self._classes: dict[str, Teacher | None] = {}
        self._users: set[str] = set()
        self._roles: dict[str, int] = {}
        self._enrolled: set[tuple[str, str]] = set()
        self.guardian_links = 0
        self._orgs()
        self._sessions()

    def add_family(self, family: Family) -> None:
        """Add the guardians, the pupils and their classes."""
        agents = tuple(guardian.sourced_id for guardian in family.guardians if guardian.ended is None)
        schools = list(dict.fromkeys(pupil.school for pupil in family.pupils))
        for guardian in family.guardians:
            self._add_guardian(guardian, schools)
        for pupil in family.pupils:
            self.guardian_links += len(agents)
            self.add_pupil(pupil, agents)
        for guardian in family.guardians:
            if guardian.employee and guardian.employee != ALL_THREE:
                first = family.pupils[0]
                self._teach(_class_id(first), first.school, self.teachers.by_number[guardian.employee], primary=False)

    def add_pupil(self, pupil: Pupil, agents: tuple[str, ...] = ()) -> None:
        """Add a pupil or student with a role and a place in a class; ``agents`` are the guardians' ids."""
        user = pupil.sourced_id
        if pupil.employee:
            self._add_employee(self.teachers.by_number[pupil.employee])
        elif pupil.name:
            login = BY_SOURCED_ID[user].login if user in BY_SOURCED_ID else user.replace("-", "")
            self._user(
                user,
                login,
                pupil.name,
                f"{login}@oppilas.example",
                agents=agents,
                grades=grade_code(pupil.grade),
                learner_number=pupil.learner_number,
                school=pupil.school,
            )
        self._role(user, "student", pupil.school, iso(pupil.start), iso(pupil.end))
        self._enrol(
            self._class(pupil),
            pupil.school,
            user,
            "student",
            "",
            iso(max(pupil.start, self.days.school_start)),
            iso(pupil.end),
        )

    def write(self, folder: Path) -> None:
        """Write the folder; rows end in CR LF (RFC 4180)."""
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "manifest.csv", ("propertyName", "value"), _manifest())
        for name, header in HEADERS.items():
            _write(folder / f"{name}.csv", header, self.rows[name])

    def _orgs(self) -> None:
        wanted = dict.fromkeys(
            key for school in self.consortium.schools for key in (school.entity, school.parent or "", school.key)
        )
        kinds = {True: "school", False: "department"}
        for key in wanted:
            org = self.consortium[key]
            parent = "" if org.key == org.entity else f"org-{org.parent}"
            kind = "district" if not parent else kinds[org.school is not None]
            self._add("orgs", f"org-{key}", _own_name(org), kind, key, parent)

    def _sessions(self) -> None:
        start, end = self.days.school_start, self.days.school_end
        year, christmas = str(end.year), start.replace(month=12, day=31)
        self._add(
            "academicSessions",
            SCHOOL_YEAR,
            f"Lukuvuosi {start.year}-{end.year}",
            "schoolYear",
            iso(start),
            iso(end),
            "",
            year,
        )
        self._add(
            "academicSessions", AUTUMN, f"Syksy {start.year}", "term", iso(start), iso(christmas), SCHOOL_YEAR, year
        )
        self._add(
            "academicSessions",
            SPRING,
            f"Kevät {end.year}",
            "term",
            iso(christmas.replace(year=start.year + 1, month=1, day=1)),
            iso(end),
            SCHOOL_YEAR,
            year,
        )
        for grade in range(13):
            code = grade_code(grade)
            title = f"{grade}. vuosiluokka" if grade else "Esiopetus"
            self._add("courses", f"kurssi-{code}", SCHOOL_YEAR, title, f"VL{code}", code, "org-mansikkala", "", "")

    def _class(self, pupil: Pupil) -> str:
        """Return the id of the pupil's class, made with its teacher when it is first needed."""
        key = _class_id(pupil)
        if key not in self._classes:
            code = grade_code(pupil.grade)
            self._add(
                "classes",
                key,
                f"{pupil.grade}{pupil.section}",
                code,
                f"kurssi-{code}",
                f"{pupil.grade}{pupil.section}",
                "homeroom",
                "",
                f"org-{pupil.school}",
                f"{AUTUMN},{SPRING}",
                "",
                "",
                "",
            )
            self._classes[key] = teacher = self.teachers.for_class(pupil.school, f"{pupil.grade}{pupil.section}")
            if teacher:
                self._teach(key, pupil.school, teacher, primary=True)
        return key

    def _teach(self, class_id: str, school: str, teacher: Teacher, primary: bool) -> None:
        user = self._add_employee(teacher)
        self._enrol(class_id, school, user, "teacher", str(primary).lower(), iso(self.days.school_start), "")

    def _add_employee(self, teacher: Teacher) -> str:
        user = f"henkilo-{teacher.number}"
        if user not in self._users:
            login = BY_NUMBER[teacher.number].login if teacher.number in BY_NUMBER else f"h{teacher.number}"
            learner_number, grades = self.teachers.cards.get(teacher.number, ("", ""))
            name = Name(teacher.name.given, teacher.name.call, teacher.former_family_name or teacher.name.family)
            self._user(
                user,
                login,
                name,
                f"{login}@mansikkala.example",
                employee_number=str(teacher.number),
                grades=grades,
                learner_number=learner_number,
                school=teacher.schools[0],
            )
            for school in teacher.schools:
                self._role(user, "teacher", school, iso(teacher.start), iso(teacher.end))
        return user

    def _add_guardian(self, guardian: Guardian, schools: list[str]) -> None:
        user = guardian.sourced_id
        if guardian.employee:
            self._add_employee(self.teachers.by_number[guardian.employee])
        elif guardian.name:
            login = BY_SOURCED_ID[user].login if user in BY_SOURCED_ID else user.replace("-", "")
            self._user(user, login, guardian.name, f"{login}@posti.example", school=schools[0])
        for school in schools:
            self._role(user, guardian.role, school, iso(self.days.august(1)), iso(guardian.ended))

    def _user(
        self,
        user: str,
        login: str,
        name: Name,
        email: str,
        *,
        employee_number: str = "",
        agents: tuple[str, ...] = (),
        grades: str = "",
        learner_number: str = "",
        school: str,
    ) -> None:
        """Add a user; numbers by which other systems know the person go into userIds as ``{kind:value}``."""
        self._users.add(user)
        numbers = (("employee-number", employee_number), ("learner-number", learner_number))
        ids = ",".join(f"{{{kind}:{value}}}" for kind, value in numbers if value)
        first, _, middle = name.given.partition(" ")
        self._add(
            "users",
            user,
            "true",
            login,
            ids,
            first,
            name.family,
            middle,
            employee_number,
            email,
            "",
            "",
            ",".join(agents),
            grades,
            "",
            learner_number,
            name.call,
            "",
            "",
            f"org-{school}",
            "",
        )

    def _role(self, user: str, role: str, school: str, begin: str, end: str) -> None:
        n = self._roles[user] = self._roles.get(user, 0) + 1
        self._add(
            "roles",
            f"rooli-{user}-{n}",
            user,
            "primary" if n == 1 else "secondary",
            role,
            begin,
            end,
            f"org-{school}",
            "",
        )

    def _enrol(self, class_id: str, school: str, user: str, role: str, primary: str, begin: str, end: str) -> None:
        if (class_id, user) not in self._enrolled:
            self._enrolled.add((class_id, user))
            self._add("enrollments", f"{class_id}.{user}", class_id, f"org-{school}", user, role, primary, begin, end)

    def _add(self, file: str, sourced_id: str, *values: str) -> None:
        """Add a row; a bulk file leaves status and dateLastModified empty."""
        self.rows[file].append((sourced_id, "", "", *values))


def gather(families: Families, teachers: Teachers) -> Bundle:
    """Return the bundle of a whole profile."""
    bundle = Bundle(families.consortium, families.days, teachers)
    adults = list(families.adults())
    teachers.cards.update({one.employee: (one.learner_number, grade_code(one.grade)) for one in adults if one.employee})
    for family in families.families():
        bundle.add_family(family)
    for adult in adults:
        bundle.add_pupil(adult)
    return bundle


def _class_id(pupil: Pupil) -> str:
    return f"luokka-{pupil.school}-{pupil.grade}{pupil.section}"


def _own_name(org: Organisation) -> str:
    return org.names[1] if org.language == "sv" else org.names[0]


def _manifest() -> list[tuple[str, str]]:
    files = [(f"file.{name}", "bulk") for name in HEADERS] + [(f"file.{name}", "absent") for name in ABSENT]
    return [
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.2"),
        *sorted(files),
        ("source.systemName", "Marjalan kouluhallinto"),
        ("source.systemCode", "demo"),
    ]


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
