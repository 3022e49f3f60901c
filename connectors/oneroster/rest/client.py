"""Questions to the server: with a token, tried again where that may help, within the time of the whole reading."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from connectors.network.deadline import Deadline, DeadlinePassed
from connectors.network.link import Answer, BadTrust, Place, Request, ask
from connectors.network.timed import TooMuch
from connectors.oneroster.rest import failure
from connectors.oneroster.rest.settings import OneRosterRestSettings, client_secret, place

TRIES = 5
LONGEST_PAUSE = 60.0
"""Seconds between two tries, whatever Retry-After says."""
_WRONG = (OSError, http.client.HTTPException, DeadlinePassed, BadTrust, TooMuch)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its JSON, how many objects there are in all where the server says, and whether it names a next
    page."""

    told: Any
    total: int | None
    more: bool


class FilterRefused(Exception):
    """The server does not answer a question with a filter."""


class Client:
    """A server as one client of it. Every method raises ``ConnectorError``."""

    def __init__(self, settings: OneRosterRestSettings) -> None:
        self._settings = settings
        self._base, self._token_place = place(settings.url, "url"), place(settings.token_url, "token_url")
        self._secret = client_secret(settings)
        self._end = Deadline(settings.total_seconds)
        self._token: str | None = None

    def get(self, collection: str, query: Mapping[str, str]) -> Page:
        """Ask for a page of a collection; raises ``FilterRefused`` where the filter of ``query`` is not taken."""
        target = f"{self._base.path.rstrip('/')}/{collection}?{urlencode(query, quote_via=quote)}"
        answer = self._with_token(target)
        if answer.status in (400, 422, 501) and "filter" in query:
            raise FilterRefused
        if answer.status != 200:
            raise failure.of_status(answer.status, "url")
        total = answer.headers.get("x-total-count", "").strip()
        counted = int(total) if total.isascii() and total.isdigit() and len(total) < 12 else None
        return Page(_json(answer, "url"), counted, 'rel="next"' in answer.headers.get("link", "").replace("'", '"'))

    def _with_token(self, target: str) -> Answer:
        """Ask with a token, and once more with a new one when it is not taken: it may have expired."""
        answer = self._ask(self._base, Request("GET", target, self._bearer()), "url")
        if answer.status == 401:
            self._token = None
            answer = self._ask(self._base, Request("GET", target, self._bearer()), "url")
        return answer

    def _bearer(self) -> dict[str, str]:
        if self._token is None:
            self._token = self._new_token()
        return {"Authorization": f"Bearer {self._token}"}

    def _new_token(self) -> str:
        pair = f"{quote(self._settings.client_id, safe='')}:{quote(self._secret, safe='')}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = urlencode({"grant_type": "client_credentials", "scope": self._settings.scope}).encode()
        request = Request("POST", self._token_place.path or "/", headers, form)
        answer = self._ask(self._token_place, request, "token_url")
        if answer.status in (400, 401, 403):
            raise failure.no_token(answer.status)
        if answer.status != 200:
            raise failure.of_status(answer.status, "token_url")
        told = _json(answer, "token_url")
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token or not token:
            raise failure.no_json("token_url")
        return token

    def _ask(self, where: Place, request: Request, field: str) -> Answer:
        """Ask, and again as long as the server is busy, with longer and longer pauses."""
        for tried in range(1, TRIES + 1):
            answer = self._ask_once(where, request, field)
            if answer.status not in failure.BUSY or tried == TRIES:
                return answer
            wait = max(self._settings.retry_seconds * 2 ** (tried - 1), _retry_after(answer))
            if wait > min(LONGEST_PAUSE, self._end.remaining()):
                return answer
            time.sleep(wait)
        raise AssertionError("the last try returns")

    def _ask_once(self, where: Place, request: Request, field: str) -> Answer:
        left = self._end.remaining()
        if left <= 0:
            raise failure.too_slow("total_seconds")
        try:
            return ask(where, request, self._settings.ca_file, min(self._settings.deadline_seconds, left))
        except _WRONG as error:
            raise failure.failure(error, field) from None
        except ValueError:
            # What http.client raises over a hostile head.
            raise failure.no_json(field) from None


def _json(answer: Answer, field: str) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise failure.no_json(field) from None


def _retry_after(answer: Answer) -> float:
    """Return how many seconds the server asks us to wait (RFC 9110 section 10.2.3)."""
    told = answer.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        return max((parsedate_to_datetime(told).astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0)
    except ValueError:
        return 0
