"""C-27: what is small to send and huge to read is refused at once: little work, little memory, an answer in the
protocol's words."""

from __future__ import annotations

import json
import time
import tracemalloc
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from iam.oidc.clients.assertions import TYPE
from iam.oidc.clients.authentication import presented
from iam.tokens import foreign, jose
from tests.flows.security.protocol.forge import encode, signed
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, World, request_of

SECONDS = 0.05
"""CPU that reading a bomb may cost; wall time would tell of the machine's other work."""

MEGABYTES = 8
"""Memory that a request may need at its height, its own body included."""

LONGEST_LINE = 64 * 1024
"""No server hands a longer address on."""


def part(value: Any) -> str:
    return encode(json.dumps(value).encode())


@cache
def bombs() -> dict[str, str]:
    """Tokens by what is meant to go off."""
    head = {"alg": "ES256", "kid": JWT_KEY.kid, "typ": "JWT"}
    wrapped = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 10**9, "p2s": "AAAA"}
    compressed = urlsafe_b64encode(zlib.compress(bytes(12_000_000), 9)).decode().rstrip("=")
    direct = {"alg": "dir", "enc": "A128GCM", "zip": "DEF"}
    text = json.dumps({"sub": "wilma-key", "iss": "wilma-key"}).encode()
    return {
        "a compressed payload": f"{part(direct)}..AAAA.{compressed[:16_000]}.AAAA",
        "a compressed payload, signed": signed(JWT_KEY, {**head, "zip": "DEF"}, zlib.compress(bytes(9_000_000))[:9000]),
        "p2c of a thousand million": f"{part(wrapped)}.AAAA.AAAA.AAAA.AAAA",
        "p2c in a signed token": signed(JWT_KEY, head | {"p2c": 10**9}, text),
        "a long header": f"{part({**head, 'x': 'x' * 900_000})}.{part({})}.AAAA",
        "a long payload": f"{part(head)}.{'A' * 900_000}.AAAA",
        "a header deep in lists": f"{encode(b'[' * 11_000)}.e30.AAAA",
        "a header deep in objects": encode(b'{"a":' * 2_200) + ".e30.AAAA",
        "a payload deep in lists, signed": signed(JWT_KEY, head, b"[" * 11_000),
        "a payload deep in objects, signed": signed(JWT_KEY, head, b'{"a":' * 2_200 + b"1" + b"}" * 2_200),
        "a number of many digits": signed(JWT_KEY, head, b'{"exp":' + b"9" * 11_000 + b"}"),
        "a number with a huge exponent": signed(JWT_KEY, head, b'{"exp":1e999999999}'),
        "unencoded content": signed(JWT_KEY, {**head, "crit": ["b64"], "b64": False}, b"x" * 11_000),
        "dots": "." * 16_000,
        "many parts": "a." * 8_000,
        "many members": signed(JWT_KEY, head, json.dumps({str(n): n for n in range(1000)}).encode()),
        "one member many times": signed(JWT_KEY, head, b'{"a":1' + b',"a":1' * 1800 + b"}"),
    }


def doors() -> dict[str, Callable[[str], dict[str, Any]]]:
    """Everything that takes a signed token from anybody at all, as the request that brings one."""

    def at(path: str, method: str = "GET", **more: Any) -> dict[str, Any]:
        return EnvironBuilder(path, ISSUER, method=method, **more).get_environ()

    def bearer(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    return {
        "assertion": lambda token: at(
            "/oauth2/token",
            "POST",
            data={"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": token},
        ),
        "request": lambda token: at("/oauth2/authorize?" + urlencode(request_of("wilma", request=token))),
        "hint": lambda token: at("/oauth2/logout?" + urlencode({"id_token_hint": token})),
        "bearer": lambda token: at("/oauth2/userinfo", headers=bearer(token)),
        "posted bearer": lambda token: at("/oauth2/userinfo", "POST", data={"access_token": token}),
        "registration": lambda token: at("/oauth2/register", "POST", json={}, headers=bearer(token)),
    }


@pytest.fixture(scope="module")
def warm(world: World) -> World:
    """The world after each door was opened once, so that what a first request reads is not counted."""
    for door in doors().values():
        asked(world, door("x.y.z"))
    return world


def asked(world: World, environ: dict[str, Any]) -> tuple[int, float]:
    """Return the status of the answer, and the seconds of CPU that it cost; asked again when it seems dear, for it may
    have been our own memory that was tidied just then."""
    costs: list[float] = []
    while not costs or (costs[-1] >= SECONDS and len(costs) < 3):
        environ["wsgi.input"].seek(0)
        began = time.thread_time()
        _, status, _ = run_wsgi_app(world.app, environ, buffered=True)
        costs.append(time.thread_time() - began)
    return int(status.split()[0]), min(costs)


def test_c_27_no_bomb_goes_off_at_any_door(warm: World) -> None:
    for where, door in doors().items():
        for name, token in bombs().items():
            status, seconds = asked(warm, door(token))
            assert status in (400, 401, 413) or (where, status) in (("hint", 200), ("request", 302)), (
                where,
                name,
                status,
            )
            assert seconds < SECONDS, (where, name, seconds)


def test_c_27_a_bomb_takes_no_memory(warm: World) -> None:
    """What is refused by its length is not taken apart first: no more stands in memory than a few times the request
    itself."""
    tracemalloc.start()
    try:
        for where in ("assertion", "posted bearer"):
            for name, token in bombs().items():
                environ = doors()[where](token)
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                asked(warm, environ)
                assert tracemalloc.get_traced_memory()[1] - before < MEGABYTES * 1_000_000, (where, name)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["token", "par", "introspect", "revoke", "userinfo", "authorize", "logout"])
def test_c_27_a_body_beyond_the_limit_is_not_read(warm: World, path: str) -> None:
    body = b"client_assertion=" + b"x" * 10_000_000
    form = "application/x-www-form-urlencoded"
    environ = EnvironBuilder(f"/oauth2/{path}", ISSUER, method="POST", data=body, content_type=form).get_environ()
    status, seconds = asked(warm, environ)
    assert status in (400, 413)
    assert seconds < SECONDS


def test_c_27_the_readers_themselves_refuse_what_is_too_long_before_taking_it_apart() -> None:
    for token in ("A" * 10_000_000, "A." * 5_000_000, f"{'A' * 10_000_000}.e30.AAAA"):
        began = time.thread_time()
        for read in (foreign.key_id, foreign.subject, lambda text: jose.verify(text, "JWT", [])):
            try:
                read(token)
            except jose.BadToken:
                continue
            raise AssertionError("it was read")
        assert presented(None, {"client_assertion": token, "client_assertion_type": TYPE}).client_id is None
        assert time.thread_time() - began < SECONDS
