"""Servers that are not who they should be, or answer as no server should: each ends soon, in words without a secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.contract import ConnectorError, Malformed, Refused, TimedOut, Unreachable, Untrusted
from connectors.network import link
from connectors.oneroster.rest.settings import OneRosterRestSettings
from connectors.oneroster.rest_connector import OneRosterRestConnector
from connectors.simulators.oneroster import Roster, Simulator
from tests.kit.feeds.csv_inputs import read_all
from tests.kit.feeds.exhibits import rest
from tests.kit.feeds.roster import folder
from tests.kit.peers.hostile_http import Behaviour, HostileHttp, answer, answer_json, dripping
from tests.kit.servers.certificates import DAY, Authority

TOKEN = {"access_token": "a-secret-token", "token_type": "Bearer"}


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    with Simulator(Roster.of_bundle(folder(tmp_path))) as made:
        yield made


def connector(server: HostileHttp, **settings: object) -> OneRosterRestConnector:
    usual = {"client_id": "avain", "client_secret": "a-secret-value", "retry_seconds": 0, "deadline_seconds": 0.6}
    places = {"url": server.url("/v1p2"), "token_url": server.url("/token")}
    return OneRosterRestConnector(OneRosterRestSettings.model_validate({**places, **usual, **settings}))


def error_of(made: OneRosterRestConnector) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        read_all(made.read())
    assert caught.value.problem.remedy
    assert "secret" not in str(caught.value).replace("its secret", "")
    return caught.value


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (answer("no", 401), Refused),
        (answer("no", 400), Refused),
        (answer("no", 500), Refused),
        (answer("", 302, {"Location": "http://elsewhere.example/"}), Refused),
        (answer("<!doctype html>"), Malformed),
        (answer_json([]), Malformed),
        (answer_json({"access_token": 7}), Malformed),
        (answer_json({"access_token": "a\r\nX-Injected: 1"}), Malformed),
        (answer("[" * 200_000), Malformed),
        (answer("{}", length=99), Unreachable),
        (lambda _: iter([b"\x00\x01\x02\r\n\r\n"]), Unreachable),
        (lambda _: iter([b""]), Unreachable),
        (dripping(b"HTTP/1.1 200 OK\r\n", b"X"), TimedOut),
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"{"), TimedOut),
    ],
)
def test_a_token_that_is_not_given_well_is_an_error_in_words(behave: Behaviour, kind: type[ConnectorError]) -> None:
    with HostileHttp(behave) as server:
        made = connector(server)
        assert type(error_of(made)) is kind
        assert made.test()[0].remedy


def test_a_body_without_an_end_is_too_large(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "LARGEST_ANSWER", 1 << 20)
    simulator.break_down("endless")
    assert "too large" in str(error_of(rest(simulator)))


def test_a_reading_as_a_whole_has_an_end(simulator: Simulator) -> None:
    assert isinstance(error_of(rest(simulator, total_seconds=0.000001)), TimedOut)


def test_a_pause_longer_than_the_rest_of_the_time_is_not_waited_for(simulator: Simulator) -> None:
    simulator.break_down("always-busy")
    assert "busy" in str(error_of(rest(simulator, retry_seconds=60, total_seconds=5)))
    assert len(simulator.asked) == 1


def test_a_busy_server_is_asked_five_times_and_no_more(simulator: Simulator) -> None:
    simulator.break_down("always-busy")
    error_of(rest(simulator))
    assert len(simulator.asked) == 5


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("3600", 1),
        ("Fri, 31 Dec 9998 23:59:59 GMT", 1),
        ("0", 5),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 5),
        ("soon", 5),
        ("", 5),
    ],
)
def test_a_server_that_wants_to_be_left_alone_for_long_is_not_asked_again(told: str, asked: int) -> None:
    with HostileHttp(answer("", 503, {"Retry-After": told})) as server:
        assert "busy" in str(error_of(connector(server)))
    assert len(server.requests) == asked


@pytest.mark.parametrize("bad", ["self-signed", "wrong-name", "expired", "unknown"])
def test_nothing_of_ours_is_sent_to_a_server_that_cannot_prove_who_it_is(bad: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = {
        "self-signed": lambda: authority.issue("s", "localhost", self_signed=True),
        "wrong-name": lambda: authority.issue("s", "elsewhere.example"),
        "expired": lambda: authority.issue("s", "localhost", begins=-2 * DAY, ends=-DAY),
        "unknown": lambda: authority.issue("s", "localhost"),
    }[bad]()
    with HostileHttp(answer_json(TOKEN), certificate) as server:
        made = connector(server, ca_file=None if bad == "unknown" else authority.ca_file)
        assert isinstance(error_of(made), Untrusted)
    assert server.requests == []


def test_a_server_of_our_own_authority_is_believed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with HostileHttp(answer_json(TOKEN), authority.issue("s", "localhost")) as server:
        assert isinstance(error_of(connector(server, ca_file=authority.ca_file)), Malformed)
    assert b"GET /v1p2/orgs?" in server.requests[1]
    assert b"Bearer a-secret-token" in server.requests[1]


def test_authorities_that_cannot_be_read_are_named_as_such(tmp_path: Path) -> None:
    with HostileHttp(answer_json(TOKEN), Authority(tmp_path).issue("s", "localhost")) as server:
        assert error_of(connector(server, ca_file=tmp_path / "nowhere.pem")).problem.field == "ca_file"
