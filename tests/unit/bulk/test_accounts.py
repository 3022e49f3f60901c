"""Usernames, letters, sign-ins and files for many: as far as the asker stands over all of each."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from iam.audit.log import AuditEvent
from iam.signin.accounts import username_rules
from iam.signin.accounts.account import Account
from iam.signin.accounts.username import NAMES
from iam.signin.passwords import credentials
from iam.tokens import session as login_sessions
from iam.tokens.session import Life, LoginSessionRow
from tests.kit.factories import facts
from tests.unit.bulk.conftest import School

DAY = Life(timedelta(hours=8), timedelta(hours=12))


def test_those_who_have_none_get_a_username_by_rule_and_the_others_are_told_why(school: School) -> None:
    session, koulu = school.session, school.ids["koulu"]
    username_rules.state(session, {koulu: {"employee": NAMES}})
    person = facts.person(session, "Uusi")
    facts.affiliation(session, person, koulu)
    both = facts.person(session, "Kaksi")
    for place in ("koulu", "naapuri"):
        facts.affiliation(session, both, school.ids[place])
    (pupil,) = school.people(1, kind="student")
    report = school.do("give-usernames", [person, both, pupil, school.ids["paula"]])
    assert session.get_one(Account, person).login == "aino.uusi"
    assert school.why(report, both) == "Your part does not hold all of this person."
    assert school.why(report, pupil) == "No rule of usernames gives one."
    assert school.why(report, school.ids["paula"]) == "Has a username already."


def test_letters_are_made_for_those_without_a_password_of_whom_the_part_holds_all(school: School) -> None:
    session = school.session
    first, second, third = school.named(3)
    credentials.set_password(session, school.vault, second, "sininen hauki ui vastavirtaan", school.asker().actor)
    facts.affiliation(session, third, school.ids["naapuri"])
    report = school.do("print-codes", [first, second, third, school.ids["paula"], *school.people(1)])
    assert [slip.login for slip in report.slips] == [session.get_one(Account, first).login]
    whys = {problem.message for problem in report.people.left.values()}
    assert whys == {
        "Has a password already: a code is given on the person's own page.",
        "Your part does not hold all of this person.",
        "Has no username.",
    }
    told = session.scalars(select(AuditEvent.subject_id).where(AuditEvent.type == "signin:code:printed"))
    assert list(told) == [first]


def test_sign_ins_end_but_not_of_who_administers_more(school: School) -> None:
    session = school.session
    ids = school.named(2)
    for one in (*ids, school.ids["paula"]):
        login_sessions.start(session, one, DAY, acr="password", amr=["pwd"], agent="test")
    report = school.do("end-sessions", [*ids, school.ids["paula"]])
    row = LoginSessionRow
    assert set(session.scalars(select(row.person_id).where(row.ended_at.is_(None)))) == {school.ids["paula"]}
    assert school.why(report, school.ids["paula"]) == "This person is an administrator of more than you are."
    told = session.scalars(select(AuditEvent.subject_id).where(AuditEvent.type == "signin:session:ended"))
    assert set(told) == set(ids)
