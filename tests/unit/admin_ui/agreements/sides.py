"""The administrators of an agreement's sides, in an installation that is in use."""

from __future__ import annotations

from iam import clock
from iam.directory.source import Acceptance
from tests.kit.worlds.admin import World, administer, person


def in_use(world: World) -> None:
    """Two administrators of who allows something and one of the other side; a first load was accepted, so that much
    waits for a second person."""
    for login, place in (("aili", "MANSIKKALA"), ("bertta", "MANSIKKALA"), ("kerttu", "MUSTIKKALA")):
        person(world, login, login.title())
        administer(world, login, place, "agreements.read", "agreements.write", "agreements.sign", "persons.read")
    world.write(
        Acceptance(
            source_id=world.ids["hr"],
            digest="1",
            run_id=world.ids["run"],
            accepted_by=world.ids["aili"],
            accepted_at=clock.now(),
        )
    )
