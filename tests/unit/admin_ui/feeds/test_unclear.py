"""Why nobody can be sure whose a record is, in words."""

from __future__ import annotations

from uuid import UUID

from admin_ui.feeds.unclear import Question
from iam.sources.identity.contradiction import CODES, NUMBER, OTHER, SEVERAL, SHARED


def test_each_reason_for_which_a_record_waits_is_told_in_words_of_its_own() -> None:
    reasons = SEVERAL, CODES, OTHER, NUMBER, SHARED
    told = {Question(UUID(int=1), "1", "Aada Laine", [], reason, [], all_shown=True).why for reason in reasons}
    assert len(told) == len(reasons)


def test_only_a_record_that_names_several_known_people_cannot_be_somebody_new_s() -> None:
    def may_be_new(reason: str) -> bool:
        return Question(UUID(int=1), "1", "Aada Laine", [], reason, [], all_shown=True).may_be_new

    assert [reason for reason in (SEVERAL, CODES, OTHER, NUMBER, SHARED) if not may_be_new(reason)] == [SEVERAL]
