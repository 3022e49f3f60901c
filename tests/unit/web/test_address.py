"""Whose address counts: what a named proxy tells, and never what somebody writes about themselves."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from iam.settings import Listen
from iam.web.edge.address import Addresses, network

NONE, ONE = Addresses(Listen()), Addresses(Listen(proxies=["10.0.0.5", "10.1.0.0/16", "fd00::/8"]))


@pytest.mark.parametrize(
    ("peer", "forwarded", "whose"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["6.6.6.6", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("10.0.0.5", ["10.9.9.9, 6.6.6.6, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("10.0.0.5", ["198.51.100.1, nonsense"], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1:51413"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("::ffff:10.0.0.5", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", [", ".join(["10.1.0.1"] * 500)], "10.1.0.1"),
    ],
)
def test_only_a_named_proxy_is_believed_about_whose_address_it_is(peer: str, forwarded: list[str], whose: str) -> None:
    assert ONE.of_person(peer, forwarded) == whose


def test_without_a_named_proxy_nobody_is_believed() -> None:
    assert NONE.of_person("10.0.0.5", ["198.51.100.1"]) == "10.0.0.5"


def test_one_home_is_counted_once_however_many_addresses_it_has() -> None:
    assert network("2001:db8:1:2::7") == network("2001:db8:1:2:ffff::1") != network("2001:db8:1:3::7")
    assert network("198.51.100.1") != network("198.51.100.2")


def test_a_proxy_that_is_no_address_stops_the_start() -> None:
    with pytest.raises(ValidationError, match="IP addresses or networks"):
        Listen(proxies=["proxy.marjala.example"])
