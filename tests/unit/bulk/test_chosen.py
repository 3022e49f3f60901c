"""Who is meant: ticks, filters, pastes and holders never reach a neighbour's people, nor a protected person by a
paste."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from iam.bulk import chosen
from iam.bulk.chosen import BulkChoice, ChosenPeople
from iam.directory.pages.listing import Wanted
from iam.errors import Invalid
from iam.signin.accounts.account import Account
from tests.kit.factories import access
from tests.unit.bulk.conftest import School

YEAR = timedelta(days=365)


def choose(school: School, choice: BulkChoice, permission: str = "rights.grant") -> ChosenPeople:
    who = school.asker()
    return chosen.resolve(school.session, choice, who.part("persons.read"), who.part(permission), YEAR)


def logins(school: School, ids: list[UUID]) -> str:
    query = select(Account.login).where(Account.person_id.in_(ids))
    return "\n".join(school.session.scalars(query))


def test_a_neighbours_people_are_never_chosen_by_ids_by_the_filter_or_by_a_paste(school: School) -> None:
    mine, theirs = school.named(2), school.people(2, at="naapuri")
    school.session.add(Account(person_id=theirs[0], login="naapurin.oma", language="fi"))
    school.session.flush()
    everybody = {*mine, *(school.ids[name] for name in ("sanna", "paula", "pekka"))}
    assert set(choose(school, BulkChoice((*mine, *theirs))).ids) == set(mine)
    assert set(choose(school, BulkChoice(wanted=Wanted())).ids) == everybody
    by_paste = choose(school, BulkChoice(paste=f"{logins(school, mine)}\nnaapurin.oma, nobody"))
    assert set(by_paste.ids) == set(mine)
    assert by_paste.found.missing == ["naapurin.oma", "nobody"]


def test_of_a_paste_those_beyond_the_part_of_the_act_are_as_good_as_not_found(school: School) -> None:
    access.admin_grant(school.session, school.ids["sanna"], "persons.read", school.ids["lukio"])
    (beyond,) = school.people(1, at="lukio")
    school.session.add(Account(person_id=beyond, login="lukion.oma", language="fi"))
    school.session.flush()
    found = choose(school, BulkChoice(paste="lukion.oma paula"))
    assert (list(found.ids), found.found.missing) == ([school.ids["paula"]], ["lukion.oma"])


def test_a_protected_pupil_is_found_by_a_paste_only_where_it_may_be_told(school: School) -> None:
    (pupil,) = school.named(1)
    school.protect(pupil)
    pasted = BulkChoice(paste=logins(school, [pupil]))
    assert choose(school, pasted).ids == []
    access.admin_grant(school.session, school.ids["sanna"], "persons.code", school.ids["lukio"])
    assert choose(school, pasted).ids == []
    access.admin_grant(school.session, school.ids["sanna"], "persons.code", school.ids["koulu"])
    assert choose(school, pasted).ids == [pupil]


def test_those_who_hold_a_role_are_chosen_of_the_part_only(school: School) -> None:
    ids = school.people(2)
    school.do("give-right", ids)
    other = school.people(1, at="naapuri")
    assert set(choose(school, BulkChoice(role_id=school.ids["opettaja"])).ids) == set(ids)
    assert other[0] not in choose(school, BulkChoice(role_id=school.ids["opettaja"])).ids


def test_more_than_five_thousand_are_told_to_be_too_many(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "MOST", 3)
    school.people(4)
    with pytest.raises(Invalid, match="At most 3 people"):
        choose(school, BulkChoice(wanted=Wanted()))
    with pytest.raises(Invalid, match="At most 3 people"):
        choose(school, BulkChoice(paste="a b c d"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paste=st.text(max_size=80))
def test_any_paste_finds_nobody_beyond_the_part_and_breaks_nothing(school: School, paste: str) -> None:
    found = choose(school, BulkChoice(paste=paste))
    if paste.strip():
        assert set(found.ids) <= {school.ids[name] for name in ("sanna", "paula", "pekka")}
    assert isinstance(found.found.missing, list)


def test_whom_the_asker_may_not_read_is_never_chosen_though_the_act_may_be_done_there(school: School) -> None:
    access.admin_grant(school.session, school.ids["sanna"], "rights.grant", school.ids["lukio"])
    (beyond,) = school.people(1, at="lukio")
    school.session.add(Account(person_id=beyond, login="lukion.oma", language="fi"))
    school.session.flush()
    for choice in (BulkChoice((beyond,)), BulkChoice(wanted=Wanted()), BulkChoice(paste="lukion.oma")):
        assert beyond not in choose(school, choice).ids
