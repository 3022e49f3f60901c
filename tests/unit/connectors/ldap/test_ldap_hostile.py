"""Hostile directories: nothing is sent to one that proves nothing (C-36), and none outlasts its deadline."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from connectors.contract import (
    ConnectorError,
    Malformed,
    Permanent,
    Refused,
    TimedOut,
    Unreachable,
    Untrusted,
)
from connectors.ldap import LdapConnector, LdapSettings
from tests.kit.peers.hostile_ldap import (
    Behaviour,
    HostileLdap,
    answering,
    dripping,
    dripping_after_bind,
    dripping_handshake,
    hanging_up,
    page,
    presenting,
    referral,
    result,
    scripted,
    silent,
)
from tests.kit.servers.certificates import DAY, Authority, Certificate
from tests.kit.servers.ports import HOST, free_port

PASSWORD = "a-secret-value"
DEADLINE = 0.4
LATEST = 2.5
"""Seconds by which every operation with the deadline above has ended, on a busy computer too."""
ONE, TWO = str(UUID(int=1)), str(UUID(int=2))


def connector(url: str, ca_file: Path | None = None, *, deadline: float = 5) -> LdapConnector:
    return LdapConnector(
        LdapSettings.model_validate(
            {
                "url": url,
                "plaintext": ca_file is None and url.startswith("ldap:"),
                "ca_file": ca_file,
                "bind_dn": "cn=avain,dc=mansikkala,dc=example",
                "bind_password": PASSWORD,
                "base_dn": "dc=mansikkala,dc=example",
                "deadline_seconds": deadline,
            }
        )
    )


def read(source: LdapConnector) -> None:
    list(source.read())


def sign_in(source: LdapConnector) -> None:
    source.authenticate("aino", "right-or-wrong")


@contextmanager
def in_time() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < LATEST


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def self_signed(authority: Authority) -> Certificate:
    return authority.issue("self-signed", HOST, self_signed=True)


def wrong_name(authority: Authority) -> Certificate:
    return authority.issue("wrong-name", "ldap.evil.example", "127.0.0.2")


def expired(authority: Authority) -> Certificate:
    return authority.issue("expired", HOST, begins=-2 * DAY, ends=-timedelta(hours=1))


def not_yet(authority: Authority) -> Certificate:
    return authority.issue("not-yet", HOST, begins=timedelta(hours=1))


def sound(authority: Authority) -> Certificate:
    return authority.issue("sound", HOST)


@pytest.mark.parametrize("act", [read, sign_in])
@pytest.mark.parametrize(
    ("make", "field", "words"),
    [
        (self_signed, "ca_file", "unknown authority"),
        (wrong_name, "url", "another name"),
        (expired, "url", "expired"),
        (not_yet, "url", "not valid yet"),
    ],
)
def test_a_bad_certificate_is_refused_before_any_byte_of_ours(
    act: Callable[[LdapConnector], None],
    make: Callable[[Authority], Certificate],
    field: str,
    words: str,
    authority: Authority,
) -> None:
    with HostileLdap(presenting(make(authority))) as server, pytest.raises(Untrusted, match=words) as caught:
        act(connector(server.ldaps_url, authority.ca_file))
    assert caught.value.problem.field == field
    assert caught.value.problem.remedy
    assert server.received == b""


def test_the_systems_authorities_are_asked_where_none_is_named(authority: Authority) -> None:
    with HostileLdap(presenting(sound(authority))) as server, pytest.raises(Untrusted, match="unknown authority"):
        read(connector(server.ldaps_url))
    assert server.received == b""


def test_an_old_version_of_tls_is_refused(authority: Authority) -> None:
    with (
        HostileLdap(presenting(sound(authority), newest=ssl.TLSVersion.TLSv1_1)) as server,
        pytest.raises(Untrusted, match="No secure connection"),
    ):
        read(connector(server.ldaps_url, authority.ca_file))
    assert server.received == b""


def test_a_sound_certificate_lets_the_bind_through(authority: Authority) -> None:
    with HostileLdap(presenting(sound(authority))) as server, pytest.raises(TimedOut):
        read(connector(server.ldaps_url, authority.ca_file, deadline=1))
    assert PASSWORD.encode() in server.received


@pytest.mark.parametrize(
    "behave",
    [
        answering(b"hello\r\n"),
        scripted(result(2, response=0x78)),
        scripted(result(0, response=0x78)),
        hanging_up,
        silent,
    ],
)
def test_without_starttls_nothing_secret_is_sent(behave: Behaviour, authority: Authority) -> None:
    with HostileLdap(behave) as server, in_time(), pytest.raises(ConnectorError):
        read(connector(server.url, authority.ca_file, deadline=DEADLINE))
    assert PASSWORD.encode() not in server.received


@pytest.mark.parametrize("act", [read, sign_in])
@pytest.mark.parametrize("behave", [silent, dripping])
def test_a_silent_and_a_dripping_server_cannot_outlast_the_deadline(
    act: Callable[[LdapConnector], None], behave: Behaviour
) -> None:
    with HostileLdap(behave) as server, in_time(), pytest.raises(TimedOut) as caught:
        act(connector(server.url, deadline=DEADLINE))
    assert caught.value.problem.remedy


@pytest.mark.parametrize("behave", [silent, dripping_handshake])
def test_a_handshake_cannot_outlast_the_deadline(behave: Behaviour, authority: Authority) -> None:
    with HostileLdap(behave) as server, in_time(), pytest.raises(TimedOut):
        read(connector(server.ldaps_url, authority.ca_file, deadline=DEADLINE))


def test_a_search_that_drips_cannot_outlast_the_deadline() -> None:
    with HostileLdap(dripping_after_bind) as server, in_time(), pytest.raises(TimedOut):
        read(connector(server.url, deadline=DEADLINE))


def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(Unreachable) as caught:
        read(connector(f"ldap://{HOST}:{free_port()}"))
    assert caught.value.problem.remedy


def test_a_server_that_hangs_up_is_unreachable() -> None:
    with HostileLdap(hanging_up) as server, pytest.raises(Unreachable):
        read(connector(server.url))


@pytest.mark.parametrize("act", [read, sign_in])
@pytest.mark.parametrize("bound", [True, False])
def test_a_referral_is_refused_and_never_followed(act: Callable[[LdapConnector], None], bound: bool) -> None:
    with HostileLdap(silent) as other:
        answers = (*([result(0)] if bound else []), referral(other.url))
        with HostileLdap(scripted(*answers)) as server, pytest.raises(Permanent) as caught:
            act(connector(server.url))
    assert other.connections == 0
    assert not bound or "never followed" in str(caught.value)


@pytest.mark.parametrize("code", [5, 6, 14, 53])
def test_a_bind_answered_by_anything_but_success_signs_nobody_in(code: int) -> None:
    def behave(server: HostileLdap, connection: socket.socket) -> None:
        first = server.connections == 1
        scripted(result(0 if first else code), page(ONE, cookie=b""))(server, connection)

    with HostileLdap(behave) as server:
        assert _signed_in(connector(server.url)) is None
    assert server.connections == 2


def _signed_in(source: LdapConnector) -> str | None:
    try:
        return source.authenticate("aino", "x")
    except Refused:
        return None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (3, TimedOut),
        (4, Refused),
        (11, Refused),
        (12, Refused),
        (32, Refused),
        (50, Refused),
        (51, Unreachable),
        (52, Unreachable),
        (53, Refused),
    ],
)
def test_a_search_that_fails_says_how(code: int, expected: type[ConnectorError]) -> None:
    with HostileLdap(scripted(result(0), result(code))) as server, pytest.raises(expected) as caught:
        read(connector(server.url))
    assert caught.value.problem.remedy


def test_pages_that_repeat_without_an_end_are_noticed() -> None:
    with (
        HostileLdap(scripted(result(0), page(ONE, TWO, cookie=b"again"))) as server,
        pytest.raises(Malformed, match="repeats its pages"),
    ):
        read(connector(server.url))


def test_a_server_that_passes_over_paging_is_not_believed() -> None:
    with (
        HostileLdap(scripted(result(0), page(ONE, cookie=b"", paged=False))) as server,
        pytest.raises(Malformed, match="passes over the paging"),
    ):
        read(connector(server.url))


def test_an_entry_without_a_usable_uuid_is_told() -> None:
    with (
        HostileLdap(scripted(result(0), page("not a uuid", cookie=b""))) as server,
        pytest.raises(Malformed, match="entryUUID") as caught,
    ):
        read(connector(server.url))
    assert "not a uuid" not in str(caught.value)


@pytest.mark.parametrize(
    "noise",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x80\x00\x00",
        b"0" * 5000,
        b"\x30\x05\x02\x01\x01\x42\x00",
        b"\x30\x84\xff\xff\xff\xff",
    ],
)
def test_noise_in_place_of_an_answer_gives_a_connector_error(noise: bytes) -> None:
    with HostileLdap(answering(noise)) as server, in_time(), pytest.raises(ConnectorError) as caught:
        read(connector(server.url, deadline=DEADLINE))
    assert caught.value.problem.remedy


@pytest.mark.parametrize(
    ("login", "password"),
    [("aino", ""), ("", "x"), ("a\0", "x"), ("aino", "x\0"), ("aino\n", "x"), ("x" * 300, "x"), ("aino", "x" * 2000)],
)
def test_what_may_not_be_sent_reaches_no_server(login: str, password: str) -> None:
    with HostileLdap(silent) as server:
        assert connector(server.url).authenticate(login, password) is None
    assert server.connections == 0


def test_a_login_that_two_entries_have_signs_nobody_in() -> None:
    with HostileLdap(scripted(result(0), page(ONE, TWO, cookie=b""))) as server:
        assert connector(server.url).authenticate("aino", "x") is None
    assert server.connections == 1
