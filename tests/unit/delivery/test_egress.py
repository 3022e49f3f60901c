"""The door outwards, with real servers behind it: where it goes, where it never goes, and how long it listens (security
HT-01, C-14)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iam.delivery import egress
from iam.delivery.destination import is_public
from iam.settings import Egress
from tests.kit.peers.hostile_http import HostileHttp, answer, answer_json, dripping
from tests.kit.servers.certificates import Authority

OK = answer_json({"keys": []})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Iterator[HostileHttp]:
    with HostileHttp(OK, authority.issue("localhost", "localhost")) as running:
        yield running


@pytest.fixture
def allowed(authority: Authority, server: HostileHttp) -> Egress:
    return Egress(ca_file=authority.ca_file, hosts=[server.place])


def _lead(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to these addresses, one answer a look-up; returns the list of what was looked up."""
    real, left, asked = socket.getaddrinfo, list(answers), list[str]()

    def look_up(host: str, port: int, *more: Any, **named: Any) -> Any:
        if host.replace(".", "").isdigit() or ":" in host:
            return real(host, port, *more, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_json_comes_from_a_listed_loopback_server_with_a_certificate_of_the_further_authority(
    server: HostileHttp, allowed: Egress
) -> None:
    assert egress.fetch_json(server.url("/jwks?a=1"), allowed) == {"keys": []}
    request = server.requests[0].decode()
    assert request.startswith("GET /jwks?a=1 HTTP/1.1\r\n")
    assert f"Host: localhost:{server.port}\r\n" in request
    assert "cookie" not in request.lower()
    assert "authorization" not in request.lower()


def test_a_form_is_posted_and_its_status_told_whatever_it_is(server: HostileHttp, allowed: Egress) -> None:
    for status in (200, 204, 302, 400, 503):
        server.behave = answer("", status, {"Location": "https://localhost/elsewhere"})
        assert egress.post_form(server.url("/out"), {"logout_token": "a.b+c"}, allowed) == status
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert body == b"logout_token=a.b%2Bc"
    assert server.connections == 5


def test_a_form_answered_with_json_gives_status_and_json_and_carries_the_callers_headers(
    server: HostileHttp, allowed: Egress
) -> None:
    server.behave = answer(json.dumps({"error": "invalid_grant"}), 400)
    told = egress.post_form_json(server.url(), {"code": "c"}, allowed, {"Authorization": "Basic eHg="})
    assert told == (400, {"error": "invalid_grant"})
    assert b"Authorization: Basic eHg=" in server.requests[0]


def test_loopback_is_refused_unless_listed_and_nothing_is_sent(server: HostileHttp, authority: Authority) -> None:
    for hosts in ([], ["localhost:1"], ["127.0.0.1"], ["localhost.example"]):
        with pytest.raises(egress.PlaceRefused):
            egress.fetch_json(server.url(), Egress(ca_file=authority.ca_file, hosts=hosts))
    assert server.connections == 0


def test_a_listed_host_without_a_port_may_be_reached_on_any(server: HostileHttp, authority: Authority) -> None:
    allowed = Egress(ca_file=authority.ca_file, hosts=["LocalHost"])
    assert egress.fetch_json(server.url(), allowed) == {"keys": []}


def test_plain_http_goes_to_listed_hosts_only() -> None:
    with HostileHttp(OK) as plain:
        assert egress.fetch_json(plain.url(), Egress(hosts=[plain.place])) == {"keys": []}
        with pytest.raises(egress.PlaceRefused):
            egress.fetch_json(plain.url(), Egress())
        assert plain.connections == 1


def test_a_certificate_of_an_unknown_authority_is_not_believed(server: HostileHttp) -> None:
    with pytest.raises(egress.Failed):
        egress.fetch_json(server.url(), Egress(hosts=[server.place]))
    assert server.requests == []


def test_the_certificate_is_checked_against_the_name_though_the_connection_goes_to_the_address(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileHttp(OK, authority.issue("other", "other.example", "127.0.0.1")) as other:
        allowed = Egress(ca_file=authority.ca_file, hosts=["keys.example", "other.example"])
        _lead(monkeypatch, ["127.0.0.1"], ["127.0.0.1"])
        with pytest.raises(egress.Failed):
            egress.fetch_json(other.url(host="keys.example"), allowed)
        assert other.requests == []
        assert egress.fetch_json(other.url(host="other.example"), allowed) == {"keys": []}


def test_a_name_is_resolved_once_and_the_connection_goes_to_the_very_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    went: list[str] = []

    def connect(where: tuple[str, int], timeout: float) -> socket.socket:
        went.append(where[0])
        raise OSError("the test ends here")

    monkeypatch.setattr(socket, "create_connection", connect)
    asked = _lead(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(egress.Failed):
        egress.fetch_json("https://rebinding.example/", Egress())
    assert (asked, went) == (["rebinding.example"], ["93.184.216.34"])


def test_one_private_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _lead(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(egress.PlaceRefused):
        egress.fetch_json("https://mixed.example/", Egress())


def test_the_next_address_is_tried_when_one_does_not_answer(
    server: HostileHttp, allowed: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lead(monkeypatch, ["127.0.0.7", "127.0.0.1"])
    assert egress.fetch_json(server.url(), allowed) == {"keys": []}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, server: HostileHttp, allowed: Egress) -> None:
    with HostileHttp(OK) as inner:
        server.behave = answer("", status, {"Location": inner.url()})
        both = Egress(ca_file=allowed.ca_file, hosts=[*allowed.hosts, inner.place])
        with pytest.raises(egress.Failed):
            egress.fetch_json(server.url(), both)
        assert inner.connections == 0


def test_proxies_of_the_environment_are_not_used(
    server: HostileHttp, allowed: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileHttp(OK) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        egress.fetch_json(server.url(), allowed)
        assert proxy.connections == 0
        assert len(server.requests) == 1


def test_64_kib_are_read_and_one_byte_more_is_refused(server: HostileHttp, allowed: Egress) -> None:
    server.behave = answer("x" * egress.LIMIT)
    assert len(egress.fetch_text(server.url(), allowed)) == 65536
    server.behave = answer("x" * (egress.LIMIT + 1))
    with pytest.raises(egress.Failed, match="too long"):
        egress.fetch_text(server.url(), allowed)


def _chunks(_: HostileHttp) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"1000\r\n" + b"x" * 4096 + b"\r\n"


def _headers(_: HostileHttp) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(90):
        yield b"X-%d: " % number + b"x" * 4096 + b"\r\n"


def _continues(_: HostileHttp) -> Iterator[bytes]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100


def _endless(_: HostileHttp) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        yield b"x" * 4096


@pytest.mark.parametrize("behave", [_chunks, _headers, _continues, _endless])
def test_an_answer_without_end_is_left_after_its_limit(behave: Any, server: HostileHttp, allowed: Egress) -> None:
    server.behave = behave
    with pytest.raises(egress.Failed, match="too long"):
        egress.fetch_text(server.url(), allowed)


@pytest.mark.parametrize(
    "behave",
    [
        answer("", 404),
        answer("{}", 500),
        answer("not json"),
        answer(b'"\xff"'),
        answer("[" * 60_000),
        answer("1" * 5000),
        answer("{}", length=100),
        answer("{}", headers={"Content-Encoding": "gzip"}),
        lambda _: iter([b"SSH-2.0-x\r\n"]),
        lambda _: iter([b""]),
        lambda _: iter([b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"]),
        lambda _: iter([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]),
    ],
    ids=["404", "500", "text", "latin", "deep", "number", "cut", "gzip", "ssh", "nothing", "negative", "chunk"],
)
def test_an_answer_that_is_not_as_asked_fails(behave: Any, server: HostileHttp, allowed: Egress) -> None:
    server.behave = behave
    with pytest.raises(egress.Failed):
        egress.fetch_json(server.url(), allowed)


@pytest.mark.parametrize(
    "behave",
    [
        dripping(b"", b"H"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        dripping(b"", b""),
    ],
    ids=["status", "headers", "body", "silence"],
)
def test_a_dripping_or_silent_server_is_left_in_time(
    behave: Any, server: HostileHttp, allowed: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "SECONDS", 0.5)
    server.behave = behave
    began = time.monotonic()
    with pytest.raises(egress.Failed, match="too slow"):
        egress.fetch_text(server.url(), allowed)
    assert 0.4 < time.monotonic() - began < 4


def test_a_server_that_never_shakes_hands_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(egress.Failed, match="too slow"):
        egress.fetch_text(f"https://127.0.0.1:{mute.getsockname()[1]}/", Egress(hosts=["127.0.0.1"]))


def test_a_resolver_that_does_not_answer_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1))
    with pytest.raises(egress.Failed, match="too slow"):
        egress.fetch_text("https://slow.example/", Egress())


def test_everything_together_may_take_five_seconds_and_64_kib() -> None:
    assert (egress.SECONDS, egress.LIMIT) == (5.0, 64 * 1024)


def test_a_missing_file_of_the_further_authority_fails_and_says_which_setting(server: HostileHttp) -> None:
    with pytest.raises(egress.Failed, match="IAM_EGRESS__CA_FILE"):
        egress.fetch_json(server.url(), Egress(ca_file=Path("/nowhere/ca.pem"), hosts=[server.place]))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::1%25lo]",
        "[fe80::1]",
        "[fc00::1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "[ff02::1]",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "user@127.0.0.1",
        "example.com@127.0.0.1",
        "127.0.0.1\\@example.com",
        "127.0.0.1#@example.com",
        "127.0.0.1 ",
        "\t127.0.0.1",
        "127.0.0.1\r\nHost: example.com",
        "127.0.0.1%0d%0a",
        "-x.example",
        "a..example",
        "",
    ],
)
def test_a_hostile_host_is_refused_before_anything_is_sent(
    host: str, server: HostileHttp, authority: Authority
) -> None:
    """C-14: no spelling of an address inside is gone to."""
    with pytest.raises(egress.PlaceRefused):
        egress.fetch_text(f"https://{host}:{server.port}/", Egress(ca_file=authority.ca_file, hosts=["listed.example"]))
    assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "//example.com/",
        "https:",
        "https://",
        "https:///x",
        "https:example.com",
        "https://example.com:99999/",
        "https://a:1:2/",
        "https://example.com:x/",
        "https://[::1",
        "https://user:word@example.com/",
        "https://@example.com/",
        "https://example.com/\r\nX: y",
        "https://example.com/a b",
        "https://example.com/#x",
        "https://example.com\\@a/",
        "https://exämple.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "data:,x",
        "javascript:alert(1)",
        "HTTPS//example.com",
        "https://" + "a" * 64 + ".example/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_what_is_not_an_https_address_is_refused(url: str) -> None:
    with pytest.raises(egress.PlaceRefused):
        egress.fetch_text(url, Egress())


def test_public_addresses_are_public() -> None:
    assert all(map(is_public, ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "2a01:4f8::1")))
    assert not any(
        map(is_public, ("not an address", "10.0.0.1", "fe80::1%eth0", "2001:db8::1", "2001:0:7f00:1::", "3fff::1"))
    )


def test_what_goes_wrong_never_repeats_the_address(server: HostileHttp, allowed: Egress) -> None:
    for url, settings in [("https://10.0.0.1/very-secret", Egress()), (server.url("/very-secret"), allowed)]:
        server.behave = answer("", 404)
        with pytest.raises((egress.PlaceRefused, egress.Failed)) as caught:
            egress.fetch_json(url, settings)
        assert "secret" not in str(caught.value)
