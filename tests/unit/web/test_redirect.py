"""C-02: nothing but a path of our own is ever gone on to."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from iam.web.redirect import local_path


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "evil",
        "//evil",
        "///evil",
        "/\\evil",
        "\\evil",
        "/\t/evil",
        "\t//evil",
        " /evil",
        "/ evil",
        "/\n/evil",
        "/\r\n/evil",
        "https:evil",
        "https://evil",
        "http://evil/",
        "javascript:alert(1)",
        "/\x00evil",
        "/a//evil",
        "/\u2028evil",
        "/ä",
        "/\\/evil",
        "data:text/html,x",
        "/\x7f",
    ],
)
def test_an_address_that_is_not_a_path_of_ours_leads_home(text: str | None) -> None:
    assert local_path(text) == "/"


@pytest.mark.parametrize(
    "text", ["/", "/account", "/oauth2/authorize?redirect_uri=https://wilma.example/cb&state=a%20b", "/a?b=//c", "/a#b"]
)
def test_a_path_of_ours_with_its_query_is_kept(text: str) -> None:
    assert local_path(text) == text


@given(st.text())
def test_whatever_is_given_the_result_stays_on_this_host(text: str) -> None:
    kept = local_path(text)
    assert kept.startswith("/")
    assert not kept.startswith(("//", "/\\"))
    assert kept.isprintable()
