"""HT-05, HT-06: what is too much, too deep or lies about itself is refused in little memory, with no server error and
no word of what is inside."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.signin.accounts.account import Account
from iam.web import extension
from tests.kit.browser import Browser

MEBI = 1024 * 1024
PEAK = 24 * MEBI
"""Bytes that any one of these requests may take besides its own body."""
FORM, JSON, PARTS = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b"
LEAKS = (
    "Traceback",
    "SELECT ",
    "sqlite",
    "sqlalchemy",
    "site-packages",
    "/iam/",
    "werkzeug",
    "aino.virtanen",
    "Exception",
)
PLACES = (
    "/login",
    "/first-code",
    "/oauth2/token",
    "/oauth2/par",
    "/oauth2/register",
    "/oauth2/authorize",
    "/oauth2/introspect",
    "/logout",
)


def part(name: str, value: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def bombs() -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Bodies by name, each with its content type and headers."""
    deep = b"[" * 100_000
    yield "deep JSON", JSON, deep, {}
    yield "deep JSON that is closed", JSON, deep + b"]" * 100_000, {}
    yield "deep objects", JSON, b'{"a":' * 50_000 + b"1" + b"}" * 50_000, {}
    yield "a number of a million digits", JSON, b'{"a":' + b"9" * 900_000 + b"}", {}
    yield "an exponent", JSON, b'{"a":1e999999999}', {}
    yield "many members", JSON, json.dumps({f"k{n}": n for n in range(50_000)}).encode(), {}
    yield "one name many times", JSON, b"{" + b'"client_name":"x",' * 30_000 + b'"a":1}', {}
    yield "a text of a mebibyte", JSON, json.dumps("x" * MEBI).encode(), {}
    yield "a lone surrogate", JSON, b'{"client_name":"\\ud800"}', {}
    yield "many fields", FORM, urlencode([(f"f{n}", "x") for n in range(100_000)]).encode(), {}
    yield "one field many times", FORM, b"login=a&" * 100_000, {}
    yield "a field of half a mebibyte", FORM, b"login=" + b"a" * (MEBI // 2), {}
    yield "a body over the limit", FORM, b"login=" + b"a" * (2 * MEBI), {}
    yield "percent signs", FORM, b"login=" + b"%" * 200_000, {}
    yield "separators", FORM, b"&;=" * 200_000, {}
    yield "many parts", PARTS, ("".join(part(f"f{n}", "x") for n in range(5_000)) + "--b--\r\n").encode(), {}
    yield (
        "many files",
        PARTS,
        ("".join(part(f"f{n}", "x", '; filename="x"') for n in range(600)) + "--b--\r\n").encode(),
        {},
    )
    yield "a large part", PARTS, (part("login", "x" * (MEBI // 2)) + "--b--\r\n").encode(), {}
    yield "a part without end", PARTS, part("login", "x").encode(), {}
    yield "a header without end", PARTS, b"--b\r\nX: " + b"x" * 300_000, {}
    yield "many headers of a part", PARTS, b"--b\r\n" + b"X: y\r\n" * 50_000 + b"\r\nx\r\n--b--\r\n", {}
    yield "boundaries that almost end", PARTS, b"\r\n-" * 200_000, {}
    yield "no boundary", "multipart/form-data", part("login", "x").encode(), {}
    yield "an endless boundary", f"multipart/form-data; boundary={'b' * 5000}", b"--b", {}
    yield "a packed bomb", FORM, gzip.compress(b"login=" + b"a" * (64 * MEBI)), {"Content-Encoding": "gzip"}
    yield "a packed bomb of JSON", JSON, gzip.compress(b"[" * (16 * MEBI)), {"Content-Encoding": "gzip"}
    yield "another charset", f"{FORM}; charset=utf-7", b"login=+AGEAAA-", {}
    yield "a charset that is none", f"{JSON}; charset=zip", b'{"a":1}', {}
    yield "two bytes a letter", f"{JSON}; charset=utf-16", '{"a":1}'.encode("utf-16"), {}
    yield "many cookies", FORM, b"login=x", {"Cookie": "; ".join(f"c{n}=x" for n in range(5_000))}
    yield "a cookie without end", FORM, b"login=x", {"Cookie": "avain=" + "a" * 200_000}
    yield "a token without end", FORM, b"token=x", {"Authorization": "Bearer " + "a" * 200_000}
    yield "credentials without end", FORM, b"token=x", {"Authorization": "Basic " + "QQ" * 100_000}
    yield (
        "languages without end",
        FORM,
        b"login=x",
        {"Accept-Language": ",".join(f"x{n};q=0.{n}" for n in range(5_000))},
    )
    yield "ranges without end", FORM, b"login=x", {"Range": "bytes=" + "0-0," * 20_000}


@pytest.fixture
def measured() -> Iterator[None]:
    """Memory is counted while the test runs."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_ht_05_ht_06_no_bomb_costs_much_or_breaks_anything(app: Flask, measured: None) -> None:
    app.testing = False
    statuses: set[int] = set()
    for n, (name, kind, body, headers) in enumerate(bombs()):
        for place in {PLACES[(n + step) % len(PLACES)] for step in (0, 3, 5)}:
            client = app.test_client()
            tracemalloc.reset_peak()
            began = tracemalloc.get_traced_memory()[0]
            answer = client.post(
                place,
                base_url="http://localhost:8080",
                data=body,
                content_type=kind,
                headers={"Accept": "text/html"} | headers,
            )
            peak = tracemalloc.get_traced_memory()[1] - began
            assert 300 <= answer.status_code < 500, (answer.status_code, name, place)
            assert peak < PEAK + 4 * len(body), f"{name} at {place} takes {peak >> 20} MiB"
            assert not [leak for leak in LEAKS if leak in answer.text], (name, place)
            statuses.add(answer.status_code)
    assert {400, 413} <= statuses
    with Session(extension.engine_of(app)) as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 1
    assert Browser(app).get("/login").status_code == 200


@pytest.mark.parametrize("path", ["/login", "/oauth2/authorize", "/account", "/admin/persons"])
def test_ht_05_ht_06_nor_does_an_address_without_end(app: Flask, path: str) -> None:
    queries: list[Any] = [
        "a=1&" * 50_000,
        "q=" + "x" * 200_000,
        "%" * 50_000,
        "flow=" + "A" * 100_000,
        "lang=" + "x" * 10_000,
        "after=" + "%00" * 10_000,
        urlencode([(f"p{n}", "x") for n in range(20_000)]),
    ]
    for query in queries:
        answer = app.test_client().get(
            f"{path}?{query}", base_url="http://localhost:8080", headers={"Accept": "text/html"}
        )
        assert answer.status_code < 500, (path, query[:20])
        assert len(answer.data) < 3 * MEBI
        assert not [leak for leak in LEAKS if leak in answer.text]
