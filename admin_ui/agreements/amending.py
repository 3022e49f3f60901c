"""By what a signed agreement is amended, as the forms of its clauses ask it: a decision of its own, or a delegation."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from admin_ui.agreements.acts import LONGEST
from admin_ui.agreements.make import DECIDERS, FOLDED, decision_of
from connectors.problem import Problem
from iam.access.model import agreements
from iam.access.model.agreement import Agreement
from iam.access.model.amendments import Amendment
from iam.errors import Invalid
from iam.texts import N_
from iam.web import context

_DECISION = (*DECIDERS, *FOLDED, "date", "minutes", "amending_case", "competence")


def is_asked(agreement: Agreement) -> bool:
    """Whether the forms ask it: two parties have signed."""
    standing = agreements.parties(context.db(), [agreement.id]).get(agreement.id, ())
    return sum(one.signed_on is not None for one in standing) > 1


def read_amendment(typed: MultiDict[str, str]) -> Amendment | None:
    """Return what a form says of it; None when it says nothing. Raises ``Invalid`` for half a decision, or both."""
    delegation = typed.get("delegation", "").strip()[:LONGEST] or None
    decided = any(typed.get(name, "").strip() for name in _DECISION)
    if decided and delegation:
        message = N_("A change is decided on, or made under a delegation.")
        raise Invalid(Problem(message, N_("Write one of the two."), field="delegation"))
    if not decided:
        return None if delegation is None else Amendment(delegation=delegation)
    case_number = typed.get("amending_case", "").strip()[:LONGEST]
    return Amendment(decision_of(typed) | ({"case_number": case_number} if case_number else {}))
