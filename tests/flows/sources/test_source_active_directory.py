"""Active Directory as a source: whom a disabled or expired account takes what from, and what a restored domain
controller changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from connectors import registry
from iam.directory.affiliation import Affiliation
from iam.directory.person import PersonProfile
from tests.flows.sources.test_source_directory import expiring
from tests.kit.feeds.active_directory import settings
from tests.kit.servers.samba import DISABLED, ENABLED, Samba, group, nameless, person
from tests.kit.worlds.source import World, _last, build

pytestmark = pytest.mark.services

PERSON = registry.matching("ldap")["person"]
EMPLOYED = {"organisations": {"fixed": "owner"}, "kind": "employee", "to": "accountExpires"}
MATCHING: dict[str, Any] = {
    **registry.matching("ldap"),
    "person": {**PERSON, "person": {**PERSON["person"], "login": "sAMAccountName"}, "affiliation": EMPLOYED},
}


class Staff:
    """A unit of a domain controller whose persons work for the owner of the source."""

    def __init__(self, engine: Engine, folder: Path, samba: Samba, *ldif: str) -> None:
        self.samba = samba
        self.unit = samba.unit()
        self.own = self.unit.partition(",")[0].removeprefix("OU=")
        samba.add(*(each.replace("UNIT", self.unit).replace("OWN", self.own) for each in ldif))
        world = build(engine, folder)
        world.add_source("hakemisto", "ldap", settings(samba, self.unit), matching=MATCHING, priority=1)
        self.world: World = world.of("hakemisto")

    def working(self, days: int = 0) -> dict[str, str]:
        """Who works then, by call of their account, with their last day."""
        a, p, at = Affiliation, PersonProfile, self.world.later(days=days, minutes=1).at
        query = select(p.given_names, a.valid_to).join(a, a.person_id == p.person_id)
        standing = query.where(a.closed_by.is_(None), a.valid_to > at, a.source_id.is_not(None), p.closed_by.is_(None))
        return {str.__str__(name): _last(end) for name, end in self.world.all(standing) if name is not None}


def someone(name: str, *, control: int = ENABLED, more: str = "") -> str:
    """A person as LDIF whose login is like no other of the directory."""
    return person(f"{name}-OWN", name.title(), "Malli", "UNIT", control=control, more=more)


def test_whose_account_is_disabled_loses_what_the_directory_states_until_it_is_enabled_again(
    engine: Engine, tmp_path: Path, samba: Samba
) -> None:
    staff = Staff(engine, tmp_path, samba, someone("aino"), someone("eero"))
    staff.world.load()
    assert staff.working() == {"Aino": "", "Eero": ""}
    name = f"CN=eero-{staff.own},{staff.unit}"
    samba.replace(name, "userAccountControl", str(DISABLED))
    report = staff.world.later(days=1).run()
    assert (report.state, report.counts["lost"], report.warnings) == ("done", 1, [])
    assert staff.working(1) == {"Aino": ""}
    samba.replace(name, "userAccountControl", str(ENABLED))
    assert staff.world.later(days=2).run().state == "done"
    assert staff.working(2) == {"Aino": "", "Eero": ""}


def test_the_last_day_of_an_account_is_the_last_day_of_the_work(engine: Engine, tmp_path: Path, samba: Samba) -> None:
    expires = expiring("2027-01-01T00:00:00+02:00")
    staff = Staff(engine, tmp_path, samba, someone("oma", more=expires), someone("lea"))
    staff.world.load()
    assert staff.working() == {"Oma": "2026-12-31", "Lea": ""}


def test_a_restored_domain_controller_is_read_in_full_in_the_same_run_and_nobody_ends(
    engine: Engine, tmp_path: Path, samba: Samba
) -> None:
    staff = Staff(engine, tmp_path, samba, someone("pia"), nameless("piia-OWN", "UNIT"), group("ryhma-OWN", "UNIT"))
    staff.world.load()
    assert staff.world.later(hours=1).run().warnings == []
    with Samba(copy_of=samba, restored=True) as other:
        staff.world.change_source(settings=settings(other, staff.unit))
        report = staff.world.later(days=1).run()
        assert (report.state, report.counts["missing"]) == ("done", 0)
        assert "read in full" in report.warnings[0][1].remedy
        assert staff.world.later(days=2).run().warnings == []
    assert staff.working(2) == {"Pia": ""}
