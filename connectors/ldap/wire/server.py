"""What a directory says of itself: which one it is, and what time it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import ldap3

from connectors.contract import Refused
from connectors.ldap.settings import LdapSettings
from connectors.ldap.wire.session import Session
from connectors.ldap.wire.times import moment
from connectors.network.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Server:
    """``name`` is a digest that another directory, or another server of Active Directory, does not have; ``time`` its
    clock's.

    The time is None where the directory does not tell it: only Active Directory does (``currentTime`` of the rootDSE).
    """

    name: str
    time: datetime | None


def server(session: Session, settings: LdapSettings, deadline: Deadline) -> Server:
    """Ask the directory who it is; raises ``ConnectorError``. One that tells nothing of itself is known by its base's
    id only."""
    base = _entry(session, deadline, settings.base_dn, settings.id_attribute)
    try:
        # Servers of Active Directory each have their own whenChanged: what one told says nothing of another.
        root = _entry(session, deadline, "", "currentTime", "dsServiceName")
    except Refused:
        root = {}
    names = (*base.get(settings.id_attribute.lower(), ()), *root.get("dsservicename", ()))
    times = [moment(value.decode("ascii", "replace")) for value in root.get("currenttime", ())]
    return Server(blake2b(b"\x1f".join(names), digest_size=8).hexdigest(), times[0] if times else None)


def _entry(session: Session, deadline: Deadline, dn: str, *attributes: str) -> dict[str, list[bytes]]:
    _, found = session.search(
        deadline,
        search_base=dn,
        search_filter="(objectClass=*)",
        search_scope=ldap3.BASE,
        dereference_aliases=ldap3.DEREF_NEVER,
        attributes=list(attributes),
    )
    return found[0].values if found else {}
