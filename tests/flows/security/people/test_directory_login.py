"""C-35: a login is one literal value to the directory, whatever it looks like; a real slapd tells what it was asked."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from iam.signin.accounts.account import Credential, normal
from iam.web import extension
from tests.kit.browser import Browser
from tests.kit.feeds.exhibits import ldap
from tests.kit.people import add_person, directory, employ, municipality
from tests.kit.servers.slapd import PASSWORD, READER, READER_PASSWORD, SUFFIX, Slapd

pytestmark = pytest.mark.services

HOSTILE = (
    "*",
    "a*",
    "*aino*",
    "*)(uid=*",
    "*)(uid=*))(|(uid=*",
    "aino)(|(uid=*",
    "aino)(objectClass=*",
    "aino)(&",
    "aino))(|(cn=*",
    "|(uid=*)",
    "&(uid=aino)",
    "(uid=aino)",
    ")",
    "(",
    "()",
    "!(uid=x)",
    "\\2a",
    "\\61ino",
    "aino\\",
    "\\",
    "\\28",
    "aino\\00",
    "aino)\\",
    "%2a",
    "&#42;",
    "＊",
    "）（uid=＊",
    "uid=aino",
    f"uid=aino,ou=people,{SUFFIX}",
    "aino;x",
    "aino:caseExactMatch:=aino",
    "aino~=aino",
    "aino>=a",
    "cn=root",
    "aino,ou=people",
    "#04024869",
    "<aino>",
    "aino+cn=x",
    '"aino"',
    "a" * 10_240,
    "*" * 250,
    "(" * 250,
)
"""Logins that would find Aino, or everybody, or break the question, if they were put into a filter as they are."""
UNSENDABLE = ("aino\x00", "\x00", "aino\n", "aino\r\nuid: x", "ai\x1bno", "", "aino\ud800", "\x7faino")
"""Logins that are asked of no directory."""


def asked(server: Slapd, before: int) -> list[str]:
    """The filters of the searches since then."""
    return re.findall(r'SRCH base=.* filter="(.*)"', server.log()[before:])


def test_c_35_a_hostile_login_is_one_escaped_value_in_one_search_and_finds_nobody(slapd: Slapd) -> None:
    connector = ldap(slapd)
    assert connector.authenticate("aino", PASSWORD), "the good login is let in"
    for login in HOSTILE:
        before = len(slapd.log())
        assert connector.authenticate(login, PASSWORD) is None, login
        filters = asked(slapd, before)
        if len(login) > 1000:
            assert filters == [], "a login without end is asked of no directory"
            continue
        assert len(filters) == 1, (login, filters)
        only = filters[0]
        assert only.count("(") == only.count(")") == 3, (login, only)
        assert "uid=*" not in only, (login, only)
    for login in UNSENDABLE:
        before = len(slapd.log())
        assert connector.authenticate(login, PASSWORD) is None
        assert asked(slapd, before) == [], repr(login)


@pytest.fixture(scope="module")
def people(app: Flask, slapd: Slapd) -> Flask:
    """For every hostile login an account whose password the directory keeps under Aino's record."""
    settings = {
        "url": slapd.ldaps_url,
        "ca_file": str(slapd.ca_file),
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "base_dn": SUFFIX,
    }
    key = ldap(slapd).authenticate("aino", PASSWORD)
    with Session(extension.engine_of(app)) as session, session.begin():
        directory(session, municipality(session), "ldap", settings)
        data = {"source": "ad", "record_key": key}
        for login in {"aino", *(normal(one) for one in HOSTILE if len(one) <= 250)}:
            person_id = add_person(session, extension.parts_of(app).vault, login)
            employ(session, person_id, until_days=300)
            session.execute(
                update(Credential).where(Credential.person_id == person_id).values(kind="directory", data=data)
            )
    return app


def test_c_35_not_even_whose_record_it_is_gets_in_by_a_login_that_would_find_it(people: Flask, engine: Engine) -> None:
    assert Browser(people).sign_in("aino", PASSWORD).status_code == 303
    for login in (one for one in (*HOSTILE, *UNSENDABLE) if normal(one) != "aino"):
        answer = Browser(people).sign_in(login.encode("utf-8", "replace").decode(), PASSWORD)
        assert (answer.status_code, "does not match" in answer.text) == (422, True), login
