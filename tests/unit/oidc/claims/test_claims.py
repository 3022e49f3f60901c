"""What is told of a person: the chosen capacity and this application only, never longer than it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from iam.database.types import Protected
from iam.directory.queries import Profile
from iam.oidc.claims import compose as claims
from iam.oidc.claims.compose import Told
from tests.kit.made import APPLICATION, IN_KOIVU, IN_RANTA, MAY, NOW, OTHER_APPLICATION, capacity, in_ranta, right

ALL = ("openid", "profile", "email", "phone", "roles", "groups")
USERINFO = "https://id.example/oauth2/userinfo"
ANNA = Profile("Anna Maria", "Anna", "Virtanen", "anna@example.fi", Protected("+358401234567"))
TOLD = Told("Zk3", capacity(), "c_1", None, (right(),), ("4B",), ANNA, "anna.virtanen", "sv", "fi")


def test_a_token_tells_capacity_roles_groups_and_entitlements() -> None:
    assert claims.of_token(TOLD, ALL, {}, USERINFO) == {
        "capacity": {
            "id": "c_1",
            "kind": "employee",
            "organisation": {"key": "KOIVU", "name": "Koivurinteen koulu"},
            "position": "Luokanopettaja",
        },
        "roles": ["opettaja@KOIVU"],
        "entitlements": ["arviointi:write@KOIVU", "oppilaat:read@KOIVU"],
        "groups": ["4B"],
    }


def test_what_was_not_asked_is_not_told() -> None:
    assert set(claims.of_token(TOLD, ("openid",), {}, USERINFO)) == {"capacity"}
    assert set(claims.of_userinfo(TOLD, ("openid", "email"), {})) == {"sub", "capacity", "email", "email_verified"}


def test_userinfo_tells_the_profile_too() -> None:
    said = claims.of_userinfo(TOLD, ALL, {})
    assert {name: said[name] for name in said if name not in ("capacity", "roles", "entitlements", "groups")} == {
        "sub": "Zk3",
        "name": "Anna Virtanen",
        "given_name": "Anna",
        "family_name": "Virtanen",
        "preferred_username": "anna.virtanen",
        "locale": "sv",
        "email": "anna@example.fi",
        "email_verified": False,
        "phone_number": "+358401234567",
        "phone_number_verified": False,
    }


def test_a_protected_persons_telephone_is_not_told() -> None:
    said = claims.of_userinfo(replace(TOLD, profile=replace(ANNA, protected=True)), ALL, {})
    assert not {"phone_number", "phone_number_verified"} & said.keys()
    assert "…" not in str(said)


@pytest.mark.parametrize("scope", ["openid", "openid email"])
def test_what_is_not_known_is_not_called_unverified_either(scope: str) -> None:
    unreachable = replace(TOLD, profile=replace(ANNA, email=None, phone=None))
    assert claims.of_userinfo(unreachable, scope.split(), {}).keys() == {"sub", "capacity"}


def test_whether_an_address_was_verified_can_be_asked_by_itself() -> None:
    assert claims.of_token(TOLD, ("openid",), {}, USERINFO, ("email_verified",)).keys() == {
        "capacity",
        "email_verified",
    }


def test_an_address_under_another_name_is_still_called_unverified() -> None:
    said = claims.of_userinfo(TOLD, ("openid", "email"), {"email": {"name": "mail"}})
    assert (said["mail"], said["email_verified"]) == ("anna@example.fi", False)


def test_rights_of_another_capacity_are_not_usable() -> None:
    assert claims.usable([right(capacity_id=IN_RANTA)], IN_KOIVU, APPLICATION) == ()


def test_rights_in_another_application_are_not_usable() -> None:
    assert claims.usable([right(application_id=OTHER_APPLICATION)], IN_KOIVU, APPLICATION) == ()


@pytest.mark.parametrize("change", [{"enforcement": "at use"}, {"needs_relationship": True}])
def test_rights_decided_at_use_or_by_a_relationship_are_not_usable(change: dict[str, object]) -> None:
    assert claims.usable([right(**change), right("rehtori")], IN_KOIVU, APPLICATION) == (right("rehtori"),)


@pytest.mark.parametrize("enforcement", ["by token", "by push", "by ticket"])
def test_rights_enforced_otherwise_are_usable(enforcement: str) -> None:
    assert len(claims.usable([right(enforcement=enforcement)], IN_KOIVU, APPLICATION)) == 1


def test_a_token_ends_with_the_first_thing_it_says() -> None:
    latest = NOW + timedelta(minutes=5)
    soon, sooner = NOW + timedelta(minutes=3), NOW + timedelta(minutes=2)
    assert claims.first_end(TOLD, ALL, latest) == latest
    ending = replace(TOLD, rights=(right(), right("rehtori", valid_to=sooner)))
    assert claims.first_end(ending, ALL, latest) == sooner
    assert claims.first_end(replace(ending, capacity=capacity(valid_to=soon)), ("openid",), latest) == soon


def test_a_token_with_its_last_role_ending_in_may_lives_no_longer_than_may() -> None:
    assert claims.first_end(TOLD, ALL, MAY + timedelta(days=1)) == MAY


def test_the_capacity_id_differs_by_application_and_by_capacity() -> None:
    ids = {
        claims.opaque_capacity_id(b"key", application, fact)
        for application in (APPLICATION, OTHER_APPLICATION)
        for fact in (IN_KOIVU, IN_RANTA)
    }
    assert len(ids) == 4
    assert all(len(id_) == 18 and id_.startswith("c_") for id_ in ids)
    assert claims.opaque_capacity_id(b"key", APPLICATION, IN_KOIVU) in ids
    assert claims.opaque_capacity_id(b"other", APPLICATION, IN_KOIVU) not in ids


def test_a_guardian_acts_on_behalf_of_somebody_and_tells_no_organisation() -> None:
    guardian = capacity(
        kind="guardian", organisation_id=None, organisation_key="", organisation_names={}, position=None
    )
    said = claims.of_token(Told("Zk3", guardian, "c_2", "Ch1"), ("openid",), {}, USERINFO)
    assert said == {"capacity": {"id": "c_2", "kind": "guardian", "on_behalf_of": "Ch1"}}


def test_the_organisation_is_named_in_the_persons_language() -> None:
    said = claims.of_token(replace(TOLD, capacity=in_ranta(), language="sv"), ("openid",), {}, USERINFO)
    assert said["capacity"]["organisation"] == {"key": "RANTA", "name": "Koivurinne skola"}


@pytest.mark.parametrize(("number", "inside"), [(150, True), (151, False)])
def test_more_than_150_roles_are_told_by_the_userinfo_endpoint(number: int, inside: bool) -> None:
    many = replace(TOLD, rights=tuple(right(f"rooli-{n:03}") for n in range(number)))
    said = claims.of_token(many, ALL, {}, USERINFO)
    assert ("roles" in said) is inside
    if not inside:
        assert said["_claim_names"] == {"roles": "avain", "entitlements": "avain"}
        assert said["_claim_sources"] == {"avain": {"endpoint": USERINFO}}
    assert len(claims.of_userinfo(many, ALL, {})["roles"]) == number


def test_more_than_150_entitlements_are_told_elsewhere_while_the_roles_stay() -> None:
    wide = replace(TOLD, rights=(right(content=tuple(f"ryhmä-{n}:read" for n in range(151))),))
    said = claims.of_token(wide, ALL, {}, USERINFO)
    assert said["roles"] == ["opettaja@KOIVU"]
    assert said["_claim_names"] == {"entitlements": "avain"}
    assert "entitlements" not in said


def test_a_mapper_renames_and_reformats_roles_over_the_groups_they_replace() -> None:
    two = replace(TOLD, rights=(right(), right(scope_key="RANTA"), right("rehtori", scope_key="RANTA")))
    said = claims.of_token(two, ALL, {"roles": {"name": "groups", "format": "code"}}, USERINFO)
    assert said["groups"] == ["opettaja", "rehtori"]
    assert "roles" not in said


def test_a_mapper_names_the_claims_told_elsewhere() -> None:
    many = replace(TOLD, rights=tuple(right(f"rooli-{n:03}") for n in range(151)))
    said = claims.of_token(many, ALL, {"roles": {"name": "urn:example:roles"}}, USERINFO)
    assert set(said["_claim_names"]) == {"urn:example:roles", "entitlements"}


def test_a_nested_claim_stands_inside_objects_and_several_share_one() -> None:
    mapper = {
        "roles": {"name": "realm_access.roles", "nested": True, "format": "code"},
        "groups": {"name": "realm_access.of.groups", "nested": True},
        "email": {"name": "mail.address"},
    }
    said = claims.of_userinfo(TOLD, ("openid", "email", "roles", "groups"), mapper)
    assert said == {
        "sub": "Zk3",
        "capacity": said["capacity"],
        "entitlements": said["entitlements"],
        "realm_access": {"roles": ["opettaja"], "of": {"groups": ["4B"]}},
        "mail.address": "anna@example.fi",
        "email_verified": False,
    }


def test_a_nested_claim_told_elsewhere_is_named_by_its_outermost_object_and_takes_that_along() -> None:
    many = replace(TOLD, rights=tuple(right(f"rooli-{n:03}") for n in range(151)))
    mapper = {"roles": {"name": "access.roles", "nested": True}, "groups": {"name": "access.groups", "nested": True}}
    said = claims.of_token(many, ALL, mapper, USERINFO)
    assert said["_claim_names"] == {"access": "avain", "entitlements": "avain"}
    assert not {"access", "roles", "groups"} & said.keys()
    told = claims.of_userinfo(many, ALL, mapper)["access"]
    assert (len(told["roles"]), told["groups"]) == (151, ["4B"])


@pytest.mark.parametrize("name", sorted(claims.RESERVED))
def test_a_mapper_never_puts_a_claim_inside_one_of_the_protocol(name: str) -> None:
    said = claims.of_userinfo(TOLD, ALL, {"email": {"name": f"{name}.email", "nested": True}})
    assert (said["sub"], said["email"]) == ("Zk3", "anna@example.fi")


@pytest.mark.parametrize("reserved", sorted(claims.RESERVED))
def test_a_mapper_never_gives_away_a_name_of_the_protocol(reserved: str) -> None:
    said = claims.of_userinfo(TOLD, ALL, {"email": {"name": reserved}})
    assert said["sub"] == "Zk3"
    assert said["email"] == "anna@example.fi"
