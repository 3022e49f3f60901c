"""Both databases answer alike where a whole set is worked on at once."""

from __future__ import annotations

import hashlib
import time
from itertools import pairwise
from uuid import RFC_4122

from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import String, Uuid, literal, select, text, union_all
from sqlalchemy.orm import Session

from iam.database.bulk import among, digest_of_lines, each_word
from iam.database.types import uuid7
from iam.directory.person import Person

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(TEXT, max_size=8))
def test_the_same_lines_have_the_same_digest_on_either_database_in_whatever_order(
    session: Session, lines: list[str]
) -> None:
    rows = union_all(*(select(literal(line, String)) for line in lines)) if lines else select(literal("")).where(False)
    found = digest_of_lines(session, select(rows.subquery().c[0]))
    assert found == hashlib.sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).hexdigest()


WORDS = st.lists(st.text("abzåäöńж09", min_size=1), max_size=5)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=WORDS)
def test_each_word_of_a_name_is_found_on_either_database(session: Session, words: list[str]) -> None:
    named = select(literal(" ".join(words), String).label("words")).subquery().c.words
    each = each_word(session, named)
    found = session.scalars(select(each.c.value).select_from(named.table, each))
    assert sorted(found) == sorted(words)


def test_of_thousands_of_ids_those_are_found_that_are_there_and_of_none_nobody(session: Session) -> None:
    people = [Person(id=uuid7(), sort_name="") for _ in range(3)]
    session.add_all(people)
    session.flush()
    some = {people[0].id, people[2].id}
    asked = [*some, *(uuid7() for _ in range(6000))]
    assert set(session.scalars(select(Person.id).where(among(session, Person.id, asked)))) == some
    assert list(session.scalars(select(Person.id).where(among(session, Person.id, [])))) == []


MANY = "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 100000) SELECT uuid7() AS id FROM n"
"""So many that some are made where a millisecond ends."""


def test_ids_that_the_database_makes_stand_in_the_order_in_which_they_were_made(session: Session) -> None:
    made = list(session.scalars(text(MANY).columns(id=Uuid())))
    assert not [both for both in pairwise(made) if both[0].int >> 64 > both[1].int >> 64]
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert abs((made[-1].int >> 80) / 1000 - time.time()) < 60
