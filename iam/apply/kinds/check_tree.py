"""Checks organisations, their tree, relations and code lists, and completes their shapes."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Stated
from iam.apply.declared.shapes import interval
from iam.apply.kinds.standing import place_shapes
from iam.lifecycle.organisations.commands import fault_problem
from iam.lifecycle.organisations.tree import Place, joined, settle


def organisations(draft: Draft) -> None:
    """Check the tree as it will be, and complete each organisation's places."""
    stated = draft.stated("organisation")
    places = {draft.organisations[key]: joined(_places(draft, key, one)) for key, one in stated.items()}
    draft.tree = draft.state.tree | places
    keys = {id_: key for key, id_ in draft.organisations.items()}
    for key, one in stated.items():
        one.shape["places"] = place_shapes(places[draft.organisations[key]], keys)
    if stated:
        _faults(draft, keys)
        _official_ids(draft)


def _places(draft: Draft, key: str, stated: Stated) -> list[Place]:
    found = []
    for item, where in stated.items:
        parent_id = draft.organisation(item.parent, where.at("parent"))
        start, end = interval(item)
        if start < end and (item.parent is None) == (parent_id is None):
            found.append(Place(draft.organisations[key], parent_id, item.legal_entity, start, end))
    return found


def _faults(draft: Draft, keys: dict[UUID, str]) -> None:
    if draft.problems or draft.declaration.problems:
        # With a place missing, every organisation under it would seem to hang in the air.
        return
    _, faults = settle(draft.tree)
    for fault in faults:
        key = keys[fault.organisation_id]
        one = draft.stated("organisation").get(key) or next(iter(draft.stated("organisation").values()))
        where = next((where for item, where in one.items if interval(item)[0] == fault.at), one.where)
        problem = fault_problem(fault, key)
        draft.wrong(where, problem.message, problem.remedy, **problem.params)


def _official_ids(draft: Draft) -> None:
    holders = {shape["oph_oid"]: key for key, shape in draft.standing("organisation").items() if shape["oph_oid"]}
    for key, one in draft.stated("organisation").items():
        oid = one.shape["oph_oid"]
        if oid is not None and holders.setdefault(oid, key) != key:
            draft.wrong(
                one.where.at("oph_oid"),
                "This number is that of %(key)s.",
                "Each organisation has its own.",
                key=holders[oid],
            )


def relations(draft: Draft) -> None:
    """Check that both ends of every relation exist, differ, and that its intervals do not overlap."""
    for one in draft.stated("relation").values():
        item, where = one.items[0]
        draft.organisation(item.organisation, where.at("organisation"))
        draft.organisation(item.other, where.at("other"))
        if item.organisation == item.other:
            draft.wrong(where.at("other"), "An organisation is related to itself.", "Name another organisation.")
        intervals = one.shape["intervals"]
        if any(later[0] < earlier[1] for earlier, later in pairwise(intervals)):
            draft.wrong(where, "This relation is stated for overlapping times.", "Let one end before the next begins.")
