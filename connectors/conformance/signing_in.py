"""Of a connector that ``Authenticates``: whom it lets in, and that a login is only ever a login."""

from __future__ import annotations

from connectors.conformance.asking import authenticated, reading_of, records_of
from connectors.conformance.exhibit import Check, Exhibit
from connectors.conformance.verdict import expect


def a_right_password_gives_the_record_key(exhibit: Exhibit) -> None:
    """The right password gives the key of a record; a wrong one None."""
    login, password = exhibit.login()
    connector = exhibit.connector()
    key = authenticated(connector, login, password)
    keys = {record.key for record in records_of(reading_of(connector))}
    expect(key is not None and key in keys, "the right password gives the key of a record")
    expect(authenticated(connector, login, password + "x") is None, "a wrong password gives None")
    expect(authenticated(connector, login + "-nobody", password) is None, "an unknown login gives None")


def an_empty_password_is_refused(exhibit: Exhibit) -> None:
    """An empty password never signs in (RFC 4513 section 5.1.2)."""
    login, _ = exhibit.login()
    expect(authenticated(exhibit.connector(), login, "") is None, "an empty password gives None")


def a_login_is_never_a_pattern(exhibit: Exhibit) -> None:
    """A login is taken literally: no wildcard, filter, control character or length makes it another."""
    login, password = exhibit.login()
    odd = (
        "*",
        f"{login[:-1]}*",
        f"{login})(objectClass=*",
        f"{login}\0",
        f"{login}\n",
        "\\2a",
        "",
        "x" * 10_240,
        "\ud800",
    )
    for each in odd:
        expect(authenticated(exhibit.connector(), each, password) is None, "a login is taken literally")


CHECKS: tuple[Check, ...] = (
    a_right_password_gives_the_record_key,
    an_empty_password_is_refused,
    a_login_is_never_a_pattern,
)
