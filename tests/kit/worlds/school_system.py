"""A simulated school system with the roster of ``tests.kit.worlds.roster``, and the source ``primus`` that asks it over
REST."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from connectors.simulators.oneroster import Roster, Simulator
from connectors.simulators.oneroster.roster import reference
from iam.directory.source import Source
from iam.sources.report import Report
from tests.kit.feeds.exhibits import rest_settings
from tests.kit.worlds import roster, source as source_world
from tests.kit.worlds.source import World


@dataclass(frozen=True)
class School:
    """The simulator, and the world whose source asks it."""

    simulator: Simulator
    world: World

    def change(self, collection: str, sourced_id: str, **values: Any) -> None:
        """Change an object of the school system."""
        told = self.simulator.roster
        told.put(collection, told.get(collection, sourced_id) | values)

    def set(self, **settings: Any) -> None:
        """Change settings of the source."""
        stood = self.world.scalar(select(Source.settings).where(Source.key == "primus"))
        self.world.change_source(settings=stood | settings)

    def move(self, enrollment: str, class_id: str) -> None:
        """Put a pupil into another class."""
        self.change("enrollments", enrollment, **{"class": reference(class_id, "class")})

    def add(self, user: str, class_id: str) -> None:
        """Add a pupil of a school and a class."""
        role = {"roleType": "primary", "role": "student", "org": reference("org-k", "org")}
        one = {"sourcedId": user, "enabledUser": "true", "givenName": user.title(), "familyName": "Malli"}
        self.simulator.roster.put("users", {**one, "agents": [], "roles": [role]})
        named = {"user": reference(user, "user"), "class": reference(class_id, "class")}
        held = {"sourcedId": f"e-{user}", "role": "student", "school": reference("org-k", "org")}
        self.simulator.roster.put("enrollments", held | named)

    def run(self, days: int = 1, **options: Any) -> Report:
        """Run the source so many days later."""
        return self.world.later(days=days).run(**options)


@contextmanager
def school(engine: Engine, folder: Path) -> Iterator[School]:
    """Start a school system, and build the world with the source that asks it."""
    world = source_world.build(engine, folder)
    roster.write(world)
    with Simulator(Roster.of_bundle(folder / "bundle")) as simulator:
        world.add_source("primus", "oneroster-rest", rest_settings(simulator), purpose="perusopetus")
        yield School(simulator, world.of("primus"))
