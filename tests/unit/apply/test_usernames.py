"""Which usernames an organisation's people get, as declared, and that a declared login is never one that was
somebody's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.apply import export
from iam.signin.accounts.account import Account
from iam.signin.accounts.username import FormerUsername, UsernameRule

from .conftest import Apply


def town(**said: Any) -> str:
    one = {"key": "KUNTA", "kind": "municipality", "name": {"fi": "Kunta"}, "legal_entity": True, **said}
    return json.dumps({"organisations": [one]})


def test_what_an_organisation_says_of_usernames_is_written_exported_and_stays_until_it_is_stated_otherwise(
    apply: Apply, session: Session
) -> None:
    rules = select(UsernameRule.kind, UsernameRule.form).order_by(UsernameRule.kind)
    said = {"employee": "given.family", "student": "none"}
    assert list(apply(town(usernames=said)).problems) == []
    assert session.execute(rules).all() == [("employee", "given.family"), ("student", "none")]
    written = export.as_data(session)
    assert written["organisations"][0]["usernames"] == said
    assert apply(export.in_yaml(written)).applied is None
    assert apply(town()).counts["change"] == 0, "a page says it too, and these files know nothing of it"
    assert apply(town(usernames={"guardian": "none"})).counts["change"] == 1
    assert session.execute(rules).all() == [("guardian", "none")]
    apply(town(usernames={}))
    assert session.execute(rules).all() == []


@pytest.mark.parametrize("said", [{"employee": "family.given"}, {"cleaner": "none"}, "given.family"])
def test_a_rule_of_usernames_that_cannot_be_is_refused_with_its_place(apply: Apply, said: Any) -> None:
    (problem, *_) = apply(town(usernames=said)).problems
    assert problem.field is not None
    assert problem.field.startswith("organisations[0].usernames")


def test_a_login_that_was_somebody_s_is_declared_for_nobody_else(applied: Apply, session: Session) -> None:
    holder = session.scalar(select(Account.person_id).where(Account.login == "aino.esimerkki"))
    assert holder is not None
    session.add(FormerUsername(login="entinen", person_id=holder, ended_at=clock.now()))
    session.flush()
    stated = {"login": "entinen", "given_names": "Uusi", "family_name": "Tulija"}
    report = applied(json.dumps({"persons": [stated]}))
    assert [one.message for one in report.problems] == [
        "This login is or was somebody else's, and is never given to another."
    ]
