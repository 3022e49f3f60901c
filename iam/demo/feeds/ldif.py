"""Writes ``directory.ldif`` (RFC 2849): the host city's and the IT company's staff, and their groups, nested by the
organisation tree."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path

from iam.demo.chance import Chance
from iam.demo.organisations import Consortium
from iam.demo.people import BY_NUMBER
from iam.demo.population.employee import TEACHERS, Employee, Employment

BASE = "dc=mansikkala,dc=example"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
ENTITIES = ("mansikkala", "kuntatieto")
"""Whose staff the directory holds."""
Attributes = Iterable[tuple[str, str]]


@dataclass
class Directory:
    """Gathers staff while they pass by, at most ``limit`` people, and writes them with their groups."""

    consortium: Consortium
    chance: Chance
    limit: int
    people: list[tuple[Employee, Employment]] = field(default_factory=list)

    def see(self, employee: Employee) -> None:
        """Remember an employee who works today and whom this directory holds."""
        today = self.consortium.days.today
        current = [
            job for job in employee.employments if job.covers(today) and self.consortium[job.unit].entity in ENTITIES
        ]
        if current and len(self.people) < self.limit:
            self.people.append((employee, current[0]))

    def write(self, path: Path) -> int:
        """Write the file; return how many people it holds."""
        with path.open("w", encoding="ascii", newline="") as file:
            for name, attributes in (*_trunk(), *self._persons(), *self._groups()):
                file.write(entry(name, attributes))
        return len(self.people)

    def _persons(self) -> Iterator[tuple[str, Attributes]]:
        for employee, job in self.people:
            login = uid(employee.number)
            attributes = [
                ("objectClass", "inetOrgPerson"),
                ("uid", login),
                ("cn", employee.name.display),
                ("sn", employee.name.family),
                ("givenName", employee.name.call),
                ("displayName", employee.name.display),
                ("mail", f"{login}@mansikkala.example"),
                ("employeeNumber", str(employee.number)),
                ("employeeType", job.kind),
                ("title", job.occupation.title),
                ("departmentNumber", job.unit),
            ]
            if employee.number in BY_NUMBER:
                attributes.append(("userPassword", self._salted(employee.number)))
            yield person_dn(employee.number), attributes

    def _salted(self, number: int) -> str:
        """Return the demonstration password as slapd keeps one (SSHA); a directory's own format, not how Avain keeps
        passwords."""
        salt = self.chance.below("ldif.salt", number, 2**32).to_bytes(4, "big")
        digest = sha1(BY_NUMBER[number].password.encode() + salt).digest()  # noqa: S324
        return "{SSHA}" + b64encode(digest + salt).decode()

    def _groups(self) -> Iterator[tuple[str, Attributes]]:
        members: dict[str, list[str]] = {}
        teachers: dict[str, list[str]] = {}
        for employee, job in self.people:
            for key, _ in job.workplaces:
                members.setdefault(key, []).append(person_dn(employee.number))
                if job.occupation.code in TEACHERS:
                    teachers.setdefault(key, []).append(person_dn(employee.number))
        for organisation in reversed(self.consortium.organisations):
            if organisation.entity in ENTITIES and organisation.parent and organisation.key in members:
                own = group_dn(organisation.key, "henkilosto")
                if organisation.key != organisation.entity:
                    members.setdefault(organisation.parent, []).append(own)
                yield own, _group(organisation.key, "henkilosto", organisation.names[0], members[organisation.key])
        for key in sorted(teachers):
            yield group_dn(key, "opettajat"), _group(key, "opettajat", self.consortium[key].names[0], teachers[key])


def uid(number: int) -> str:
    """Return the login of an employee: the table's for those in it, otherwise h and the employee number."""
    return BY_NUMBER[number].login if number in BY_NUMBER else f"h{number}"


def person_dn(number: int) -> str:
    """Return the distinguished name of an employee."""
    return f"uid={uid(number)},{PEOPLE}"


def group_dn(key: str, kind: str) -> str:
    """Return the distinguished name of a unit's group; ``kind`` is henkilosto (staff) or opettajat (teachers)."""
    return f"cn={key.lower()}-{kind},{GROUPS}"


def _group(key: str, kind: str, name: str, members: list[str]) -> list[tuple[str, str]]:
    described = [("objectClass", "groupOfNames"), ("cn", f"{key.lower()}-{kind}"), ("description", f"{name}: {kind}")]
    return [*described, *(("member", member) for member in members)]


def _trunk() -> Iterator[tuple[str, Attributes]]:
    yield (
        BASE,
        [("objectClass", "dcObject"), ("objectClass", "organization"), ("dc", "mansikkala"), ("o", "Mansikkala")],
    )
    for name in (PEOPLE, GROUPS):
        yield name, [("objectClass", "organizationalUnit"), ("ou", name[3:].partition(",")[0])]


def entry(name: str, attributes: Attributes) -> str:
    """Write one entry; a value that LDIF cannot carry as it is (RFC 2849 section 2) goes in base64."""
    return "\n".join([_line("dn", name), *(_line(*attribute) for attribute in attributes)]) + "\n\n"


def _line(name: str, value: str) -> str:
    safe = value.isascii() and value.isprintable() and not value.startswith((" ", ":", "<")) and not value.endswith(" ")
    return f"{name}: {value}" if safe else f"{name}:: {b64encode(value.encode()).decode()}"
