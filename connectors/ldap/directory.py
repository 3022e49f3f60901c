"""What is asked of a directory: persons, groups, one person by login."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import ldap3
from ldap3.utils.conv import escape_bytes, escape_filter_chars

from connectors.contract import Refused
from connectors.ldap.entries import Entry, entries, entries_of
from connectors.ldap.membership import LOGIN_ATTRIBUTE, MEMBER_ATTRIBUTES, Groups, member_names, texts
from connectors.ldap.ranges import whole
from connectors.ldap.rows import GROUP_ATTRIBUTES
from connectors.ldap.settings import OBJECT_GUID, LdapSettings, address, bind_password
from connectors.ldap.wire.server import NUMBER, Server, server
from connectors.ldap.wire.session import Session
from connectors.ldap.wire.times import moment
from connectors.network.deadline import Deadline

ASKED_AT_ONCE = 50
"""Ids in one filter."""
_PERSON_OR_GROUP = "(|(objectClass=person)(objectClass=group))(!(objectClass=computer))"


class Directory:
    """A directory over an open session; ``connected`` makes one. Every method raises ``ConnectorError``."""

    def __init__(self, settings: LdapSettings, session: Session) -> None:
        self._settings = settings
        self._session = session
        # Active Directory computes modifyTimestamp when it is read, so that nothing can be searched by it; whenChanged
        # would rest on the clocks of its servers.
        numbered = settings.id_attribute == OBJECT_GUID
        self._changed = "uSNChanged" if numbered else "modifyTimestamp"
        self._created = "uSNCreated" if numbered else None
        self._stamps = tuple(filter(None, (self._changed, self._created)))
        self._logins = tuple({name.lower(): name for name in ("uid", settings.login_attribute)}.values())

    def server(self, deadline: Deadline) -> Server:
        """Ask the directory who it is."""
        return server(self._session, self._settings, deadline)

    def changed_at(self, entry: Entry) -> datetime | int | None:
        """Return when the entry was changed, in Active Directory as which number; None where the directory does not
        say."""
        at = next(iter(texts(entry.values, self._changed)), "")
        return moment(at) if self._created is None else _number(at)

    def created_at(self, entry: Entry) -> int | None:
        """Return as which number the entry was made, None where that is not told: outside Active Directory."""
        return None if self._created is None else _number(next(iter(texts(entry.values, self._created)), ""))

    def is_openldap(self) -> bool:
        """Ask whether the directory says that it is OpenLDAP."""
        _, found = self._session.search(
            Deadline(self._settings.deadline_seconds),
            search_base="",
            search_filter="(objectClass=*)",
            search_scope=ldap3.BASE,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=["objectClass"],
        )
        return any(b"OpenLDAProotDSE" in each.values.get("objectclass", ()) for each in found)

    def person_ids(self) -> Iterator[str]:
        """Yield the ids of all persons."""
        return (entry.uuid for entry in entries(self._session, self._settings, self._settings.person_filter, ()))

    def persons(self, *attributes: str, since: str | None = None, within: str = "") -> Iterator[Entry]:
        """Yield all persons, or those changed at ``since`` or later (as ``Memory.asked`` writes it) and whom the filter
        ``within`` holds too, with their logins and these attributes."""
        wanted = f"(&{self._settings.person_filter}{within})" if within else self._settings.person_filter
        if since is not None:
            wanted = f"(&{wanted}({self._changed}>={since}))"
        return entries(self._session, self._settings, wanted, (*self._stamps, *self._logins, *attributes))

    def these_persons(self, uuids: Iterable[str], *attributes: str) -> Iterator[Entry]:
        """Yield the persons with these ids in Active Directory, with these attributes."""
        ids = [f"({OBJECT_GUID}={escape_bytes(UUID(uuid).bytes_le)})" for uuid in uuids]
        for first in range(0, len(ids), ASKED_AT_ONCE):
            some = "".join(ids[first : first + ASKED_AT_ONCE])
            wanted = f"(&{self._settings.person_filter}(|{some}))"
            yield from entries(self._session, self._settings, wanted, (*self._stamps, *attributes))

    def deleted(self, context: str, since: str) -> set[tuple[str, str]]:
        """Return kind and id of what Active Directory tells to be deleted as number ``since`` or later, as far as it
        lets us read that: nothing where it does not."""
        wanted = f"(&(isDeleted=TRUE)({self._changed}>={since}){_PERSON_OR_GROUP})"
        try:
            found = [*entries(self._session, self._settings, wanted, ("objectClass",), deleted_of=context)]
        except Refused:
            return set()
        groups = {entry.uuid for entry in found if b"group" in entry.values.get("objectclass", ())}
        return {("group" if entry.uuid in groups else "person", entry.uuid) for entry in found}

    def groups(self) -> Iterator[Entry]:
        """Yield all groups with the names and logins of their members, however many parts the directory gives them
        in."""
        wanted = (*self._stamps, *GROUP_ATTRIBUTES, *MEMBER_ATTRIBUTES, LOGIN_ATTRIBUTE)
        # All pages first: a server may forget where it was when something else is asked between two of them.
        found = [*entries(self._session, self._settings, self._settings.group_filter, wanted)]
        return (whole(self._session, self._settings, entry) for entry in found)

    def note_person(self, known: Groups, entry: Entry) -> None:
        """Note a person with the logins by which a posixGroup may name them: their ``uid`` and what they sign in by."""
        known.add_person(entry.dn, entry.uuid, self.logins(entry))

    def logins(self, entry: Entry) -> Iterator[str]:
        """Yield the logins of a person."""
        return (login for name in self._logins for login in texts(entry.values, name))

    def note_group(self, known: Groups, entry: Entry) -> None:
        """Note a group and whom it holds."""
        known.add_group(entry.dn, entry.uuid, member_names(entry.values), texts(entry.values, LOGIN_ATTRIBUTE))

    def count_persons(self) -> int:
        """Count the persons."""
        return sum(1 for _ in self.person_ids())

    def count_groups(self) -> int:
        """Count the groups, without what they hold."""
        return sum(1 for _ in entries(self._session, self._settings, self._settings.group_filter, ()))

    def by_login(self, login: str, deadline: Deadline) -> Entry | None:
        """Return the one person whose login attribute is literally ``login``; None for no one and for several."""
        settings = self._settings
        _, response = self._session.search(
            deadline,
            search_base=settings.base_dn,
            search_filter=f"(&{settings.person_filter}({settings.login_attribute}={escape_filter_chars(login)}))",
            search_scope=ldap3.SUBTREE,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=[settings.id_attribute],
        )
        found = entries_of(response, settings.id_attribute)
        return found[0] if len(found) == 1 else None


def _number(text: str) -> int | None:
    return int(text) if NUMBER.fullmatch(text) else None


@contextmanager
def connected(settings: LdapSettings, deadline: Deadline) -> Iterator[Directory]:
    """Connect and bind within ``deadline``, and close at the end; raises ``ConnectorError``."""
    where, password = address(settings), bind_password(settings)
    with Session(where, settings.ca_file, settings.bind_dn, password, deadline) as session:
        session.open()
        session.bind()
        yield Directory(settings, session)


def accepts(settings: LdapSettings, dn: str, password: str, deadline: Deadline) -> bool:
    """Return whether the directory lets ``dn`` bind with ``password``, over a connection of its own."""
    with Session(address(settings), settings.ca_file, dn, password, deadline) as session:
        session.open()
        return session.accepts()
