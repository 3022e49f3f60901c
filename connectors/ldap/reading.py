"""The two readings of a directory: everything, and what changed since a checkpoint."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from connectors.contract import Item
from connectors.ldap.checkpoint import (
    Memory,
    Name,
    Since,
    check,
    check_numbered,
    difference,
    horizon,
    not_told,
    remember,
    sketch_of,
    write_checkpoint,
)
from connectors.ldap.departures import departed
from connectors.ldap.directory import Directory, connected
from connectors.ldap.entries import Entry
from connectors.ldap.membership import Groups
from connectors.ldap.parts.partitions import Persons
from connectors.ldap.rows import GROUP_ATTRIBUTES, membership, row
from connectors.ldap.settings import LdapSettings
from connectors.network.deadline import Deadline
from connectors.records import Deleted, Evidence, Record, Rejected, Whole
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
    return tally.evidence(proved=proved, full=True), write_checkpoint(remember(server, begun, tally.names), settings)


def changed(settings: LdapSettings, memory: Memory) -> Generator[Item, None, Outcome]:
    """Yield what was modified or is new, and what is gone.

    Everything is read before anything is handed on, so that ``CheckpointLost`` comes first or not at all.
    """
    tally, begun = _Tally(settings), datetime.now(UTC)
    deadline = Deadline(settings.deadline_seconds)
    with connected(settings, deadline) as directory:
        server = directory.server(deadline)
        check(memory, server, horizon(server, begun))
        swept = _sweep(directory, memory)
        told = directory.persons(*settings.person_attributes, since=memory.asked())
        # Who came after the sweep comes next time: the sketch must hold all that was handed on, or nobody would tell
        # their end.
        persons = [entry for entry in told if entry.uuid in swept.known.persons]
    pairs = {("membership", f"{group}/{person}"): (group, person) for group, person in swept.known.memberships()}
    now = sketch_of(swept.names | pairs.keys())
    lost, new = difference(memory.sketch, now)
    if not {key for kind, key in new if kind == "person"} <= {entry.uuid for entry in persons}:
        # It came under the base, or into sight, without being modified.
        raise not_told()
    yield from map(tally.person, persons)
    yield from map(tally.group, swept.groups_of(memory, new))
    yield from tally.memberships(pair for name, pair in pairs.items() if name in new)
    yield from (Deleted(kind, key) for kind, key in lost)
    memory = Memory(horizon(server, begun), server.name, now)
    return tally.evidence(proved=False, full=False, deleted=len(lost)), write_checkpoint(memory, settings)


def numbered(settings: LdapSettings, memory: Memory) -> Generator[Item, None, Outcome]:
    """Do as ``changed`` in Active Directory, by the numbers that the answering server gave to its changes.

    Who came into sight without being changed (into a group that ``person_filter`` names, or with the unit above) is
    read too. Memberships are told by group: of those that were changed or hold such a one, and of all when somebody is
    gone.
    """
    tally, begun = _Tally(settings), datetime.now(UTC)
    deadline = Deadline(settings.deadline_seconds)
    with connected(settings, deadline) as directory:
        server = directory.server(deadline)
        check_numbered(server)
        check(memory, server, horizon(server, begun))
        swept = _sweep(directory, memory)
        lost, new = departed(memory, swept.names, swept.made, lambda: directory.deleted(server.context, memory.asked()))
        persons = _numbered_persons(directory, settings, memory, swept, {key for kind, key in new if kind == "person"})
    groups = [*swept.groups_of(memory, new)]
    yield from map(tally.person, persons)
    yield from map(tally.group, groups)
    yield from tally.memberships(swept.known.memberships())
    yield from (Whole("membership", f"{group}/") for group in _whole_groups(swept.known, groups, lost))
    yield from (Deleted(kind, key) for kind, key in lost)
    memory = remember(server, begun, swept.names)
    return tally.evidence(proved=False, full=False, deleted=len(lost)), write_checkpoint(memory, settings)


def _numbered_persons(
    directory: Directory, settings: LdapSettings, memory: Memory, swept: _Swept, new: set[str]
) -> list[Entry]:
    """Return the persons that were changed, and with them those of ``new`` that were not."""
    told = directory.persons(*settings.person_attributes, since=memory.asked())
    persons = [entry for entry in told if entry.uuid in swept.known.persons]
    unchanged = new - {entry.uuid for entry in persons}
    persons += directory.these_persons(sorted(unchanged), *settings.person_attributes)
    if not new <= {entry.uuid for entry in persons}:
        raise not_told()
    return persons


def _whole_groups(known: Groups, changed_groups: list[Entry], lost: list[Name]) -> list[str]:
    """Return the groups of which all memberships are told: an unchanged one may have lost nobody but who is gone."""
    touched = known.groups if lost else known.touched({entry.uuid for entry in changed_groups})
    return sorted(touched | {key for kind, key in lost if kind == "group"})


@dataclass(slots=True)
class _Swept:
    """Every person and group there is now: the groups with when each was changed, and what was made since."""

    known: Groups = field(default_factory=Groups)
    groups: list[tuple[Entry, Since]] = field(default_factory=list)
    made: set[Name] = field(default_factory=set)

    @property
    def names(self) -> set[Name]:
        persons, groups = self.known.persons, self.known.groups
        return {("person", uuid) for uuid in persons} | {("group", uuid) for uuid in groups}

    def groups_of(self, memory: Memory, new: set[Name]) -> Iterable[Entry]:
        return (entry for entry, at in self.groups if memory.before(at) or ("group", entry.uuid) in new)


def _sweep(directory: Directory, memory: Memory) -> _Swept:
    swept = _Swept()
    for entry in directory.persons():
        directory.note_person(swept.known, entry)
        _note(swept, directory, memory, "person", entry)
    for entry in [*directory.groups()]:
        directory.note_group(swept.known, entry)
        swept.groups.append((entry, _note(swept, directory, memory, "group", entry)))
    return swept


def _note(swept: _Swept, directory: Directory, memory: Memory, kind: str, entry: Entry) -> Since:
    """Note whether the entry was made since; return when it was changed."""
    created = directory.created_at(entry)
    if created is not None and memory.before(created):
        swept.made.add((kind, entry.uuid))
    at = directory.changed_at(entry)
    if at is None:
        raise not_told()
    return at
