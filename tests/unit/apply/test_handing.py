"""Declaring who hands a role out, and whose code lists are."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.role import Role
from iam.apply.export import as_data, in_yaml

from .conftest import ACCESS, EVERYTHING, Apply

PSYCHOLOGIST = "content: [nimi:read], name: {fi: Psykologi}}"
SECOND_ROOT = "organisations: [{key: toinen, kind: consortium, name: {fi: Toinen}, legal_entity: true}]\n"
OF_THE_SCHOOL = """
rules:
  - rule: koulun-oma
    owner: KOIVU
    bind: {a: {affiliation: {kind: employee}}}
    gives: {role: "wilma:opettaja", scope: organisation of a}
"""


def said(session: Session, key: str = "psykologi") -> tuple[bool, str]:
    row = session.scalars(select(Role).where(Role.key == key)).one()
    session.refresh(row)
    return row.sensitive, row.handed_out


def psychologist(more: str) -> str:
    """The applications, with more said of the psychologist's role."""
    return ACCESS[: ACCESS.index("rules:")].replace(PSYCHOLOGIST, f"{PSYCHOLOGIST[:-1]}, {more}}}")


def test_a_sensitive_role_is_handed_out_by_the_owner_unless_told_otherwise(applied: Apply, session: Session) -> None:
    assert said(session) == (False, "enabled")
    applied(psychologist("sensitive: true"))
    assert said(session) == (True, "owner")
    applied(psychologist("sensitive: true, handed_out: parts"))
    assert said(session) == (True, "parts")
    applied(psychologist("sensitive: true"))
    assert said(session) == (True, "parts"), "what is not stated stays"
    text = in_yaml(as_data(session))
    assert applied(text).applied is None


def test_a_role_that_comes_to_include_a_sensitive_one_is_handed_out_by_the_owner(
    applied: Apply, session: Session
) -> None:
    assert said(session, "rehtori") == (False, "enabled")
    with_it = psychologist("sensitive: true").replace("includes: [opettaja]", "includes: [opettaja, psykologi]")
    applied(with_it)
    assert said(session, "rehtori") == (False, "owner")
    applied(with_it.replace("name: {fi: Rehtori}", "handed_out: parts, name: {fi: Rehtori}"))
    applied(with_it)
    assert said(session, "rehtori") == (False, "parts"), "what is not stated stays"


def test_who_hands_a_role_out_stays_where_an_older_declaration_says_nothing(applied: Apply, session: Session) -> None:
    applied(psychologist("handed_out: parts"))
    applied(EVERYTHING)
    assert said(session) == (False, "parts")


def test_a_school_s_rule_is_refused_a_role_that_schools_do_not_hand_out(applied: Apply) -> None:
    (problem,) = applied(OF_THE_SCHOOL).problems
    assert (problem.field, problem.params["owner"]) == ("rules[0].gives.role", "mansikkala")
    content = "content: [oppilaat:read, arviointi:write],"
    both = ACCESS.replace(content, f"{content} handed_out: parts,") + OF_THE_SCHOOL
    assert not applied(both.replace(ACCESS[ACCESS.index("rules:") :], "")).problems


def test_a_rule_loses_its_role_when_its_owner_may_hand_it_out_no_more(applied: Apply) -> None:
    disabled = ACCESS.replace("enabled: [mansikkala, marjala-hva]", "enabled: [mansikkala]")
    (problem,) = applied(disabled).problems
    assert problem.field == "rules[1].gives.role"


def test_a_new_code_list_without_an_owner_is_the_only_roots(applied: Apply, session: Session) -> None:
    applied("code_lists: [{key: johtajat, codes: [rehtori]}, {key: omat, owner: KOIVU, codes: [rehtori]}]")
    applied(SECOND_ROOT)
    assert {row["key"]: row["owner"] for row in as_data(session)["code_lists"]} == {
        "johtajat": "konsortio",
        "omat": "KOIVU",
        "opettajat": "konsortio",
    }
    assert not applied("code_lists: [{key: johtajat, codes: [rehtori, apulaisrehtori]}]").problems
    (problem,) = applied("code_lists: [{key: uudet, codes: [rehtori]}]").problems
    assert problem.field == "code_lists[0].owner"


@pytest.mark.parametrize(("owner", "fields"), [("konsortio", []), ("marjala-hva", ["bind", "a"])])
def test_a_rule_uses_lists_of_its_owner_and_of_what_is_above_only(
    applied: Apply, owner: str, fields: list[str]
) -> None:
    text = f"code_lists: [{{key: opettajat, owner: {owner}, codes: [luokanopettaja]}}]\n" + ACCESS
    problems = applied(text).problems
    assert [problem.message % problem.params for problem in problems] == (
        ["There is no code list opettajat."] if fields else []
    )


@pytest.mark.parametrize("name", ["act", "may_act", "cnf", "username"])
def test_a_claim_is_never_given_a_name_that_says_who_acts_or_whose_key_it_is(applied: Apply, name: str) -> None:
    text = ACCESS.replace(
        "grants: [authorization_code", f"mapper: {{roles: {{name: {name}}}}}, grants: [authorization_code"
    )
    (problem,) = applied(text).problems
    assert problem.field == "applications[0].clients[0].mapper.roles"
