"""AZ-09: parameters come once, and hold nothing that could break a log, a header or a database."""

from __future__ import annotations

import pytest

from iam.oidc.wire.parameters import BadParameters, single


def test_each_parameter_comes_once() -> None:
    assert single([("state", ["x"]), ("scope", ["openid roles"])]) == {"state": "x", "scope": "openid roles"}


@pytest.mark.parametrize(
    "name", ["redirect_uri", "state", "code_challenge", "client_id", "code", "grant_type", "nonce", "unknown"]
)
def test_a_parameter_that_comes_twice_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadParameters, match=name):
        single([(name, ["a", "a"])])


def test_resource_and_audience_may_come_twice() -> None:
    assert single([("resource", ["a", "b"]), ("audience", ["a", "b"])]) == {}


def test_an_empty_parameter_counts_as_left_out() -> None:
    assert single([("client_secret", [""]), ("state", [""])]) == {}


@pytest.mark.parametrize("value", ["\x00", "a\nb", "a\x7f", "é", "\ud800", "x" * 16385])
def test_what_no_parameter_may_hold_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(BadParameters) as raised:
        single([("code", [value])])
    assert value not in str(raised.value)


@pytest.mark.parametrize("name", ["redirect_uri", "client_id", "response_type", "grant_type", "scope"])
def test_what_an_error_may_tell_holds_no_quotation_mark_or_backslash(name: str) -> None:
    for value in ('a"b', "a\\b"):
        with pytest.raises(BadParameters):
            single([(name, [value])])


def test_a_state_may_be_json() -> None:
    assert single([("state", ['{"a":"\\\\"}'])]) == {"state": '{"a":"\\\\"}'}


def test_a_persons_own_name_may_hold_any_letter_and_no_control_character() -> None:
    assert single([("login_hint", ["äijälä@example.fi"])]) == {"login_hint": "äijälä@example.fi"}
    with pytest.raises(BadParameters):
        single([("login_hint", ["a\x00"])])


@pytest.mark.parametrize("name", ['a"', "a\\", "\x00", "ä", "n" * 65])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadParameters):
        single([(name, ["x"])])
