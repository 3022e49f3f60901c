"""The next step of an authorization request, row by row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from iam.oidc.authorization.interaction import (
    Ask,
    Choose,
    Issue,
    NoRight,
    Refuse,
    SignIn,
    SignInState,
    Step,
    may_enter,
    next_step,
    told_of,
)
from tests.kit.made import IN_KOIVU, IN_RANTA, KOIVU, NOW, RANTA, capacity, in_ranta, right

MINUTE = timedelta(minutes=1)
TEACHER, PRINCIPAL = capacity(), in_ranta()
SILENT = frozenset({"none"})


def standing(*entries: Any, **changes: Any) -> SignInState:
    """A person who signed in a minute ago; ``entries`` are capacities that may enter, or pairs."""
    pairs = [entry if isinstance(entry, tuple) else (entry, True) for entry in entries]
    return SignInState(**{"auth_time": NOW - MINUTE, "capacities": pairs, **changes})


def step(ask: Ask, where: SignInState) -> Step:
    return next_step(ask, where, NOW)


def test_nobody_signed_in_is_sent_to_sign_in() -> None:
    assert step(Ask(), SignInState(None)) == SignIn(again=False)


def test_silently_nobody_signed_in_is_login_required() -> None:
    assert step(Ask(SILENT), SignInState(None)) == Refuse("login_required")


def test_one_fitting_capacity_is_not_asked_about() -> None:
    assert step(Ask(), standing(TEACHER, (PRINCIPAL, False))) == Issue(TEACHER)
    assert step(Ask(SILENT), standing(TEACHER)) == Issue(TEACHER)


def test_several_fitting_capacities_are_asked_about() -> None:
    assert step(Ask(), standing(TEACHER, PRINCIPAL)) == Choose((TEACHER, PRINCIPAL), (), None)


def test_silently_several_capacities_need_interaction() -> None:
    assert step(Ask(SILENT), standing(TEACHER, PRINCIPAL)) == Refuse("interaction_required")


@pytest.mark.parametrize("prompts", [frozenset(), SILENT])
def test_the_remembered_capacity_is_taken(prompts: frozenset[str]) -> None:
    assert step(Ask(prompts), standing(TEACHER, PRINCIPAL, remembered=IN_RANTA)) == Issue(PRINCIPAL)


def test_a_remembered_capacity_that_has_ended_is_forgotten() -> None:
    ended = in_ranta(valid_to=NOW)
    third = capacity(KOIVU, organisation_key="OPISTO")
    assert step(Ask(SILENT), standing(TEACHER, third, ended, remembered=IN_RANTA)) == Refuse("interaction_required")


def test_the_chosen_capacity_is_issued_and_remembered() -> None:
    assert step(Ask(), standing(TEACHER, PRINCIPAL, remembered=IN_KOIVU, chosen=IN_RANTA)) == Issue(
        PRINCIPAL, remember=True
    )


def test_choosing_again_is_possible_with_one_capacity_too() -> None:
    asked = Ask(frozenset({"select_account"}))
    assert step(asked, standing(TEACHER, remembered=IN_KOIVU)) == Choose((TEACHER,), (), IN_KOIVU)
    assert step(asked, standing(TEACHER, chosen=IN_KOIVU)) == Issue(TEACHER, remember=True)


def test_a_capacity_that_ended_while_choosing_is_never_replaced_silently() -> None:
    assert step(Ask(), standing(TEACHER, (PRINCIPAL, False), chosen=IN_RANTA)) == Choose(
        (TEACHER,), (), None, ended=True
    )


def test_a_coming_capacity_is_shown_and_cannot_be_taken() -> None:
    coming = in_ranta(valid_from=NOW + timedelta(days=3))
    assert step(Ask(), standing(TEACHER, coming)) == Issue(TEACHER)
    assert step(Ask(frozenset({"select_account"})), standing(TEACHER, coming)) == Choose((TEACHER,), (coming,), None)
    assert step(Ask(), standing(TEACHER, coming, chosen=IN_RANTA)) == Choose((TEACHER,), (coming,), None, ended=True)


def test_no_fitting_capacity_is_a_page_that_says_so() -> None:
    assert step(Ask(), standing((TEACHER, False))) == NoRight(True, ())
    coming = in_ranta(valid_from=NOW + timedelta(days=3))
    assert step(Ask(), standing(coming)) == NoRight(False, (coming,))
    assert step(Ask(SILENT), standing((TEACHER, False))) == Refuse("access_denied")


def test_a_capacity_ends_at_its_last_instant() -> None:
    assert step(Ask(), standing(capacity(valid_to=NOW))) == NoRight(False, ())
    assert step(Ask(), standing(capacity(valid_from=NOW))) == Issue(capacity(valid_from=NOW))


def test_an_application_that_does_not_ask_gets_the_primary_affiliation_never_the_union() -> None:
    primary = in_ranta(is_primary=True)
    assert step(Ask(), standing(TEACHER, primary, asks_capacity=False)) == Issue(primary)
    assert step(Ask(SILENT), standing(TEACHER, PRINCIPAL, asks_capacity=False)) == Issue(TEACHER)


def test_our_own_administration_needs_no_capacity() -> None:
    assert step(Ask(), standing(without_capacity=True)) == Issue(None)


def test_prompt_login_asks_again_and_is_content_with_a_sign_in_made_since() -> None:
    asked = frozenset({"login"})
    assert step(Ask(asked), standing(TEACHER)) == SignIn(again=True)
    assert step(Ask(asked, asked_at=NOW), standing(TEACHER)) == SignIn(again=True)
    assert step(Ask(asked, asked_at=NOW - MINUTE), standing(TEACHER)) == Issue(TEACHER)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(60, Issue(TEACHER)), (59, SignIn(again=True)), (0, SignIn(again=True))]
)
def test_max_age_is_the_longest_time_since_the_sign_in(seconds: int, expected: Step) -> None:
    assert step(Ask(max_age=timedelta(seconds=seconds)), standing(TEACHER)) == expected


def test_max_age_is_content_with_a_sign_in_made_since_the_request() -> None:
    assert step(Ask(max_age=timedelta(0), asked_at=NOW - 2 * MINUTE), standing(TEACHER)) == Issue(TEACHER)
    assert step(Ask(SILENT, max_age=timedelta(0)), standing(TEACHER)) == Refuse("login_required")


def test_a_request_for_another_person_asks_to_sign_in_once() -> None:
    assert step(Ask(), standing(TEACHER, other_person=True)) == SignIn(again=True)
    assert step(Ask(SILENT), standing(TEACHER, other_person=True)) == Refuse("login_required")
    assert step(Ask(asked_at=NOW - 2 * MINUTE), standing(TEACHER, other_person=True)) == Refuse("login_required")


def test_entry_by_role_needs_a_role_in_that_capacity_and_an_enabled_organisation() -> None:
    assert may_enter("role", TEACHER, [right()], {KOIVU})
    assert not may_enter("role", TEACHER, [right()], {RANTA})
    assert not may_enter("role", PRINCIPAL, [right()], {RANTA})
    assert may_enter("role", TEACHER, [right(enforcement="at use")], {KOIVU})


def test_entry_for_everyone_needs_an_enabled_organisation_and_no_role() -> None:
    assert may_enter("everyone", TEACHER, [], {KOIVU})
    assert not may_enter("everyone", PRINCIPAL, [right(capacity_id=IN_RANTA)], {KOIVU})


@pytest.mark.parametrize("entry", ["role", "everyone"])
def test_a_guardian_enters_by_the_childs_school_and_is_told_of_no_school_that_does_not_use_the_application(
    entry: str,
) -> None:
    guardian = capacity(organisation_id=None)
    in_both = [right(), right(scope_id=RANTA)]
    assert not may_enter(entry, guardian, [], {KOIVU})
    assert may_enter(entry, guardian, in_both, {KOIVU})
    assert not may_enter(entry, guardian, in_both, set())
    assert [one.scope_id for one in told_of(guardian, in_both, {KOIVU})] == [KOIVU]
