"""HT-03, HT-04: what people wrote is shown as text on every page, and only a form of ours in this very browser changes
anything."""

from __future__ import annotations

import csv
import html
import io
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent
from tests.kit.seen import dump
from tests.kit.worlds import neighbour, payloads
from tests.kit.worlds.admin import ISSUER, Reader, World
from tests.kit.worlds.payloads import TAG, addresses, rules

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action"
)
EXEMPT = {
    "/oauth2/authorize",
    "/oauth2/introspect",
    "/oauth2/logout",
    "/oauth2/par",
    "/oauth2/register",
    "/oauth2/register/<client_id>",
    "/oauth2/revoke",
    "/oauth2/token",
    "/oauth2/userinfo",
}
"""Endpoints that programs call, and the two by which an application sends a browser; these change nothing without a
page of ours."""
API = "/api/v1/"
"""What is below is called with a token in a header, which no browser sends of itself; cookies count for nothing."""
SCRIPTS = {"/static/passkey.js", "/static/post.js"}


class Page(HTMLParser):
    """What a browser would make of a page that should not be there."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element and its attributes."""
        given = dict(attrs)
        self.tags.add(tag)
        if tag in (TAG, "iframe", "object", "embed", "base", "style", "math"):
            self.wrong.append(f"<{tag}>")
        if tag == "script" and not str(given.get("src", "")).startswith("/static/"):
            self.wrong.append("an inline script")
        for name, value in given.items():
            if name.startswith("on") or name in (TAG, "style", "srcdoc", "formaction"):
                self.wrong.append(f"{name} on <{tag}>")
            if name in ("href", "src", "action", "poster", "data") and urlsplit(value or "").scheme not in (
                "",
                "http",
                "https",
                "mailto",
                "data",
            ):
                self.wrong.append(f"{name}={value}")
            if name in ("href", "src", "action") and "evil.example" in urlsplit(value or "").netloc:
                self.wrong.append(f"{name}={value}")


@pytest.fixture(scope="module")
def written(office: World) -> World:
    """A consortium in which every text that anybody may write is a payload."""
    payloads.write(office)
    return office


@pytest.fixture(scope="module")
def paula(written: World) -> Reader:
    """The administrator of everything."""
    return Reader(written, "paula").enter()


@pytest.fixture(scope="module")
def token(paula: Reader) -> str:
    """A genuine token of the administrator's browser."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', paula.get("/account").text)
    assert found is not None
    return html.unescape(found[1])


def test_ht_03_what_people_wrote_is_text_on_every_page(written: World, paula: Reader) -> None:
    shown = 0
    for path in addresses(written):
        answer = paula.get(path)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            page = Page(answer.text)
            assert page.wrong == [], path
            shown += answer.text.count(TAG)
        assert answer.headers["Content-Security-Policy"].startswith(POLICY), path
        assert "unsafe" not in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    assert shown > 200, "the payloads are on the pages"


def test_ht_03_a_cell_of_a_file_is_no_formula(written: World, paula: Reader) -> None:
    cells = 0
    for path in addresses(written):
        answer = paula.get(path) if path.partition("?")[0].endswith(".csv") else None
        if answer is not None and answer.status_code == 200:
            for row in csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"):
                assert not [
                    cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and len(cell) > 1
                ], path
                cells += len(row)
            assert answer.headers["Content-Disposition"].startswith("attachment"), path
    assert cells > 50


def test_ht_03_the_parser_sees_what_it_looks_for() -> None:
    for payload in (
        "<script>1</script>",
        "<p onclick=x>",
        f"<{TAG}>",
        "<a href='javascript:x'>",
        "<p style='x'>",
        '<form action="//evil.example/">',
    ):
        assert Page(payload).wrong, payload


def test_ht_04_every_form_of_ours_is_refused_from_elsewhere_and_without_its_token(
    written: World, paula: Reader, token: str
) -> None:
    for rule in rules(written, "POST"):
        exempt = getattr(written.app.view_functions[rule.endpoint], "avain_csrf_exempt", False)
        called = rule.rule in EXEMPT or rule.rule.startswith(API)
        assert exempt == called, f"{rule.rule}: say in EXEMPT why no token is needed"
    assert paula.force("/account/language", language="fi").status_code == 303
    before = dump(written.engine)
    for rule in rules(written, "POST"):
        if rule.rule in EXEMPT or rule.rule.startswith(API):
            continue
        path = neighbour.address(written, rule, set()) if rule.rule.startswith("/admin") else rule.rule
        fields = {
            "reason": "x",
            "end_reason": "x",
            "purpose": "x",
            "language": "sv",
            "decision": "sign-out",
            "act": "publish",
            "on": "yes",
            "days": "7",
        }
        for site in ("cross-site", "same-site", ""):
            sent = token if site else ""
            headers = {"Accept": "text/html", "Origin": "https://evil.example"} | (
                {"Sec-Fetch-Site": site} if site else {}
            )
            answer = paula.http.post(path, base_url=ISSUER, data={**fields, "csrf_token": sent}, headers=headers)
            assert answer.status_code == 400, (path, site)
    assert without_log(dump(written.engine)) == without_log(before)


def without_log(held: str) -> list[str]:
    """What the database holds but for the log, and when a session was last seen."""
    return [
        row
        for row in held.splitlines()
        if not row.startswith(("audit_event|", "login_session|", "attempt|", "one_shot|"))
    ]


def test_ht_04_opening_an_address_changes_nothing(written: World, paula: Reader, token: str) -> None:
    before = dump(written.engine)
    with Session(written.engine) as session:
        events = session.query(AuditEvent).count()
    for path in addresses(written):
        paula.get(
            f"{path}{'&' if '?' in path else '?'}on=yes&decision=sign-out&act=publish&reason=x&csrf_token={token}"
        )
    assert paula.get("/account").status_code == 200
    assert without_log(dump(written.engine)) == without_log(before)
    with Session(written.engine) as session:
        assert session.query(AuditEvent).count() > events, "looking at people and taking files home is in the log"
