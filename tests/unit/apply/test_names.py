"""What rules, roles and data groups are called and mean: declared by language, written out, and changed without rights
moving."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.access.model.rule import Rule, RuleVersion
from iam.apply.export import as_data, in_yaml
from iam.audit.log import AuditEvent

from .conftest import EVERYTHING, Apply

RULE = "rule: psykologi-wilmaan\n"


def named(name: str) -> str:
    return EVERYTHING.replace(RULE, f"{RULE}    name: {name}\n")


def called(session: Session) -> object:
    return session.scalar(select(Rule.name).where(Rule.key == "psykologi-wilmaan"))


def test_a_rule_is_called_otherwise_without_another_version_of_it(applied: Apply, session: Session) -> None:
    before = session.scalar(select(func.count(RuleVersion.id)))
    report = applied(named("{fi: Psykologit, sv: Psykologerna}"))
    assert not report.problems
    assert report.applied is not None
    assert (report.applied.rights.opened, report.applied.rights.closed) == (0, 0)
    assert called(session) == {"fi": "Psykologit", "sv": "Psykologerna", "en": "Psykologit"}
    assert session.scalar(select(func.count(RuleVersion.id))) == before
    (event,) = session.scalars(select(AuditEvent).where(AuditEvent.type == "rule:name:changed"))
    assert (event.envelope["rule"], event.envelope["before"]) == ("psykologi-wilmaan", None)


def test_a_rule_whose_name_is_not_stated_keeps_it_and_one_stated_empty_loses_it(
    applied: Apply, session: Session
) -> None:
    applied(named("{fi: Psykologit}"))
    assert applied(EVERYTHING).counts["change"] == 0
    assert called(session) is not None
    assert applied(named("null")).counts["change"] == 1
    assert called(session) is None


def test_names_are_written_out_and_applying_them_changes_nothing(applied: Apply, session: Session) -> None:
    applied(named("{fi: Psykologit}"))
    text = in_yaml(as_data(session))
    assert "fi: Psykologit" in text
    assert applied(text).counts["change"] == 0
