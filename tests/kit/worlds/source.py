"""A small consortium with an HR source whose file the test writes, and two administrators to run it and accept it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session, sessionmaker

from connectors.hr import COLUMNS
from connectors.problem import Problem
from iam import clock
from iam.change import Actor
from iam.database.engine import make_sessions
from iam.demo.codes import identity_code
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.directory.person import Identifier
from iam.directory.source import Source, SourceOpening
from iam.sources import acceptance, configured, runner, undo
from iam.sources.report import Report
from iam.vault import Vault
from tests.kit.factories import access, facts
from tests.kit.worlds import source_kept

NOW = datetime(2026, 9, 15, 3, 0, tzinfo=UTC)
"""The night of the first run, before school starts."""
_ZONE = ZoneInfo(clock.HELSINKI)
Row = dict[str, str]
EMPLOYEES = {
    "bind": {"a": {"affiliation": {"kind": "employee"}}},
    "unless": {"absence_of": "a"},
    "gives": {"role": "wilma:opettaja", "scope": "organisation of a"},
}
"""Whoever is an employee in a place has the role there, while not absent."""


def code(n: int, separator: str = "-") -> str:
    """A whole test identity code of its own for each ``n`` from 0 to 99999; ``separator`` is not part of the check."""
    return identity_code(date(1950, 1, 1) + timedelta(days=n // 100), separator, 900 + n % 100)


def row(number: int, employment: str | None = None, **values: str) -> Row:
    """One HR row: a permanent teacher of KOIVU since 1.8.2026; ``number`` is the employee's, and makes name and
    code."""
    usual = {
        "henkilonumero": str(number),
        "hetu": code(number),
        "etunimet": f"Etunimi{number} Toinen",
        "kutsumanimi": f"Etunimi{number}",
        "sukunimi": f"Sukunimi{number}",
        "palvelussuhdenumero": employment or f"P{number}",
        "palvelussuhteen_laji": "vakinainen",
        "tehtavanimike_koodi": "luokanopettaja",
        "nimike": "Luokanopettaja",
        "toimiala": "sivistys",
        "yksikko_koodi": "KOIVU",
        "toimipisteet": "KOIVU:100",
        "alkamispvm": "1.8.2026",
        "sopimusala": "OVTES",
        "viikkotunnit": "24",
        "paivitetty": "10.9.2026",
    }
    return dict.fromkeys(COLUMNS, "") | usual | values


def rows(numbers: Iterable[int], **values: str) -> list[Row]:
    """One row for each employee number."""
    return [row(number, **values) for number in numbers]


def hr_text(table: Iterable[Row], *, trailer: int | None = None) -> str:
    """The text of an HR file; ``trailer`` is the number of rows that its last line states."""
    lines = [";".join(COLUMNS), *(";".join(one[name] for name in COLUMNS) for one in table)]
    lines += [f"#rows;{trailer}"] if trailer is not None else []
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class World:
    """The database, the file of the source ``hr``, and who may run it; ``clerk`` runs, ``second`` accepts."""

    engine: Engine
    folder: Path
    vault: Vault
    ids: Mapping[str, UUID]
    clerk: Actor
    second: Actor
    source: str = "hr"
    at: datetime = NOW
    sessions: sessionmaker[Session] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", make_sessions(self.engine))

    def later(self, **span: float) -> World:
        """The same world so much later: what it runs, runs then."""
        return replace(self, at=self.at + timedelta(**span))

    def of(self, source: str) -> World:
        """The same world, running another source."""
        return replace(self, source=source)

    def now(self) -> AbstractContextManager[datetime]:
        """Hold the clock at this world's instant."""
        return clock.fixed(self.at)

    @property
    def file(self) -> Path:
        """The HR file."""
        return self.folder / "hr.csv"

    def write(self, table: Iterable[Row], *, trailer: int | None = None) -> None:
        """Write the HR file."""
        self.file.write_text(hr_text(table, trailer=trailer), encoding="utf-8")

    def run(self, table: Iterable[Row] | None = None, **options: Any) -> Report:
        """Run the source as the clerk, over ``table`` when it is given."""
        if table is not None:
            self.write(table)
        with self.now():
            return runner.run(self.sessions, self.vault, self.source, self.clerk, **options)

    def accept(self, actor: Actor | None = None) -> Report:
        """Accept what was held, as the second administrator."""
        with self.now():
            return runner.accept(self.sessions, self.vault, self.source, actor or self.second)

    def refuse(self, reason: str = "virhe palkoissa", actor: Actor | None = None) -> None:
        """Refuse what was held, as the second administrator."""
        with self.sessions.begin() as session, self.now():
            acceptance.refuse(session, configured.by_key(session, self.source), actor or self.second, reason)

    def undo(self, actor: Actor | None = None) -> Sequence[Problem]:
        """Undo the last run that wrote something, as the clerk; return why it waits."""
        with self.sessions.begin() as session, self.now():
            source = configured.by_key(session, self.source)
            return undo.undo(session, source, undo.last_written(session, source), actor or self.clerk)

    def load(self, table: Iterable[Row] | None = None) -> Report:
        """Make the first run and accept it."""
        if table is not None:
            self.write(table)
        return source_kept.load(self.engine, self.folder, self.source, self.at, self._load)

    def _load(self) -> Report:
        shown = self.run()
        assert shown.state == "held", shown
        report = self.accept()
        assert report.exit_code == 0, report
        return report

    def add_source(self, key: str, connector: str, settings: Mapping[str, Any], **values: Any) -> None:
        """Add a source that Mansikkala owns."""
        with self.sessions.begin() as session:
            session.add(owned(key, connector, self.ids["mansikkala"], settings, **values))

    def open(
        self,
        organisation: str,
        since: datetime = clock.LONG_AGO,
        until: datetime = clock.FOREVER,
        *,
        to: str | None = None,
    ) -> None:
        """Open an organisation to the source, or to another one."""
        with self.sessions.begin() as session:
            session.add(
                SourceOpening(
                    source_id=configured.by_key(session, to or self.source).id,
                    organisation_id=self.ids[organisation],
                    valid_from=since,
                    valid_to=until,
                    opened_by=facts.change(session).id,
                )
            )

    def change_source(self, **values: Any) -> None:
        """Change the source's settings."""
        with self.sessions.begin() as session:
            for name, value in values.items():
                setattr(configured.by_key(session, self.source), name, value)

    def all(self, query: Any) -> list[Any]:
        """The rows of a query, each as a tuple; one column as it is."""
        with self.sessions() as session:
            found = session.execute(query).all()
        return [each[0] if len(each) == 1 else tuple(each) for each in found]

    def scalar(self, query: Any) -> Any:
        """The single value of a query."""
        with self.sessions() as session:
            return session.scalar(query)

    def affiliations(self) -> list[tuple[str, str, str, str, str]]:
        """What is known now: employee number, organisation, kind, first day and last day; in order."""
        a, i = Affiliation, Identifier
        named = (i.person_id == a.person_id) & (i.kind == "employee-number") & i.closed_by.is_(None)
        found = self.all(
            select(i.value, Organisation.key, a.kind, a.valid_from, a.valid_to)
            .join(i, named)
            .join(Organisation, Organisation.id == a.organisation_id)
            .where(a.closed_by.is_(None))
        )
        return sorted((number, place, kind, _first(start), _last(end)) for number, place, kind, start, end in found)

    def persons(self) -> dict[str, UUID]:
        """Employee number to person."""
        return dict(
            self.all(select(Identifier.value, Identifier.person_id).where(Identifier.kind == "employee-number"))
        )

    def facts(self) -> dict[str, list[str]]:
        """Every row of every table but those that remember that something ran: what a run must not touch when nothing
        is new."""
        remembered = {
            "run",
            "run_reject",
            "audit_event",
            "change",
            "plan",
            "plan_effect",
            "source",
            "acceptance",
            "kept_reading",
            "alembic_version",
        }
        tables = sorted(set(inspect(self.engine).get_table_names()) - remembered)
        with self.engine.connect() as connection:
            return {
                name: sorted(str(tuple(each)) for each in connection.execute(text(f'SELECT * FROM "{name}"')))
                for name in tables
            }

    def give_teachers_a_role(self, pattern: Mapping[str, Any] = EMPLOYEES) -> UUID:
        """Publish a rule that gives the role of a teacher in Wilma; return the role."""
        owner = self.ids["mansikkala"]
        with self.sessions.begin() as session:
            role_id = access.role(session, access.application(session, owner))
            access.rule(session, owner, pattern, "opettaja-wilmaan")
            return role_id


def _first(instant: datetime) -> str:
    return instant.astimezone(_ZONE).date().isoformat() if instant > clock.LONG_AGO else ""


def _last(instant: datetime) -> str:
    return (instant - timedelta(microseconds=1)).astimezone(_ZONE).date().isoformat() if instant < clock.FOREVER else ""


def owned(key: str, connector: str, owner_id: UUID, settings: Mapping[str, Any], **values: Any) -> Source:
    """A source that an organisation owns."""
    usual: dict[str, Any] = {
        "matching": None,
        "correlate": [],
        "zone": clock.HELSINKI,
        "priority": 10,
        "purpose": "henkilöstöhallinto",
    }
    return Source(key=key, connector=connector, owner_id=owner_id, settings=dict(settings), **usual | values)


def build(engine: Engine, folder: Path) -> World:
    """Return the world over a migrated, empty database: Mansikkala with two schools, a joint authority's college, a
    county's unit."""
    return built(engine, folder, "hr", fill)


def built(engine: Engine, folder: Path, name: str, fill: source_kept.Build) -> World:
    """Return the world that ``fill`` makes under this name, running the source ``hr``."""
    engine = source_kept.warm(engine)
    people = source_kept.build(engine, folder, name, fill)
    return World(engine, folder, Vault(bytes(range(32))), dict(people.ids), people.clerk, people.second)


def fill(session: Session) -> source_kept.People:
    """Add the organisations, the two administrators and the source, whose file is in no folder yet."""
    with clock.fixed(NOW - timedelta(days=60)):
        root = facts.organisation(session, "mustikkamaa", "consortium")
        ids = {"mansikkala": facts.organisation(session, "mansikkala", "municipality", root, entity=True)}
        for key in ("KOIVU", "RANTA"):
            ids[key] = facts.organisation(session, key, "school", ids["mansikkala"])
        ids["puolukka"] = facts.organisation(session, "puolukka", "joint-authority", root, entity=True)
        ids["OPISTO"] = facts.organisation(session, "OPISTO", "school", ids["puolukka"])
        ids["marjala-hva"] = facts.organisation(session, "marjala-hva", "wellbeing-county", root, entity=True)
        ids["PERHEKESKUS"] = facts.organisation(session, "PERHEKESKUS", "unit", ids["marjala-hva"])
        clerk, second = Actor(facts.person(session, "Sihteeri")), Actor(facts.person(session, "Toinen"))
    session.add(owned("hr", "hr", ids["mansikkala"], {"path": "hr.csv"}))
    return source_kept.People(ids, clerk, second)
