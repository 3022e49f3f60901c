"""A large directory into facts and rights: read by the connector alone, first load, 1,000 changed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session, sessionmaker

from benchmarks import feed
from benchmarks.meter import Measure, Meter
from connectors import registry
from connectors.ldap import LdapConnector, LdapSettings
from iam.apply.run import run_apply
from iam.change import SYSTEM
from iam.sources import runner
from iam.vault import Vault
from tests.kit.servers.slapd import READER, READER_PASSWORD, SUFFIX, Slapd, group, person

ASKED = {
    "LDAP: reading alone, processes: 1": "12 s",
    "LDAP: reading alone, processes: 2": "12 s",
    "LDAP: first load": "25 s",
    "LDAP: 1,000 changed": "2 s",
}
KEY, CHANGED, GROUP = "hakemisto", 1_000, 200
"""The source, how many persons change, and how many persons a group holds."""
_OLD = "createTimestamp: 20200101000000Z\nmodifyTimestamp: 20200101000000Z\n"
"""What was changed within ten minutes before a reading comes again with the next one: these were not."""
_HASH = "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
_ATTRIBUTES = (
    "uid",
    "givenName",
    "sn",
    "mail",
    "employeeNumber",
    "employeeType",
    "departmentNumber",
    "businessCategory",
    "title",
)


def loads(meter: Meter, sessions: sessionmaker[Session], vault: Vault, folder: Path) -> dict[str, Measure]:
    """Return the measures of a directory with the persons of the HR file, their affiliations and groups.

    The first load is the accepted one: the run that showed it before is not counted.
    """
    starter, accepter = feed.prepare(sessions, vault, folder)
    people = [*_people(folder / "hr.csv")]
    found = {}
    with Slapd(*map(_entry, people), *_groups([one["uid"] for one in people])) as server:
        settings = _settings(server)
        _declare(sessions, vault, folder, settings)
        for processes in (1, 2):
            alone = LdapConnector(LdapSettings.model_validate({**settings, "processes": processes}))
            with meter.measure() as found[f"LDAP: reading alone, processes: {processes}"]:
                print(f"    {sum(1 for _ in alone.read())} records")
        runner.run(sessions, vault, KEY, starter)
        feed.settle(sessions)
        with meter.measure() as found["LDAP: first load"]:
            feed.good(runner.accept(sessions, vault, KEY, accepter))
        feed.settle(sessions)
        _change(server, people)
        with meter.measure() as found["LDAP: 1,000 changed"]:
            feed.good(runner.run(sessions, vault, KEY, starter))
    return found


def _people(path: Path) -> Iterator[dict[str, str]]:
    """Yield each employee of the HR file as they stand in its first row of them, with all places that its rows name."""
    people: dict[str, dict[str, str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            places = [part.split(":")[0] for part in row["toimipisteet"].split("|") if part] or [row["yksikko_koodi"]]
            one = people.setdefault(row["henkilonumero"], _person(row))
            named = one["departmentNumber"].split("|") if one["departmentNumber"] else []
            one["departmentNumber"] = "|".join(dict.fromkeys([*named, *places]))
    yield from people.values()


def _person(row: dict[str, str]) -> dict[str, str]:
    return {
        "uid": f"h{row['henkilonumero']}",
        "givenName": row["kutsumanimi"] or row["etunimet"],
        "sn": row["sukunimi"],
        "employeeNumber": row["henkilonumero"],
        "employeeType": row["palvelussuhteen_laji"],
        "departmentNumber": "",
        "businessCategory": row["tehtavanimike_koodi"],
        "title": row["nimike"],
    }


def _entry(one: dict[str, str]) -> str:
    more = "".join(f"{name}: {value}\n" for name, value in [*one.items()][3:] if value)
    return person(one["uid"], one["givenName"], one["sn"], more=more + _OLD, password=_HASH)


def _groups(logins: list[str]) -> Iterator[str]:
    """Yield groups that hold every fifth person."""
    some = logins[::5]
    for n in range(0, len(some), GROUP):
        yield group(f"ryhma-{n}", *(f"uid={login},ou=people" for login in some[n : n + GROUP]), more=_OLD)


def _settings(server: Slapd) -> dict[str, Any]:
    return {
        "url": server.ldaps_url,
        "ca_file": str(server.ca_file),
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "base_dn": SUFFIX,
        "person_attributes": list(_ATTRIBUTES),
    }


def _declare(sessions: sessionmaker[Session], vault: Vault, folder: Path, settings: dict[str, Any]) -> None:
    usual, hr = registry.matching("ldap"), registry.matching("hr")["employment"]["affiliation"]
    affiliation = {
        "organisations": {"column": "departmentNumber", "part": "|"},
        "kind": {"column": "employeeType", "values": hr["kind"]["values"]},
        "occupation": "businessCategory",
        "title": "title",
    }
    source = {
        "key": KEY,
        "connector": "ldap",
        "owner": "marjala-konsortio",
        "purpose": "henkilöstöhallinto",
        "settings": settings,
        "matching": {**usual, "person": {**usual["person"], "affiliation": affiliation}},
    }
    file = folder / "directory.yaml"
    file.write_text(yaml.safe_dump({"sources": [source]}, allow_unicode=True), encoding="utf-8")
    with sessions.begin() as session:
        report = run_apply(session, [file], {}, SYSTEM, vault, dry_run=False)
    if report.problems:
        raise SystemExit("\n".join(map(str, report.problems)))


def _change(server: Slapd, people: list[dict[str, str]]) -> None:
    some = people[:: len(people) // CHANGED][:CHANGED]
    server.apply(
        "\n".join(
            f"dn: uid={one['uid']},ou=people,{SUFFIX}\nchangetype: modify\nreplace: title\ntitle: Uusi nimike\n"
            for one in some
        )
    )
