"""Who is in a local group is stated by username, or by an identifier who has none."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.apply.export import as_data
from iam.directory.affiliation import Membership
from iam.signin.accounts.account import Account
from tests.kit.factories import facts

from .conftest import EVERYTHING, Apply


def test_who_has_no_username_is_in_a_group_by_an_identifier(applied: Apply, session: Session) -> None:
    person = facts.person(session)
    facts.identifier(session, person, "employee-number", "hr", "10017")
    known = "identified: [{identifier: employee-number, issuer: hr, value: '10017'}]"
    text = EVERYTHING.replace("members: [aino.esimerkki]", f"members: [aino.esimerkki], {known}")
    assert not applied(text).problems
    open_ = select(Membership.person_id).where(Membership.closed_by.is_(None), Membership.valid_to > clock.now())
    assert person in session.scalars(open_).all()
    assert applied(text).applied is None
    (stated,) = as_data(session)["groups"]
    assert [one["value"] for one in stated["identified"]] == ["10017"]
    (problem,) = applied(text.replace("10017", "10018")).problems
    assert (problem.field, problem.message) == ("groups[0].identified", "No source has brought this person.")
    assert not applied(text.replace("'10017'", "'10018', when_present: true")).problems
    (problem,) = applied(text.replace("employee-number", "identity-code")).problems
    assert problem.message == "A declaration must not hold identity codes."
    session.add(Account(person_id=person, login="uusi", language=None))
    session.flush()
    assert not applied(text).problems
    assert applied(text.replace(f", {known}", "").replace("[aino.esimerkki]", "[aino.esimerkki, uusi]")).applied is None
