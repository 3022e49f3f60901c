"""The one door by which the service fetches what somebody else named: a client's keys, a sector, a logout address, an
upstream.

https only; the address behind the name must be public and the connection goes to that very address, so a name that
changes its mind between check and use (DNS rebinding) gains nothing; the certificate is checked against the name. No
redirect is followed, no proxy of the environment is used, no cookie, no compression. An answer has at most 64 KiB and 5
seconds in all, from the first look-up to the last byte. ``settings.Egress`` may add an authority and name hosts that
are allowed all the same.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from connectors.network.timed import TimedSocket, TooMuch, connect
from iam.delivery.destination import Place, PlaceRefused, is_public, place_of
from iam.settings import Egress

__all__ = ["Failed", "PlaceRefused", "fetch_json", "fetch_text", "post_form", "post_form_json"]

SECONDS = 5.0
"""How long one fetch may take in all."""
LIMIT = 64 * 1024
"""Bytes that the body of an answer may have; its head may have a quarter of that besides."""
# A resolver has no deadline of its own; it waits in a thread, so that we need not wait for it.
_RESOLVERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="egress-resolve")


class Failed(Exception):
    """The other side did not answer as it should: unreachable, too slow, too long, an error, not what was asked."""


def fetch_text(url: str, allowed: Egress) -> str:
    """GET an address and return its body; the answer must be 200 and UTF-8. Raises ``PlaceRefused`` and ``Failed``."""
    status, body = _ask(url, allowed, "GET", {})
    if status != 200:
        raise Failed(f"status {status}")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Failed("not UTF-8") from error


def fetch_json(url: str, allowed: Egress) -> Any:
    """GET an address and return the JSON it answers. Raises ``PlaceRefused`` and ``Failed``."""
    return _json(fetch_text(url, allowed))


def post_form(url: str, fields: Mapping[str, str], allowed: Egress) -> int:
    """POST a form and return the status of the answer, whatever it is. Raises ``PlaceRefused`` and ``Failed``."""
    return _ask(url, allowed, "POST", {}, fields)[0]


def post_form_json(
    url: str, fields: Mapping[str, str], allowed: Egress, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """POST a form and return the status and the JSON of the answer. Raises ``PlaceRefused`` and ``Failed``, also when
    it is no JSON."""
    status, body = _ask(url, allowed, "POST", headers or {}, fields)
    try:
        return status, _json(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Failed("not UTF-8") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failed("not JSON") from error


def _addresses(place: Place, until: float) -> list[str]:
    """Resolve once. All that the name stands for must be public: one private address among public ones is refused
    too."""
    asked: Future[list[str]] = _RESOLVERS.submit(_resolve, place.host, place.port)
    try:
        found = asked.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError as error:
        raise Failed("too slow") from error
    except TooMuch as error:
        raise Failed("too long") from error
    except (OSError, UnicodeError) as error:
        raise Failed("no such host") from error
    if not found:
        raise Failed("no such host")
    if not place.listed and not all(is_public(each) for each in found):
        raise PlaceRefused("not a public address")
    return found


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _ask(
    url: str, allowed: Egress, method: str, headers: Mapping[str, str], fields: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    until = time.monotonic() + SECONDS
    place = place_of(url, allowed.hosts)
    body = None if fields is None else urlencode(fields).encode("ascii")

    def left() -> float:
        return until - time.monotonic()

    sent = {
        "Host": place.authority,
        "Accept-Encoding": "identity",
        "User-Agent": "Avain",
        **headers,
        "Connection": "close",
    }
    if body is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        addresses = _addresses(place, until)
        context = _trust(allowed.ca_file) if place.tls else None
        with connect(addresses, place.port, left, context, place.host) as link:
            door = http.client.HTTPConnection(place.host, place.port)
            timed: Any = TimedSocket(link, left, LIMIT + LIMIT // 4)
            door.sock = timed
            door.request(method, place.target, body, sent)
            with door.getresponse() as answer:
                return answer.status, _body(answer)
    except TimeoutError as error:
        raise Failed("too slow") from error
    except TooMuch as error:
        raise Failed("too long") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Failed(f"no answer: {type(error).__name__}") from error


def _body(answer: http.client.HTTPResponse) -> bytes:
    if answer.getheader("Content-Encoding", "identity").strip().lower() != "identity":
        raise Failed("compressed")
    body = answer.read(LIMIT + 1)
    if len(body) > LIMIT:
        raise Failed("too long")
    if answer.length:
        raise Failed("cut off")
    return body


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return _context(ca_file, ca_file.stat().st_mtime_ns if ca_file else 0)
    except OSError as error:
        raise Failed("the file of IAM_EGRESS__CA_FILE cannot be read") from error


@lru_cache(maxsize=2)
def _context(ca_file: Path | None, _changed: int) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
