"""What a directory says of itself: which one it is, what time it has, and how many changes it has numbered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import ldap3

from connectors.contract import Refused
from connectors.ldap.settings import OBJECT_GUID, LdapSettings
from connectors.ldap.wire.session import Session
from connectors.ldap.wire.times import moment
from connectors.network.deadline import Deadline

NUMBER = re.compile("[0-9]{1,19}")
"""How an update sequence number is written."""

_ROOT = ("currentTime", "dsServiceName", "highestCommittedUSN", "defaultNamingContext")


@dataclass(frozen=True, slots=True)
class Server:
    """``name`` is a digest that another directory, another domain controller of Active Directory, and one that was
    restored does not have; ``time`` its clock's.

    The time is None where the directory does not tell it: only Active Directory does (``currentTime`` of the rootDSE).
    ``usn`` is the number that it gave its last change ([MS-ADTS] 3.1.1.3.2.22), None where it tells none or not whose
    it is; ``context`` the root of its domain, ``""`` outside Active Directory.
    """

    name: str
    time: datetime | None
    usn: int | None = None
    context: str = ""


def server(session: Session, settings: LdapSettings, deadline: Deadline) -> Server:
    """Ask the directory who it is; raises ``ConnectorError``. One that tells nothing of itself is known by its base's
    id only."""
    base = _entry(session, deadline, settings.base_dn, settings.id_attribute)
    root = _readable(session, deadline, "", *_ROOT)
    service = _text(root, "dsServiceName")
    # Domain controllers each have their own times and numbers of change: what one told says nothing of another, nor of
    # itself after it was restored, when it has another invocation id.
    numbered = service and settings.id_attribute == OBJECT_GUID
    invocation = _readable(session, deadline, service, "invocationId").get("invocationid", []) if numbered else []
    names = (*base.get(settings.id_attribute.lower(), ()), service.encode(), *invocation)
    usn = _text(root, "highestCommittedUSN")
    return Server(
        blake2b(b"\x1f".join(filter(None, names)), digest_size=8).hexdigest(),
        moment(_text(root, "currentTime")),
        int(usn) if invocation and NUMBER.fullmatch(usn) else None,
        _text(root, "defaultNamingContext"),
    )


def _readable(session: Session, deadline: Deadline, dn: str, *attributes: str) -> dict[str, list[bytes]]:
    try:
        return _entry(session, deadline, dn, *attributes)
    except Refused:
        return {}


def _text(values: dict[str, list[bytes]], attribute: str) -> str:
    return next(iter(values.get(attribute.lower(), ())), b"").decode("utf-8", "replace")


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
