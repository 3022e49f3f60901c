"""What rules, roles and data groups are called and mean: declared by language, written out, and changed without rights
moving."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.access.model.role import DataGroup, RoleVersion
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


GROUPS = """    data_groups:
      - {key: oppilaat, name: {fi: Oppilastiedot, sv: Elevuppgifter}, meaning: {fi: Oppilaan nimi ja luokka}}
      - {key: arviointi, name: {fi: Arviointi}}
"""
APPLICATION = "    name: {fi: Wilma}\n"


def test_data_groups_are_declared_written_out_and_stay_where_they_are_not_stated(
    applied: Apply, session: Session
) -> None:
    stated = EVERYTHING.replace(APPLICATION, APPLICATION + GROUPS)
    report = applied(stated)
    assert report.applied is not None
    assert (report.applied.rights.opened, report.applied.rights.closed) == (0, 0)
    found = {row.key: (row.name["sv"], row.meaning) for row in session.scalars(select(DataGroup))}
    assert found == {
        "arviointi": ("Arviointi", None),
        "oppilaat": ("Elevuppgifter", dict.fromkeys(("fi", "sv", "en"), "Oppilaan nimi ja luokka")),
    }
    assert applied(EVERYTHING).counts["change"] == 0
    text = in_yaml(as_data(session))
    assert "Elevuppgifter" in text
    assert applied(text).counts["change"] == 0


def test_data_groups_that_are_left_out_of_those_stated_lose_their_name(applied: Apply, session: Session) -> None:
    applied(EVERYTHING.replace(APPLICATION, APPLICATION + GROUPS))
    applied(EVERYTHING.replace(APPLICATION, APPLICATION + "    data_groups: [{key: uusi, name: {fi: Uusi}}]\n"))
    assert session.scalars(select(DataGroup.key)).all() == ["uusi"]


def test_a_data_group_is_named_once(apply: Apply) -> None:
    twice = "    data_groups: [{key: a, name: {fi: A}}, {key: a, name: {fi: B}}]\n"
    assert apply(EVERYTHING.replace(APPLICATION, APPLICATION + twice)).problems


def test_what_a_role_means_is_declared_and_is_of_a_version(applied: Apply, session: Session) -> None:
    report = applied(EVERYTHING.replace("name: {fi: Psykologi}", "name: {fi: Psykologi}, meaning: {fi: Auttaa}"))
    assert report.counts["change"] == 1
    meanings = session.scalars(select(RoleVersion.meaning).order_by(RoleVersion.n.desc())).all()
    assert meanings[0] == {"fi": "Auttaa", "sv": "Auttaa", "en": "Auttaa"}
    assert "Auttaa" in in_yaml(as_data(session))
