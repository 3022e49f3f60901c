"""A real directory as a source: who is in its groups, until when somebody works, and what a new server in its place
changes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from connectors import registry
from iam.directory.affiliation import Affiliation, Group, Membership
from iam.directory.person import Identifier, PersonProfile
from iam.directory.source import Source
from tests.kit.servers.slapd import READER, READER_PASSWORD, SUFFIX, Slapd, group, person, posix_group
from tests.kit.worlds.source import World, _last, build

pytestmark = pytest.mark.services

STAMP = "20200101000000Z"
PEOPLE = {"aino": "Esimerkki", "eero": "Malli", "oma": "Nimi"}


def known(n: int) -> str:
    """The lines of an entry that stays the same over servers: a six year old, with its id."""
    return f"entryUUID: {UUID(int=n)}\ncreateTimestamp: {STAMP}\nmodifyTimestamp: {STAMP}\n"


def people(**more: str) -> list[str]:
    """The three persons as LDIF; ``more`` are further lines of one of them."""
    return [
        person(uid, uid.title(), surname, more=known(n) + more.get(uid, ""))
        for n, (uid, surname) in enumerate(PEOPLE.items(), 1)
    ]


def settings(server: Slapd, **more: Any) -> dict[str, Any]:
    return {
        "url": server.ldaps_url,
        "ca_file": str(server.ca_file),
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "base_dn": SUFFIX,
        **more,
    }


def source(engine: Engine, folder: Path, server: Slapd, matching: dict[str, Any] | None = None, **more: Any) -> World:
    world = build(engine, folder)
    world.add_source(
        "hakemisto", "ldap", settings(server, **more), matching=matching or registry.matching("ldap"), priority=1
    )
    return world.of("hakemisto")


def members(world: World, days: int) -> list[tuple[str, str]]:
    """Who is in which group, by family name."""
    m, at = Membership, world.later(days=days, minutes=1).at
    query = select(Group.key, Identifier.value).join(m, m.group_id == Group.id)
    found = world.all(
        query.join(Identifier, (Identifier.person_id == m.person_id) & (Identifier.kind == "entry-uuid")).where(
            m.closed_by.is_(None), m.valid_to > at
        )
    )
    return sorted((str(UUID(key).int), list(PEOPLE)[UUID(who).int - 1]) for key, who in found)


def test_a_group_by_login_and_a_group_by_entry_have_the_same_people(engine: Engine, tmp_path: Path) -> None:
    groups = [
        group("opettajat", "UID=Aino , OU=people", "uid=eero,ou=people", more=known(10)),
        posix_group("kerho", "AINO", "eero", "haamu", more=known(11)),
    ]
    with Slapd(*people(), *groups) as server:
        world = source(engine, tmp_path, server)
        world.load()
        assert members(world, 0) == [("10", "aino"), ("10", "eero"), ("11", "aino"), ("11", "eero")]
        server.apply(f"dn: cn=kerho,ou=groups,{SUFFIX}\nchangetype: modify\ndelete: memberUid\nmemberUid: AINO\n")
        assert world.later(days=1).run().exit_code == 0
        assert members(world, 1) == [("10", "aino"), ("10", "eero"), ("11", "eero")]


def test_a_new_server_in_place_of_the_old_is_read_in_full_in_the_same_run_and_nobody_ends(
    engine: Engine, tmp_path: Path
) -> None:
    kept = group("opettajat", "uid=aino,ou=people", "uid=eero,ou=people", more=known(10))
    with Slapd(*people(), kept) as server:
        world = source(engine, tmp_path, server)
        world.load()
        assert world.later(hours=1).run().warnings == []
    now = [*people()[:2], person("oma", "Oma", "Uusinimi", more=known(3))]
    with Slapd(*now, kept) as server:
        world.change_source(settings=settings(server))
        report = world.later(days=1).run()
        assert (report.state, report.counts["missing"], report.counts["changed"]) == ("done", 0, 1)
        assert [told.field for _, told in report.warnings] == [None]
        assert "read in full" in report.warnings[0][1].remedy
        assert "Uusinimi" in world.all(select(PersonProfile.family_name))
        assert world.later(days=2).run().warnings == []
    assert members(world, 2) == [("10", "aino"), ("10", "eero")]


def test_an_entry_stamped_in_the_future_makes_nobody_s_later_change_invisible(engine: Engine, tmp_path: Path) -> None:
    ahead = [each.replace(f"modifyTimestamp: {STAMP}", "modifyTimestamp: 20990101000000Z") for each in people()[:1]]
    with Slapd(*ahead, *people()[1:]) as server:
        world = source(engine, tmp_path, server)
        world.load()
        server.apply(f"dn: uid=eero,ou=people,{SUFFIX}\nchangetype: modify\nreplace: sn\nsn: Uusinimi\n")
        report = world.later(days=1).run()
        assert (report.state, report.counts["changed"]) == ("done", 1)
    assert "Uusinimi" in world.all(select(PersonProfile.family_name))


def expiring(iso: str) -> str:
    since = datetime.fromisoformat(iso) - datetime.fromisoformat("1601-01-01T00:00:00+00:00")
    return f"accountExpires: {int(since.total_seconds()) * 10_000_000}\n"


def last_days(engine: Engine, folder: Path, column: str, **accounts: str) -> dict[str, str]:
    """The last day of each who works for the owner of the directory until what ``column`` says."""
    employed = "objectClass: inetOrgPerson\nobjectClass: employed\n"
    ldif = (each.replace("objectClass: inetOrgPerson\n", employed) for each in people(**accounts))
    columns = {"organisations": {"fixed": "owner"}, "kind": "employee", "to": column}
    matching = {"person": {**registry.matching("ldap")["person"], "affiliation": columns}}
    with Slapd(*ldif) as server:
        attributes = ("uid", "givenName", "sn", "mail", "employeeNumber", column)
        world = source(engine, folder, server, matching, person_attributes=attributes)
        world.load()
    i, a = Identifier, Affiliation
    query = select(i.value, a.valid_to).join(i, (i.person_id == a.person_id) & (i.kind == "entry-uuid"))
    return {list(PEOPLE)[UUID(who).int - 1]: _last(end) for who, end in world.all(query.where(a.closed_by.is_(None)))}


def test_who_s_account_expires_at_midnight_works_to_the_end_of_the_day_before(engine: Engine, tmp_path: Path) -> None:
    assert last_days(
        engine,
        tmp_path,
        "accountExpires",
        aino=expiring("2027-01-01T00:00:00+02:00"),
        eero="accountExpires: 9223372036854775807\n",
        oma="accountExpires: 0\n",
    ) == {"aino": "2026-12-31", "eero": "", "oma": ""}


def test_a_time_of_the_directory_is_the_last_day_that_somebody_works(engine: Engine, tmp_path: Path) -> None:
    assert last_days(
        engine,
        tmp_path,
        "employedUntil",
        aino="employedUntil: 20261231200000Z\n",
        eero="employedUntil: 202612312230+0200\n",
    ) == {"aino": "2026-12-31", "eero": "2026-12-31", "oma": ""}


def test_the_checkpoint_of_a_directory_is_kept_between_runs(engine: Engine, tmp_path: Path) -> None:
    with Slapd(*people()) as server:
        world = source(engine, tmp_path, server)
        world.load()
        report = world.later(days=1).run()
    assert (report.counts["rows"], report.counts["unchanged"]) == (0, 0)
    assert world.scalar(select(Source.checkpoint).where(Source.key == "hakemisto"))
