"""An act for many people that waits, for the tests of the walls."""

from __future__ import annotations

from uuid import UUID

from iam.access.asker import OPERATOR
from iam.access.commands.effects import Effects
from iam.bulk import waits
from iam.bulk.acts import registry
from iam.bulk.acts.act import BulkAsker
from iam.change import Actor
from iam.web import extension
from tests.kit.factories.consortium import World


def bulk_act(world: World, login: str, organisation: str) -> UUID:
    """An act for many people that waits, of somebody alone in an organisation: it ends a right; return its id."""
    vault = extension.parts_of(world.app).vault
    who = BulkAsker(OPERATOR, Actor(), vault)
    said = {"role": "wilma:opettaja", "scope": str(world.ids[organisation]), "reason": "ends"}
    with world.transaction() as session:
        act = registry.read(session, who, "end-right", said)
        effects = Effects((), (), f"{organisation} {login}".rjust(64, "x")[::-1])
        return waits.keep(session, act, [world.ids[login]], effects, [], who, act.place_id).id
