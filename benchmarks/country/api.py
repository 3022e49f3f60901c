"""Lists that a program reads by the administration API, page after page of 2,000."""

from __future__ import annotations

import gc
import time

from sqlalchemy import select

from benchmarks.country.case import Case, Found
from benchmarks.country.declared import ROOT
from benchmarks.country.made import Country
from benchmarks.country.town import name
from iam.directory.organisation import Organisation
from iam.oidc.model import Client
from tests.kit.factories import consortium
from tests.kit.factories.consortium import World
from tests.kit.peers import api
from tests.kit.peers.api import Program

ASKED = "5,000 a second"
LISTS = ("persons", "organisations")
_SIZE, _MOST = 2000, 5000


def lists(country: Country) -> list[Found]:
    """Read the persons of a town, and all organisations, as far as 5,000 of each."""
    world = World.over(country.server.url(), country.folder)
    with country.sessions() as session:
        for key, kept in ((ROOT, ROOT), (name(1), "MANSIKKALA")):
            world.ids[kept] = session.scalars(select(Organisation.id).where(Organisation.key == key)).one()
        is_there = session.scalar(select(Client.id).where(Client.client_id == api.PROGRAM)) is not None
    world.ids["KOIVU"] = world.ids["MANSIKKALA"]
    if not is_there:
        consortium.application(world, api.CLIENT, ROOT, notice="none", ask_capacity=False, entry="everyone")
        api.program(world)
    program = Program(world)
    # As a worker process of the server.
    gc.collect()
    gc.freeze()
    return [_read(country, program, one) for one in LISTS]


def _read(country: Country, program: Program, what: str) -> Found:
    program.get(f"/{what}?size={_SIZE}")
    told, path = 0, f"/{what}?size={_SIZE}"
    began = time.perf_counter()
    with country.meter.measure() as whole:
        while path and told < _MOST:
            answer = program.get(path).get_json()
            told, path = told + len(answer["items"]), answer["next"] or ""
    taken = time.perf_counter() - began
    return Found(f"API: {what}", ASKED, whole, f"{told:,} in {taken:.2f} s: {told / taken:,.0f} a second")


CASES = (Case("api", lists),)
