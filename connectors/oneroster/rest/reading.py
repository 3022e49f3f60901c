"""The two readings of a server: everything, and what changed since a checkpoint."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from hashlib import sha256

from connectors.contract import Item
from connectors.oneroster.rest.checkpoint import Remembered, filter_refused, horizon, write_checkpoint
from connectors.oneroster.rest.client import Client, FilterRefused
from connectors.oneroster.rest.items import Known, Tally, is_gone, item_of, marked, role_items
from connectors.oneroster.rest.objects import BY_KIND
from connectors.oneroster.rest.pages import Count, Object, collection
from connectors.oneroster.rest.settings import OneRosterRestSettings
from connectors.records import Deleted, Evidence
from connectors.single_pass import Outcome

COLLECTIONS = {"orgs": "org", "users": "user", "classes": "class", "enrollments": "enrollment"}
"""What is asked for, and the kind of its records; roles come with the users."""
_HEADER = sha256("\x1f".join(name for file in BY_KIND.values() for name in file.layout.columns).encode()).hexdigest()


def everything(settings: OneRosterRestSettings) -> Generator[Item, None, Outcome]:
    """Yield every object of every collection; one is held whole only where its objects name each other."""
    begun, tally, known, counts = datetime.now(UTC), Tally(), dict[str, set[str]](), list[Count]()
    client = Client(settings)
    for name in COLLECTIONS:
        counts.append(Count())
        found: Iterator[Object] | list[Object] = collection(client, name, settings.page_size, counts[-1])
        if name != "enrollments":
            found = [*found]
            known[name] = {str(one.get("sourcedId")) for one in found if not is_gone(one)}
        yield from tally.count(_items(name, found, known, tally, None))
    proved = all(count.proved for count in counts)
    evidence = Evidence(
        rows=tally.rows,
        digest=tally.digest,
        header=_HEADER,
        finished=True,
        declared=tally.rows if proved else None,
        deleted=len(tally.deleted),
    )
    return evidence, write_checkpoint(horizon(begun), begun, tally.deleted, settings)


def changed(settings: OneRosterRestSettings, memory: Remembered) -> Generator[Item, None, Outcome]:
    """Yield what was changed since; organisations always all, for the others are read by them.

    Everything is read before anything is handed on, so that ``CheckpointLost`` comes first or not at all.
    """
    begun, tally = datetime.now(UTC), Tally()
    client = Client(settings)
    found: dict[str, list[Object]] = {}
    try:
        for name in COLLECTIONS:
            condition = None if name == "orgs" else memory.condition()
            found[name] = [*collection(client, name, settings.page_size, Count(), condition)]
    except FilterRefused:
        raise filter_refused() from None
    told = 0
    for name, objects in found.items():
        for item in tally.count(_items(name, objects, {}, tally, memory)):
            told += isinstance(item, Deleted)
            yield item
    evidence = Evidence(tally.rows, tally.digest, _HEADER, finished=True, full=False, deleted=told)
    return evidence, write_checkpoint(horizon(begun), memory.full, tally.deleted, settings)


def _items(
    name: str, objects: Iterator[Object] | list[Object], known: Known, tally: Tally, memory: Remembered | None
) -> Iterator[Item]:
    """Yield the objects of a collection as items, of users the roles after all of them; a deletion that was told before
    is not told again."""
    kind = COLLECTIONS[name]
    users: list[tuple[str, Object]] = []
    for one in objects:
        item = item_of(kind, one, known)
        if isinstance(item, Deleted):
            tally.deleted[kind, item.key] = marked(one)
            if memory is not None and memory.was_told(kind, item.key, marked(one)):
                continue
        yield item
        if kind == "user" and item.key is not None:
            users.append((item.key, one))
    for user, one in users:
        yield from role_items(user, one, known, whole=memory is not None)
