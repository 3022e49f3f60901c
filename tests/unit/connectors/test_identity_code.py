"""Something shaped like a personal identity code is found; what only looks a little like one is not."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from connectors.identity_code import MARK, MARKS, holds_code


@pytest.mark.parametrize(
    "text",
    [
        "140381-902E",
        "140381Y902E",
        "311299+9019",
        "090812B944T",
        "010519f998s",
        "Rehtori 301175-9153",
        "(301175-9153)",
        "hetu301175-9153",
        "301175\u2013915" + "3",
        "140381-9020",
        "KOIVU:60|301175-9153:40",
    ],
)
def test_a_code_is_found_in_any_of_its_forms(text: str) -> None:
    assert holds_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Luokanopettaja",
        "+358 40 123 4567",
        "1.8.2026",
        "KOIVU:60|RANTA:40",
        "2026-09-11T03:02:10Z",
        "451399-9019",
        "4140381-902E",
        "140381-90212",
        "6f140381-902e-4c1b-9f5e-0123456789ab",
        "a0140381-9021-4c1b-9f5e-311299a90190",
        "x140381-902A",
    ],
)
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert not holds_code(text)


@given(st.uuids())
def test_a_uuid_is_never_taken_for_a_code(uuid: object) -> None:
    assert not holds_code(str(uuid))


@given(
    st.from_regex(r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-Y]", fullmatch=True),
    st.text(max_size=5),
    st.text(max_size=5),
)
def test_whatever_holds_a_code_of_ascii_shows_the_mark(code: str, before: str, after: str) -> None:
    text = before + code + after
    assert not holds_code(text) or MARK in text.encode("utf-8", "replace").translate(MARKS)
