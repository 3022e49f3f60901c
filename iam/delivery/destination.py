"""Where an address that somebody else named may lead: https, a plain name or number, and a public machine behind it.

Pure: looking the name up and going there is the business of ``iam.delivery.egress``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

LONGEST_URL = 2048
"""Characters that an address may have."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# A dot at the end would be a second spelling of the same name.
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
# Beyond what ``ipaddress`` calls private: protocol assignments, 6to4 relays, carriers' addresses, and Azure's metadata
# service.
_REFUSED_V4 = [ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "168.63.129.16/32")]
# Only 2000::/3 is given out; of it, these embed or stand for another address (Teredo, 6to4) or are for documents.
_UNICAST_V6 = ip_network("2000::/3")
_REFUSED_V6 = [ip_network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


class PlaceRefused(Exception):
    """We do not go to this address; nothing was sent to it. The text says why and holds no part of the address."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads, before its name is resolved."""

    tls: bool
    host: str
    port: int
    target: str
    listed: bool

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def place_of(url: str, listed_hosts: Sequence[str]) -> Place:
    """Read an address strictly: what two parsers could read in two ways raises ``PlaceRefused``. ``listed_hosts`` as in
    ``settings.Egress``."""
    if len(url) > LONGEST_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\#]", url):
        raise PlaceRefused("not an address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise PlaceRefused("not an address") from error
    if parts.scheme not in ("https", "http"):
        raise PlaceRefused("not https")
    if "@" in parts.netloc:
        raise PlaceRefused("credentials in the address")
    host = _host(parts)
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    listed = _listed(host, port, listed_hosts)
    if parts.scheme == "http" and not listed:
        raise PlaceRefused("not https")
    if not listed and _is_number(host) and not is_public(host):
        raise PlaceRefused("not a public address")
    query = f"?{parts.query}" if parts.query else ""
    return Place(parts.scheme == "https", host, port, (parts.path or "/") + query, listed)


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if "[" in parts.netloc:
        try:
            return str(IPv6Address(host)) if "%" not in host else _no_host()
        except ValueError:
            return _no_host()
    if _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        try:
            # 0177.1, 2130706433 and the like are no addresses here, whatever a resolver makes of them.
            return str(IPv4Address(host))
        except ValueError:
            return _no_host()
    return host if len(host) <= 253 and _NAME.fullmatch(host) else _no_host()


def _no_host() -> str:
    raise PlaceRefused("not an address")


def _listed(host: str, port: int, listed_hosts: Sequence[str]) -> bool:
    plain = f"[{host}]" if ":" in host else host
    return any(each.lower() in (host, plain, f"{plain}:{port}") for each in listed_hosts)


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def is_public(address: str) -> bool:
    """Whether an IP address, as text, is one that anybody on the internet reaches: not ours, not special, not another
    in disguise."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        return found in _UNICAST_V6 and found.is_global and not any(found in each for each in _REFUSED_V6)
    ordinary = found.is_global and not found.is_multicast and not found.is_reserved
    return ordinary and not any(found in each for each in _REFUSED_V4)
