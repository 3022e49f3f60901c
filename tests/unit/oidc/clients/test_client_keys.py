"""A client's keys where it publishes them itself: fetched seldom, believed shortly, and never a private or a broken
one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from iam.oidc.clients import keys as client_keys
from iam.oidc.clients.registered import RegisteredClient
from iam.settings import Egress, Settings
from iam.tokens import jose
from tests.kit.peers.hostile_http import HostileHttp, answer, answer_json

ONE, TWO = (jose.public_dict(jose.generate("ES256", kid)) for kid in ("one", "two"))


class Time:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Time:
    moment = Time()
    monkeypatch.setattr(client_keys, "time", moment)
    monkeypatch.setattr(client_keys, "_published", {})
    return moment


@pytest.fixture
def server(moment: Time) -> Iterator[HostileHttp]:
    with HostileHttp(answer_json({"keys": [ONE]})) as running:
        yield running


@pytest.fixture
def settings(server: HostileHttp) -> Settings:
    return Settings(egress=Egress(hosts=[server.place]))


def client(uri: str | None, **changes: Any) -> RegisteredClient:
    return RegisteredClient("c", UUID(int=1), {}, "a", "private_key_jwt", (), "s", "openid", jwks_uri=uri, **changes)


def kids(found: Any) -> list[str]:
    return [key["kid"] for key in found]


def test_a_client_without_an_address_has_the_keys_it_registered(settings: Settings, server: HostileHttp) -> None:
    assert kids(client_keys.keys(client(None, keys=(TWO,)), settings, "one")) == ["two"]
    assert server.connections == 0


def test_keys_are_fetched_once_and_believed_for_five_minutes(
    settings: Settings, server: HostileHttp, moment: Time
) -> None:
    one = client(server.url("/jwks"))
    for seconds in (0, 100, 199):
        moment.now += seconds
        assert kids(client_keys.keys(one, settings, "one")) == ["one"]
    assert server.connections == 1
    server.behave = answer_json({"keys": [TWO]})
    moment.now += 2
    assert kids(client_keys.keys(one, settings)) == ["two"]
    assert server.connections == 2


def test_an_unknown_key_id_is_asked_for_again_at_most_once_a_minute(
    settings: Settings, server: HostileHttp, moment: Time
) -> None:
    one = client(server.url("/jwks"))
    client_keys.keys(one, settings, "one")
    server.behave = answer_json({"keys": [ONE, TWO]})
    assert kids(client_keys.keys(one, settings, "two")) == ["one"]
    moment.now += 60
    assert kids(client_keys.keys(one, settings, "two")) == ["one", "two"]
    for _ in range(5):
        client_keys.keys(one, settings, "made up")
    assert server.connections == 2


@pytest.mark.parametrize(
    "said",
    [
        answer("", 500),
        answer("x"),
        answer_json({"keys": [{**ONE, "d": "AA"}]}),
        answer_json([]),
        answer_json({"keys": [{"kty": "RSA"}]}),
    ],
    ids=["error", "text", "private", "list", "broken"],
)
def test_what_is_no_key_set_gives_no_keys_and_is_not_asked_again_within_a_minute(
    said: Any, settings: Settings, server: HostileHttp, moment: Time
) -> None:
    server.behave = said
    one = client(server.url("/jwks"))
    assert list(client_keys.keys(one, settings, "one")) == []
    server.behave = answer_json({"keys": [ONE]})
    moment.now += 59
    assert list(client_keys.keys(one, settings, "one")) == []
    moment.now += 1
    assert kids(client_keys.keys(one, settings, "one")) == ["one"]


def test_an_address_that_we_do_not_go_to_gives_no_keys(settings: Settings, server: HostileHttp) -> None:
    assert list(client_keys.keys(client(server.url(host="127.0.0.1")), settings)) == []
    assert server.connections == 0


def test_memory_holds_no_more_addresses_than_its_bound(
    settings: Settings, server: HostileHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_keys, "_MOST", 2)
    for path in ("/a", "/b", "/c", "/a"):
        assert kids(client_keys.keys(client(server.url(path)), settings)) == ["one"]
    assert len(client_keys._published) == 2
    assert server.connections == 4
