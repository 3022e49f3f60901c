"""Entries of a directory: searched page by page (RFC 2696), each page within its deadline, to a proved end."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import ldap3

from connectors.contract import Malformed
from connectors.ldap.settings import OBJECT_GUID, LdapSettings
from connectors.ldap.wire.found import Found
from connectors.ldap.wire.session import Session
from connectors.network.deadline import Deadline
from connectors.problem import Problem

PAGED_RESULTS = "1.2.840.113556.1.4.319"
_CANONICAL = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""How directories write an entryUUID; the 16 bytes of an objectGUID are never so long."""
SHOW_DELETED = "1.2.840.113556.1.4.417"
IDLE_PAGES = 3
"""Pages in a row that may bring nothing new (RFC 2696 lets a page be empty) before it is taken for a loop."""


@dataclass(frozen=True)
class Entry:
    """One entry; ``values`` by attribute name in small letters, as the directory's bytes; ``id_attribute`` holds its
    id."""

    dn: str
    values: dict[str, list[bytes]]
    id_attribute: str

    @cached_property
    def uuid(self) -> str:
        """The entry's id in canonical form: an entryUUID is that text (RFC 4530), an objectGUID its 16 bytes, the first
        three groups reversed ([MS-DTYP] 2.3.4). Raises ``Malformed`` when the directory gave none.
        """
        try:
            value = self.values[self.id_attribute.lower()][0]
            if _CANONICAL.fullmatch(value):
                return value.decode("ascii")
            return str(UUID(bytes_le=value) if self.id_attribute == OBJECT_GUID else UUID(value.decode("ascii")))
        except (KeyError, IndexError, ValueError):
            raise Malformed(
                Problem(
                    "An entry has no %(attribute)s.",
                    (
                        "Give bind_dn the right to read it, or name the attribute that holds an entry's id in "
                        "id_attribute."
                    ),
                    field="id_attribute",
                    params={"attribute": self.id_attribute},
                )
            ) from None


def entries(
    session: Session,
    settings: LdapSettings,
    search_filter: str,
    attributes: tuple[str, ...],
    *,
    deleted_of: str | None = None,
) -> Iterator[Entry]:
    """Yield every entry under the base that ``search_filter`` finds, once; one renamed meanwhile comes under its first
    name. With ``deleted_of`` a domain's entries are found, and those that Active Directory keeps of what is deleted.

    ``attributes`` are asked for besides the id. References to other servers (RFC 4511 section 4.5.3) are not followed.
    Raises ``ConnectorError`` when a page fails or paging does not come to an end.
    """
    wanted = [*{name.lower(): name for name in (settings.id_attribute, *attributes)}.values()]
    cookie, seen, idle = b"", set[str](), 0
    while True:
        result, response = session.search(
            Deadline(settings.deadline_seconds),
            search_base=settings.base_dn if deleted_of is None else deleted_of,
            search_filter=search_filter,
            search_scope=ldap3.SUBTREE,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=wanted,
            time_limit=math.ceil(settings.deadline_seconds),
            paged_size=settings.page_size,
            paged_criticality=True,
            paged_cookie=cookie or None,
            controls=None if deleted_of is None else [(SHOW_DELETED, True, None)],
        )
        page = entries_of(response, settings.id_attribute)
        fresh = {entry.uuid: entry for entry in page if entry.uuid not in seen}
        seen.update(fresh)
        yield from fresh.values()
        cookie = _cookie(result)
        if not cookie:
            return
        idle = 0 if fresh else idle + 1
        if idle == IDLE_PAGES:
            raise Malformed(
                Problem(
                    "The directory repeats its pages without an end.",
                    "Try a larger page_size; the directory's paging is broken.",
                    field="url",
                )
            )


def entries_of(found: list[Found], id_attribute: str) -> list[Entry]:
    """Return what a search found as entries."""
    return [Entry(dn, values, id_attribute) for dn, values in found]


def _cookie(result: dict[str, Any]) -> bytes:
    control = (result.get("controls") or {}).get(PAGED_RESULTS)
    if control is None:
        raise Malformed(
            Problem(
                "The directory passes over the paging that it was asked for.",
                "Have it offer paged results (RFC 2696).",
                field="url",
            )
        )
    return bytes(control["value"]["cookie"] or b"")
