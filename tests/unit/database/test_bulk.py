"""Both databases answer alike where a whole set is worked on at once."""

from __future__ import annotations

import hashlib

from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import String, literal, select, union_all
from sqlalchemy.orm import Session

from iam.database.bulk import digest_of_lines, each_word

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(TEXT, max_size=8))
def test_the_same_lines_have_the_same_digest_on_either_database_in_whatever_order(
    session: Session, lines: list[str]
) -> None:
    rows = union_all(*(select(literal(line, String)) for line in lines)) if lines else select(literal("")).where(False)
    found = digest_of_lines(session, select(rows.subquery().c[0]))
    assert found == hashlib.sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).hexdigest()


WORDS = st.lists(st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1), max_size=5)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=WORDS)
def test_each_word_of_a_name_is_found_on_either_database(session: Session, words: list[str]) -> None:
    named = select(literal(" ".join(words), String).label("words")).subquery().c.words
    each = each_word(session, named)
    found = session.scalars(select(each.c.value).select_from(named.table, each))
    assert sorted(found) == sorted(words)
