"""Known records whose keys begin alike are found together."""

from __future__ import annotations

from iam.sources.reading.known import Keys


def test_the_keys_of_one_beginning_are_those_of_its_kind_and_no_others() -> None:
    known = [("role", "b/1"), ("role", "a/2"), ("role", "a/1"), ("role", "a"), ("role", "ab/1"), ("user", "a/3")]
    assert Keys(known).beginning("role", "a/") == ["a/1", "a/2"]
    assert Keys(known).beginning("class", "a/") == []
