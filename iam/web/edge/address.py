"""Whose address a request comes from: the one that a named proxy tells, else the peer's.

Anybody can write ``X-Forwarded-For``. It is believed from the right, as far as those who wrote it are proxies that
``IAM_LISTEN__PROXIES`` names: each of them adds the address it was spoken to from at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from iam.settings import Listen

_MOST = 20
"""Proxies in a row; no installation has more, and nobody's header is read further."""
_PREFIX = 64
"""Of an IPv6 address: what one subscriber gets."""


class Addresses:
    """Tells addresses as one installation's settings say."""

    def __init__(self, listen: Listen) -> None:
        self._proxies = [ip_network(one, strict=False) for one in listen.proxies]

    def of_person(self, peer: str, forwarded: Sequence[str] = ()) -> str:
        """Return the address of the person; ``peer`` is who opened the connection, ``forwarded`` the values of
        ``X-Forwarded-For``."""
        found = _read(peer)
        if found is None:
            return peer
        told = [one for value in forwarded for one in value.split(",")]
        for one in reversed(told[-_MOST:]):
            further = _read(one) if self._is_proxy(found) else None
            if further is None:
                break
            found = further
        return str(found)

    def _is_proxy(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._proxies)


def network(address: str) -> str:
    """Return the network by which an address is counted: itself, or the /64 that an IPv6 address is in; any other text
    as it is."""
    found = _read(address)
    return str(IPv6Network((found, _PREFIX), strict=False)) if isinstance(found, IPv6Address) else str(found or address)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address as proxies write it, with or without a port; None when it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
