"""A browser and a program in one, as light as can be: it must not take the processor from what it measures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``location`` is empty unless it is a redirect."""

    status: int
    location: str
    body: bytes

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()

    def json(self) -> Any:
        """The body of a protocol endpoint."""
        return json.loads(self.body)


class Refused(SystemExit):
    """An answer that nobody expected: a benchmark that does not look for it ends."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Browser:
    """Keeps its connection and its cookies; follows no redirect by itself."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._cookies: dict[str, str] = {}

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch a page of this host; an address with another host is taken for one of this."""
        return self._ask("GET", address, None, headers or {})

    def post(
        self, address: str, data: Mapping[str, str], headers: Mapping[str, str] | None = None, *, refusal: int = 0
    ) -> Answer:
        """Send a form; ``refusal`` is the status of the refusal that is looked for."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", address, urlencode(data), {**kind, **(headers or {})}, refusal)

    def try_post(self, address: str, data: Mapping[str, str], headers: Mapping[str, str]) -> int:
        """Send a form and return the status, whatever it is."""
        try:
            return self.post(address, data, headers).status
        except Refused as refused:
            return refused.status

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def _ask(self, method: str, address: str, body: str | None, headers: Mapping[str, str], refusal: int = 0) -> Answer:
        parts = urlsplit(address)
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        self._connection.request(
            method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            body,
            {**headers, **(cookies if self._cookies else {})},
        )
        answer = self._connection.getresponse()
        for line in answer.msg.get_all("Set-Cookie", ()):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        read = answer.read()
        if answer.status >= 400 and answer.status != refusal:
            raise Refused(answer.status, f"{method} {parts.path}: {answer.status} {read[:300]!r}")
        return Answer(answer.status, answer.headers.get("Location", ""), read)
