"""How the kinds of facts and of organisations are called in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from iam.texts import N_

KIND_WORDS: Mapping[str, str] = {
    "employee": N_("an employee"),
    "substitute": N_("a substitute"),
    "student": N_("a pupil or student"),
    "elected-official": N_("an elected official"),
    "contractor": N_("a contractor"),
    "trainee": N_("a trainee"),
    "visitor": N_("a visitor"),
    "guardian_of": N_("a guardian"),
    "manager_of": N_("a manager"),
    "sponsor_of": N_("a responsible person"),
    "consortium": N_("consortium"),
    "municipality": N_("municipality"),
    "joint-authority": N_("joint authority"),
    "wellbeing-county": N_("wellbeing services county"),
    "employment-area": N_("employment area"),
    "municipal-enterprise": N_("municipal enterprise"),
    "company": N_("company"),
    "private-provider": N_("private provider"),
    "school": N_("school"),
    "unit": N_("unit"),
}
