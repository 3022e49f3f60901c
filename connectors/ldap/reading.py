"""The two readings of a directory: everything, and what changed since a checkpoint."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from hashlib import sha256

from connectors.contract import Item
from connectors.ldap.checkpoint import Memory, Name, gone, modified, sketch_of, write_checkpoint
from connectors.ldap.deadline import Deadline
from connectors.ldap.directory import Directory, connected
from connectors.ldap.entries import Entry
from connectors.ldap.membership import Groups
from connectors.ldap.rows import GROUP_ATTRIBUTES, membership, row
from connectors.ldap.settings import LdapSettings
from connectors.records import Deleted, Evidence, Record
from connectors.single_pass import Outcome

_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)


class _Tally:
    """Counts what is handed on, for the evidence and the checkpoint."""

    def __init__(self, settings: LdapSettings, latest: datetime = _LONG_AGO) -> None:
        self._settings = settings
        self._digest = sha256()
        self.latest = latest
        self.names: list[Name] = []

    def person(self, entry: Entry) -> Item:
        return self._entry("person", entry, self._settings.person_attributes)

    def group(self, entry: Entry) -> Item:
        return self._entry("group", entry, GROUP_ATTRIBUTES)

    def memberships(self, pairs: Iterable[tuple[str, str]]) -> Iterable[Item]:
        for group, person in pairs:
            yield self._count(membership(group, person))

    def evidence(self, *, proved: bool, full: bool, deleted: int = 0) -> Evidence:
        """``proved`` says that a second count of the directory came to the same number."""
        rows = len(self.names)
        header = sha256("\x1f".join(self._settings.person_attributes).encode()).hexdigest()
        declared = rows if proved else None
        return Evidence(
            rows, self._digest.hexdigest(), header, finished=True, declared=declared, full=full, deleted=deleted
        )

    def _entry(self, kind: str, entry: Entry, attributes: tuple[str, ...]) -> Item:
        self.latest = max(self.latest, modified_at(entry) or self.latest)
        return self._count(row(kind, entry, attributes))

    def _count(self, item: Item) -> Item:
        self.names.append((item.kind, str(item.key)))
        self._digest.update(item.digest if isinstance(item, Record) else str(item.key).encode())
        return item


def everything(settings: LdapSettings) -> Generator[Item, None, Outcome]:
    """Yield persons, groups and memberships; the count of a second look proves that paging brought all."""
    tally, known = _Tally(settings), Groups()
    with connected(settings, Deadline(settings.deadline_seconds)) as directory:
        for entry in directory.persons(*settings.person_attributes):
            directory.note_person(known, entry)
            yield tally.person(entry)
        for entry in directory.groups():
            directory.note_group(known, entry)
            yield tally.group(entry)
        counted = sum(1 for _ in directory.persons()) + directory.count_groups()
    proved = counted == len(tally.names)
    yield from tally.memberships(known.memberships())
    checkpoint = write_checkpoint(Memory(tally.latest, sketch_of(tally.names)), settings)
    return tally.evidence(proved=proved, full=True), checkpoint


def changed(settings: LdapSettings, memory: Memory) -> Generator[Item, None, Outcome]:
    """Yield what was modified, every membership, and what is gone.

    Everything is read before anything is handed on, so that ``CheckpointLost`` comes first or not at all.
    """
    tally, known = _Tally(settings, memory.latest), Groups()
    with connected(settings, Deadline(settings.deadline_seconds)) as directory:
        persons = [*directory.persons(*settings.person_attributes, since=memory.since())]
        groups = _sweep(directory, known)
    pairs = known.memberships()
    now = sketch_of(_names(known, pairs))
    lost = gone(memory.sketch, now)
    yield from (tally.person(entry) for entry in persons)
    yield from (tally.group(entry) for entry in groups if (modified_at(entry) or memory.horizon) >= memory.horizon)
    yield from tally.memberships(pairs)
    yield from (Deleted(kind, key) for kind, key in lost)
    return tally.evidence(proved=False, full=False, deleted=len(lost)), write_checkpoint(
        Memory(tally.latest, now), settings
    )


def modified_at(entry: Entry) -> datetime | None:
    """Return when the entry was modified, None where the directory does not say."""
    values = entry.values.get("modifytimestamp") or entry.values.get("whenchanged") or [b""]
    return modified(values[0])


def _sweep(directory: Directory, known: Groups) -> list[Entry]:
    """Note every person and group there is now; return the groups."""
    for entry in directory.persons():
        directory.note_person(known, entry)
    groups = [*directory.groups()]
    for entry in groups:
        directory.note_group(known, entry)
    return groups


def _names(known: Groups, pairs: list[tuple[str, str]]) -> Iterable[Name]:
    yield from (("person", uuid) for uuid in known.persons)
    yield from (("group", uuid) for uuid in known.groups)
    yield from (("membership", f"{group}/{person}") for group, person in pairs)
