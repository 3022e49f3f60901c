"""What somebody pastes: usernames and numbers, each once, however they are parted."""

from __future__ import annotations

from hypothesis import given, strategies as st

from iam.signin.accounts import found


@given(st.lists(st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True), unique=True), st.sampled_from("\n\t ,;"))
def test_what_is_pasted_is_read_as_it_was_written(words: list[str], between: str) -> None:
    assert found.written(f"{between} ".join([*words, *words])) == words


@given(st.text())
def test_whatever_is_pasted_gives_words_without_blanks_or_nul(text: str) -> None:
    words = found.written(text)
    assert len(set(words)) == len(words)
    assert not any(sign.isspace() or sign in ",;\x00" for word in words for sign in word)
