"""A tiny upstream OpenID provider on loopback, which signs everybody in at once and misbehaves as a test says."""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwk, jws

from tests.kit.servers.ports import HOST, free_port

Claims = dict[str, Any]
CLIENT, SECRET = "avain", "a secret: with +, % and ö"


@dataclass
class Behaviour:
    """What the provider does; the defaults are right. ``sign`` and ``claims`` may bend a token; ``None`` in ``claims``
    leaves one out."""

    subject: str = "subject-1"
    claims: Claims = field(default_factory=dict)
    discovery: Claims = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    algorithm: str = "RS256"
    sign: Callable[[OpenidProvider, Claims], str] | None = None
    token_status: int = 200
    broken: str = ""
    """A path that answers with an error page instead."""


class OpenidProvider:
    """The provider; a context manager. ``asked`` holds each authorization request, ``redeemed`` each token request's
    form."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.behave = Behaviour()
        self.keys = {"RS256": _key("RS256"), "PS256": _key("PS256"), "ES256": _key("ES256")}
        self.asked: list[dict[str, str]] = []
        self.redeemed: list[dict[str, str]] = []
        self.visits: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server: ThreadingHTTPServer | None = None

    @property
    def issuer(self) -> str:
        """The issuer, as a connection names it."""
        return f"http://localhost:{self.port}/tenant"

    @property
    def place(self) -> str:
        """The name by which settings list it."""
        return f"localhost:{self.port}"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer((HOST, self.port), _handler(self))
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End; nobody listens on the port any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def authorize(self, url: str) -> str:
        """Be the browser of somebody who is signed in here: take the request at ``url``, return the callback's
        address."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.issuer} | self.behave.answer
        return query["redirect_uri"] + "?" + urlencode({name: value for name, value in answer.items() if value})

    def metadata(self) -> Claims:
        """What ``/.well-known/openid-configuration`` says."""
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return said | self.behave.discovery

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """The answer of the token endpoint: only to the right client, verifier and code, once."""
        self.redeemed.append(form | {"authorization": authorization})
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or not self._is_client(form, authorization) or not _verified(asked, form):
            return 400, {"error": "invalid_grant"}
        access_token = secrets.token_urlsafe(16)
        claims = self._claims(asked, access_token)
        sign = self.behave.sign or OpenidProvider.signed
        said = {"access_token": access_token, "token_type": "Bearer", "id_token": sign(self, claims)}
        return self.behave.token_status, said

    def signed(self, claims: Claims, *, kid: str | None = None, key: jwk.Key | None = None) -> str:
        """A token of ours; ``kid`` and ``key`` bend it."""
        algorithm = self.behave.algorithm
        used = key or self.keys[algorithm]
        header = {"alg": algorithm, "kid": kid or str(self.keys[algorithm].kid), "typ": "JWT"}
        return jws.serialize_compact(header, json.dumps(claims), used, algorithms=[algorithm])

    def public_keys(self) -> Claims:
        """The JWK set, whose keys do not say their algorithm, as those of large providers do not."""
        kept = [key.as_dict(private=False) for key in self.keys.values()]
        return {"keys": [{name: value for name, value in key.items() if name != "alg"} for key in kept]}

    def _claims(self, asked: dict[str, str], access_token: str) -> Claims:
        now = int(time.time())
        half = urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).decode().rstrip("=")
        right = {
            "iss": self.issuer,
            "sub": self.behave.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            "at_hash": half,
            "email": "aino@kunta.example",
            "auth_time": now,
        }
        return {name: value for name, value in (right | self.behave.claims).items() if value is not None}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if authorization:
            name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)


@cache
def _key(algorithm: str) -> jwk.Key:
    fields: Any = {"kid": f"key-{algorithm}", "use": "sig"}
    if algorithm == "ES256":
        return jwk.ECKey.generate_key("P-256", fields, private=True)
    return jwk.RSAKey.generate_key(2048, fields, private=True)


def _verified(asked: dict[str, str], form: dict[str, str]) -> bool:
    challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
    same = asked.get("code_challenge") == challenge and asked.get("code_challenge_method") == "S256"
    return same and form.get("redirect_uri") == asked["redirect_uri"] and form.get("grant_type") == "authorization_code"


def _handler(provider: OpenidProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path.removeprefix("/tenant")
            if path == "/authorize":
                provider.visits.append(path)
                self.send_response(302)
                self.send_header("Location", provider.authorize(self.path))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            pages = {"/.well-known/openid-configuration": provider.metadata, "/keys": provider.public_keys}
            self._say(path, 200 if path in pages else 404, pages.get(path, dict)())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say("/token", *provider.token(form, self.headers.get("Authorization", "")))

        def _say(self, path: str, status: int, said: Claims) -> None:
            provider.visits.append(path)
            broken = provider.behave.broken == path
            content = b"<h1>broken</h1>" if broken else json.dumps(said).encode()
            self.send_response(502 if broken else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
