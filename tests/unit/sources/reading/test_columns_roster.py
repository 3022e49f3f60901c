"""What OneRoster rows and directory entries say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from connectors.records import Record
from iam.clock import FOREVER, LONG_AGO
from iam.sources.reading import matching
from iam.sources.reading.columns import Rejection, reader
from tests.kit.feeds.reading import KOIVU, MANSIKKALA, PLACES, RANTA, outcome, said, usual

USER = {
    "sourcedId": "u1",
    "username": "oona",
    "userIds": "{learner-number:1.2.246.562.98.1},{employee-number:1002}",
    "givenName": "Oona Olivia",
    "preferredGivenName": "Oona",
    "familyName": "Esimerkki",
    "email": "oona@example.fi",
    "sms": "040 1",
    "agentSourcedIds": "h1,h2",
}
ROLE = {
    "userSourcedId": "u1",
    "roleType": "primary",
    "role": "student",
    "orgSourcedId": "org-koivu",
    "beginDate": "2026-08-10",
    "endDate": "2027-06-05",
}
BEGINS, ENDS = datetime(2026, 8, 9, 21, tzinfo=UTC), datetime(2027, 6, 5, 21, tzinfo=UTC)


def oneroster(kind: str, fields: dict[str, Any], **changed: str) -> Any:
    return said("oneroster", kind, fields | changed)


def test_an_organisation_is_an_alias_by_its_identifier() -> None:
    assert oneroster("org", {"identifier": "KOIVU", "sourcedId": "x"}).alias == KOIVU
    assert oneroster("org", {"identifier": "", "sourcedId": "RANTA"}).alias == RANTA


def test_an_organisation_that_nobody_knows_is_rejected_by_its_key() -> None:
    with pytest.raises(Rejection) as caught:
        oneroster("org", {"identifier": "KADONNUT", "sourcedId": "x"})
    assert caught.value.problem.field == "identifier"
    assert "KADONNUT" in str(caught.value.problem)


def test_a_user_is_a_person_with_names_contact_and_login() -> None:
    person = oneroster("user", USER).person
    assert (person.key, person.as_, person.describes) == ("u1", "oneroster-id", True)
    names = ("given_names", "call_name", "family_name", "email", "phone", "login")
    assert [person.attributes.get(name) for name in names] == [
        "Oona Olivia",
        "Oona",
        "Esimerkki",
        "oona@example.fi",
        "040 1",
        "oona",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{learner-number:L1},{employee-number:E1}", {"learner-number": "L1", "employee-number": "E1"}),
        ("{other:X}, {learner-number:L1}", {"learner-number": "L1"}),
        ("{learner-number:L1},{learner-number:L2}", {"learner-number": "L1"}),
        ("learner-number:L1", {}),
        ("", {}),
        ("{learner-number}", {}),
    ],
)
def test_tagged_user_ids_are_identifiers_of_their_kind(text: str, found: dict[str, str]) -> None:
    identifiers = oneroster("user", USER, userIds=text).identifiers
    assert identifiers[0] == ("oneroster-id", "lahde", "u1")
    assert {kind: value for kind, _, value in identifiers[1:]} == found


def test_an_employee_number_of_the_roster_is_the_hr_system_s() -> None:
    assert ("employee-number", "hr", "1002") in oneroster("user", USER).identifiers


@pytest.mark.parametrize("text", ["{learner-number:}", "{learner-number: }"])
def test_an_empty_tag_names_nobody(text: str) -> None:
    assert [kind for kind, _, _ in oneroster("user", USER, userIds=text).identifiers] == ["oneroster-id"]


def test_the_agents_of_a_pupil_are_guardians_each_once_and_never_the_pupil() -> None:
    found = oneroster("user", USER, agentSourcedIds="h1, h2,h1,,u1").relationships
    assert found == [("guardian_of", key, False, LONG_AGO, FOREVER, False) for key in ("h1", "h2")]


def test_a_student_s_role_is_an_affiliation_in_the_school_by_its_alias() -> None:
    assert oneroster("role", ROLE).affiliations == [(KOIVU, "student", None, None, True, None, BEGINS, ENDS)]
    assert oneroster("role", ROLE, roleType="secondary").affiliations[0].is_primary is False


@pytest.mark.parametrize("role", ["teacher", "guardian", "administrator"])
def test_another_role_says_nothing_of_an_affiliation(role: str) -> None:
    assert oneroster("role", ROLE, role=role, orgSourcedId="KADONNUT").affiliations == []


def test_a_role_in_an_organisation_that_the_bundle_does_not_name_is_rejected() -> None:
    with pytest.raises(Rejection) as caught:
        oneroster("role", ROLE, orgSourcedId="KOIVU")
    assert caught.value.problem.field == "orgSourcedId"


def test_a_role_describes_nobody_so_that_it_overwrites_no_name() -> None:
    person = oneroster("role", ROLE).person
    assert (person.key, person.describes) == ("u1", False)


def test_a_class_is_a_group_of_its_school() -> None:
    fields = {"title": "1A", "schoolSourcedId": "org-koivu"}
    assert oneroster("class", fields).group == (KOIVU, "class", "1A")
    assert oneroster("class", fields, title="").group == (KOIVU, "class", "k1")


def test_an_enrollment_is_a_membership_with_its_days() -> None:
    fields = {"userSourcedId": "u1", "classSourcedId": "1a", "beginDate": "2026-08-10", "endDate": "2027-06-05"}
    assert oneroster("enrollment", fields).membership == ("class", "1a", BEGINS, ENDS)
    assert oneroster("enrollment", fields, beginDate="", endDate="").membership == ("class", "1a", LONG_AGO, FOREVER)


@pytest.mark.parametrize(
    ("role", "told"),
    [("guardian", 1), ("parent", 1), ("relative", 0), ("aide", 0), ("doctor", 0), ("other", 0), ("", 0)],
)
def test_only_a_parent_or_guardian_of_school_data_sync_is_a_guardian(role: str, told: int) -> None:
    fields = {"userSourcedId": "u1", "relationshipUserSourcedId": "h1", "relationshipRole": role}
    found = said("sds", "relationship", fields)
    assert found.relationships == [("guardian_of", "h1", False, LONG_AGO, FOREVER, False)] * told
    assert found.person.describes is False


def test_a_user_and_a_role_of_school_data_sync_are_a_person_and_an_affiliation() -> None:
    user = {"sourcedId": "u1", "username": "oona@edu", "givenName": "Oona", "familyName": "Esimerkki", "sms": "040 1"}
    found = said("sds", "user", user)
    assert found.identifiers == [("sds-id", "lahde", "u1")]
    assert [found.person.attributes[name] for name in ("given_names", "family_name", "phone", "login")] == [
        "Oona",
        "Esimerkki",
        "040 1",
        "oona@edu",
    ]
    role = {"userSourcedId": "u1", "orgSourcedId": "org-koivu", "role": "student", "isPrimary": "true"}
    role |= {"roleStartDate": "2026-08-10", "roleEndDate": "2027-06-05"}
    assert said("sds", "role", role).affiliations == [(KOIVU, "student", None, None, True, None, BEGINS, ENDS)]
    assert said("sds", "role", role | {"isPrimary": ""}).affiliations[0].is_primary is False
    assert said("sds", "role", role | {"role": "teacher"}).affiliations == []


def test_a_directory_s_person_has_its_own_key_and_the_employee_number_of_hr() -> None:
    found = said(
        "ldap",
        "person",
        {"entryUUID": "e1", "sn": "Esimerkki", "givenName": ("Aino", "Maria"), "employeeNumber": "1001"},
    )
    assert found.identifiers == [("entry-uuid", "lahde", "e1"), ("employee-number", "hr", "1001")]
    assert found.person is not None
    assert found.person.attributes.get("given_names") == "Aino"


def test_a_directory_s_group_belongs_to_the_source_s_owner() -> None:
    assert said("ldap", "group", {"cn": "opettajat"}).group == (MANSIKKALA, "group", "opettajat")
    assert said("ldap", "membership", {"person": "e1", "group": "g1"}).membership == ("group", "g1", LONG_AGO, FOREVER)


def test_a_birth_date_that_is_no_day_is_rejected_without_its_text() -> None:
    kind = matching.read({"person": {"person": {"key": "id", "as": "x", "birth_date": "syntynyt"}}}).kinds["person"]
    read = reader(kind, "Europe/Helsinki", "lahde", PLACES)
    with pytest.raises(Rejection) as caught:
        read(Record("person", "1", {"id": "1", "syntynyt": "31.2.2015"}, b""))
    assert caught.value.problem.field == "syntynyt"
    assert "31.2.2015" not in str(caught.value.problem)


KINDS = [(connector, kind) for connector in ("oneroster", "ldap", "hr") for kind in usual(connector).kinds]
NAMES = sorted(
    {
        *USER,
        *ROLE,
        "title",
        "schoolSourcedId",
        "classSourcedId",
        "identifier",
        "cn",
        "entryUUID",
        "sn",
        "person",
        "group",
        "toimipisteet",
    }
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.lists(st.text(max_size=10), max_size=3).map(tuple),
    st.sampled_from(["org-koivu", "student", "KOIVU", "2027-01-01"]),
)


@settings(max_examples=300, deadline=None)
@given(which=st.sampled_from(KINDS), fields=st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_record_of_any_kind_is_read_or_rejected(which: tuple[str, str], fields: dict[str, Any]) -> None:
    found = outcome(*which, fields)
    if isinstance(found, Rejection):
        assert found.problem.field
        assert found.problem.remedy
