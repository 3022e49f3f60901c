"""Pages of an administrator of all, each opened twenty times."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import select

from benchmarks.country import seed
from benchmarks.country.case import Case, Found, share
from benchmarks.country.declared import AGREEMENT
from benchmarks.country.made import Country
from benchmarks.country.town import name
from iam.cli.demo.run import STARTER
from iam.directory.organisation import Organisation
from tests.kit.factories.consortium import World
from tests.kit.worlds.admin import Reader

TIMES = 20
ASKED = "150 ms; 95 % in 300"


def organisations(country: Country) -> list[Found]:
    """The page of organisations, and that of one town."""
    reader = reader_of(country)
    with country.sessions() as session:
        town_id = session.scalars(select(Organisation.id).where(Organisation.key == name(1))).one()
    return [
        opened(country, reader, "organisations page", "/admin/organisations"),
        opened(country, reader, "a town's page", f"/admin/organisations/{town_id}"),
    ]


def agreement(country: Country) -> list[Found]:
    """The page of an agreement."""
    return [opened(country, reader_of(country), "agreement page", f"/admin/agreements/{AGREEMENT}")]


def search(country: Country) -> list[Found]:
    """The search that finds nobody, and one that finds many."""
    reader = reader_of(country)
    return [
        opened(country, reader, "search that finds nobody", "/admin/persons?q=Zzyzx"),
        opened(country, reader, "search that finds many", "/admin/persons?q=Koivu"),
        opened(country, reader, "list of all persons", "/admin/persons"),
    ]


def overview(country: Country) -> list[Found]:
    """The first page of the administration."""
    return [opened(country, reader_of(country), "overview", "/admin/")]


def reader_of(country: Country) -> Reader:
    """The browser of an administrator of all, signed in."""
    starter, _ = seed.operators(country.sessions)
    world = World.over(country.server.url(), country.folder)
    assert isinstance(starter.person_id, UUID)
    world.ids[STARTER] = starter.person_id
    return Reader(world, STARTER, "fi").enter()  # type: ignore[arg-type]


def opened(country: Country, reader: Reader, work: str, path: str, asked: str = ASKED) -> Found:
    """Open a page twenty times, after two that are not counted."""
    walls: list[float] = []
    for _ in range(2):
        _open(reader, path)
    with country.meter.measure() as whole:
        for _ in range(TIMES):
            began = time.perf_counter()
            _open(reader, path)
            walls.append(time.perf_counter() - began)
    slowest = sorted(walls)[round(TIMES * 0.95) - 1]
    return Found(work, asked, share(whole, TIMES), f"95 % within {slowest * 1000:.0f} ms")


CASES = (
    Case("organisations", organisations),
    Case("agreement", agreement),
    Case("search", search),
    Case("overview", overview),
)


def _open(reader: Reader, path: str) -> None:
    answer = reader.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answers {answer.status_code}: {answer.text[:200]}")
