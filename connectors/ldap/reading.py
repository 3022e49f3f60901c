"""The two readings of a directory: everything, and what changed since a checkpoint."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from hashlib import sha256

from connectors.contract import Item
from connectors.ldap.checkpoint import Memory, Name, check, difference, horizon, not_told, sketch_of, write_checkpoint
from connectors.ldap.directory import Directory, connected
from connectors.ldap.entries import Entry
from connectors.ldap.membership import Groups
from connectors.ldap.partitions import Persons
from connectors.ldap.rows import GROUP_ATTRIBUTES, membership, row
from connectors.ldap.settings import LdapSettings
from connectors.network.deadline import Deadline
from connectors.records import Deleted, Evidence, Record, Rejected
from connectors.single_pass import Outcome


class _Tally:
    """Counts what is handed on, for the evidence and the checkpoint."""

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        self._digest = sha256()
        self.names: list[Name] = []

    def person(self, entry: Entry) -> Item:
        return self._entry("person", entry, self._settings.person_attributes)

    def group(self, entry: Entry) -> Item:
        return self._entry("group", entry, GROUP_ATTRIBUTES)

    def memberships(self, pairs: Iterable[tuple[str, str]]) -> Iterable[Item]:
        for group, person in pairs:
            yield self.counted(membership(group, person))

    def evidence(self, *, proved: bool, full: bool, deleted: int = 0) -> Evidence:
        """``proved`` says that a second count of the directory came to the same number."""
        rows = len(self.names)
        header = sha256("\x1f".join(self._settings.person_attributes).encode()).hexdigest()
        declared = rows if proved else None
        return Evidence(
            rows, self._digest.hexdigest(), header, finished=True, declared=declared, full=full, deleted=deleted
        )

    def _entry(self, kind: str, entry: Entry, attributes: tuple[str, ...]) -> Item:
        return self.counted(row(kind, entry, attributes))

    def counted(self, item: Record | Rejected) -> Item:
        """Count it and return it."""
        self.names.append((item.kind, str(item.key)))
        self._digest.update(item.digest if isinstance(item, Record) else str(item.key).encode())
        return item


def everything(settings: LdapSettings) -> Generator[Item, None, Outcome]:
    """Yield persons, groups and memberships; the count of a second look proves that paging brought all."""
    tally, known, begun = _Tally(settings), Groups(), datetime.now(UTC)
    deadline = Deadline(settings.deadline_seconds)
    with connected(settings, deadline) as directory:
        server = directory.server(deadline)
        persons = Persons(settings, directory)
        for person in persons:
            known.note_person(person.uuid, person.name, person.logins)
            yield tally.counted(person.item)
        for entry in directory.groups():
            directory.note_group(known, entry)
            yield tally.group(entry)
        counted = directory.count_persons() if persons.counted is None else persons.counted
        counted += directory.count_groups()
    proved = counted == len(tally.names)
    yield from tally.memberships(known.memberships())
    memory = Memory(horizon(server, begun), server.name, sketch_of(tally.names))
    return tally.evidence(proved=proved, full=True), write_checkpoint(memory, settings)


def changed(settings: LdapSettings, memory: Memory) -> Generator[Item, None, Outcome]:
    """Yield what was modified or is new, every membership, and what is gone.

    Everything is read before anything is handed on, so that ``CheckpointLost`` comes first or not at all.
    """
    tally, known, begun = _Tally(settings), Groups(), datetime.now(UTC)
    deadline = Deadline(settings.deadline_seconds)
    with connected(settings, deadline) as directory:
        server = directory.server(deadline)
        since = horizon(server, begun)
        check(memory, server, since)
        groups = _sweep(directory, known)
        told = directory.persons(*settings.person_attributes, since=memory.asked())
        # Who came after the sweep comes next time: the sketch must hold all that was handed on, or nobody would tell
        # their end.
        persons = [entry for entry in told if entry.uuid in known.persons]
    pairs = known.memberships()
    now = sketch_of(_names(known, pairs))
    lost, new = difference(memory.sketch, now)
    if not {key for kind, key in new if kind == "person"} <= {entry.uuid for entry in persons}:
        # It came under the base, or into sight, without being modified.
        raise not_told()
    yield from (tally.person(entry) for entry in persons)
    yield from (tally.group(entry) for entry, at in groups if at >= memory.since or ("group", entry.uuid) in new)
    yield from tally.memberships(pairs)
    yield from (Deleted(kind, key) for kind, key in lost)
    memory = Memory(since, server.name, now)
    return tally.evidence(proved=False, full=False, deleted=len(lost)), write_checkpoint(memory, settings)


def _sweep(directory: Directory, known: Groups) -> list[tuple[Entry, datetime]]:
    """Note every person and group there is now; return the groups, and when each was changed."""
    for entry in directory.persons():
        directory.note_person(known, entry)
        _changed_at(directory, entry)
    groups = [*directory.groups()]
    for entry in groups:
        directory.note_group(known, entry)
    return [(entry, _changed_at(directory, entry)) for entry in groups]


def _changed_at(directory: Directory, entry: Entry) -> datetime:
    at = directory.changed_at(entry)
    if at is None:
        raise not_told()
    return at


def _names(known: Groups, pairs: list[tuple[str, str]]) -> Iterable[Name]:
    yield from (("person", uuid) for uuid in known.persons)
    yield from (("group", uuid) for uuid in known.groups)
    yield from (("membership", f"{group}/{person}") for group, person in pairs)
