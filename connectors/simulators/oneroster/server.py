"""The HTTP side of the simulator: tokens, collections page by page, and the faults that were asked for."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from connectors.simulators.oneroster.asked import Asked, NotUnderstood, links, parse
from connectors.simulators.oneroster.faults import FAULTS, Fault
from connectors.simulators.oneroster.roster import COLLECTIONS, Object, Roster

BASE = "/ims/oneroster/rostering/v1p2"
HOST = "127.0.0.1"
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
_LARGEST_BODY = 1 << 20


class Simulator:
    """A server on loopback; a context manager that serves in threads. Port 0 chooses a free one.

    ``largest_page`` is how many objects it gives at a time, whatever it is asked for; ``asked`` lists the targets of
    all requests for collections, in their order.
    """

    client, secret = "avain", "simulated"

    def __init__(self, roster: Roster, port: int = 0) -> None:
        self.roster = roster
        self.fault: Fault | None = None
        self.largest_page = 1000
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.stopped = Event()
        self._server = ThreadingHTTPServer((HOST, port), type("Handler", (_Handler,), {"simulator": self}))
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """Where it answers, without a path."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def break_down(self, name: str | None, after: int = 0) -> None:
        """Set the fault of this name, or none; raises ``KeyError`` for one that there is not."""
        self.fault = None if name is None else Fault({each: each for each in FAULTS}[name], after)

    def serve(self) -> None:
        """Serve until ``close``."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop, also what is slow."""
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        Thread(target=self.serve, daemon=True, name="oneroster-simulator").start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    simulator: Simulator
    protocol_version = "HTTP/1.1"
    server_version = "OneRosterSimulator"

    def log_message(self, *_: object) -> None:
        """Say nothing of a request: its query may name a person."""

    def do_POST(self) -> None:  # the library's name
        path = urlsplit(self.path).path
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _LARGEST_BODY))
        if path == "/token":
            self._token(_form(body))
        elif path == "/simulator/fault":
            self._set_fault(_form(body))
        elif path.startswith("/simulator/rows/") and (name := path.rpartition("/")[2]) in COLLECTIONS:
            self.simulator.roster.put(name, json.loads(body))
            self._json(200, {})
        else:
            self._failure(404, "unknownobject")

    def do_GET(self) -> None:  # the library's name
        parts = urlsplit(self.path)
        name = parts.path.removeprefix(f"{BASE}/")
        if not parts.path.startswith(f"{BASE}/") or name not in COLLECTIONS:
            self._failure(404, "unknownobject")
            return
        self.simulator.asked.append(self.path)
        fault = self._fault()
        if self._is_refused(fault):
            return
        try:
            query = _form(parts.query.encode())
            asked = parse(query, self.simulator.largest_page)
        except NotUnderstood as error:
            self._failure(400, str(error))
            return
        if fault == "no-filter" and asked.conditions:
            self._failure(400, "invalidfilterfield")
        else:
            self._page(name, query, asked, fault)

    def _fault(self) -> str | None:
        """Return the fault that strikes this request: the one that its header names, or the one that is set."""
        named = self.headers.get("X-Simulator-Fault")
        if named in FAULTS:
            return named
        fault = self.simulator.fault
        return fault.name if fault is not None and fault.strikes() else None

    def _is_refused(self, fault: str | None) -> bool:
        """Answer a request that gets no page; say whether it was one."""
        if fault in ("expired", "refused"):
            self.simulator.tokens.clear()
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.simulator.tokens:
            self._failure(401, "unauthorisedrequest", {"WWW-Authenticate": "Bearer"})
        elif fault in ("busy", "always-busy"):
            self._failure(429, "server_busy", {"Retry-After": "0"})
        elif fault == "gateway":
            self._failure(502, "internal_server_error")
        elif fault == "forbidden":
            self._failure(403, "forbidden")
        elif fault == "redirect":
            self._send(302, b"", "text/plain", {"Location": "http://elsewhere.example/"})
        elif fault == "page-of-errors":
            self._send(200, b"<!doctype html><title>Oops</title>", "text/html", {})
        else:
            return False
        return True

    def _page(self, name: str, query: dict[str, str], asked: Asked, fault: str | None) -> None:
        found = asked.of(self.simulator.roster.all(name))
        if fault == "twice" and found:
            found = [*found, found[0]]
        total = len(found)
        told = total + {"lying-total": 3, "short-total": -1, "moving-total": asked.offset}.get(fault or "", 0)
        start = 0 if fault == "repeat" else asked.offset
        body = json.dumps(_named(name, found[start : start + asked.limit], fault), ensure_ascii=False).encode()
        headers = {
            "X-Total-Count": str(told),
            "Link": links(f"{self.simulator.address}{BASE}/{name}", query, asked, total),
        }
        if fault == "not-json":
            body = body[: len(body) // 2]
        if fault in ("cut", "slow", "endless"):
            self._send_badly(body, headers, fault)
        else:
            self._send(200, body, "application/json", {} if fault == "no-total" else headers)

    def _send_badly(self, body: bytes, headers: dict[str, str], fault: str) -> None:
        self.close_connection = True
        self._head(
            200, "application/json", {**headers, "Content-Length": str(1 << 40 if fault == "endless" else len(body))}
        )
        if fault == "cut":
            self.wfile.write(body[: len(body) // 2])
            return
        try:
            for piece in _dripping(body) if fault == "slow" else _endless():
                if self.simulator.stopped.wait(0.05 if fault == "slow" else 0):
                    return
                self.wfile.write(piece)
        except OSError:
            return

    def _token(self, form: dict[str, str]) -> None:
        named = (form.get("client_id", ""), form.get("client_secret", ""))
        if (header := self.headers.get("Authorization", "")).startswith("Basic "):
            client, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
            named = (unquote(client), unquote(secret))
        if named != (self.simulator.client, self.simulator.secret):
            self._json(401, {"error": "invalid_client"})
        elif form.get("grant_type") != "client_credentials":
            self._json(400, {"error": "unsupported_grant_type"})
        elif SCOPE not in form.get("scope", "").split(" "):
            self._json(400, {"error": "invalid_scope"})
        else:
            token = secrets.token_urlsafe(24)
            self.simulator.tokens.add(token)
            told = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": SCOPE}
            self._json(200, told)

    def _set_fault(self, form: dict[str, str]) -> None:
        try:
            self.simulator.break_down(form.get("name") or None, int(form.get("after", "0")))
        except (KeyError, ValueError):
            self._json(400, {"faults": FAULTS})
        else:
            self._json(200, {})

    def _failure(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        """Answer in the standard's form of an error (imsx_StatusInfo)."""
        minor = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}
        told = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_codeMinor": {"imsx_codeMinorField": [minor]},
        }
        self._send(status, json.dumps(told).encode(), "application/json", headers or {})

    def _json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", {"Cache-Control": "no-store"})

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        self._head(status, kind, {**headers, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _named(name: str, objects: list[Object], fault: str | None) -> object:
    return {"rows": len(objects)} if fault == "not-a-list" else {name: objects}


def _form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _dripping(body: bytes) -> Iterator[bytes]:
    return (body[at : at + 1] for at in range(len(body)))


def _endless() -> Iterator[bytes]:
    yield b'{"users": ['
    while True:
        yield b" " * 65536
