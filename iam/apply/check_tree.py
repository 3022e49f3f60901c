"""Checks organisations, their tree, relations, code lists and sources, and completes their shapes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel, SecretStr, ValidationError

from connectors import registry
from connectors.contract import Connector
from connectors.problem import Problem
from iam.apply.declaration import Stated
from iam.apply.draft import Draft
from iam.apply.place import Where
from iam.apply.schema.inbound import Source
from iam.apply.shapes import interval
from iam.apply.state import place_shapes
from iam.apply.wording import sentences
from iam.errors import Invalid
from iam.lifecycle.organisations import fault_problem
from iam.lifecycle.tree import Place, joined, settle
from iam.sources import matching


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


def sources(draft: Draft) -> None:
    """Check sources, their settings by their connector; secret settings that are not stated stay as they are."""
    for key, one in draft.stated("source").items():
        item, where = one.items[0]
        draft.organisation(item.owner, where.at("owner"))
        try:
            connector = registry.connector(item.connector)
        except registry.UnknownConnector:
            draft.wrong(
                where.at("connector"),
                "There is no such connector.",
                "Use one of: %(allowed)s.",
                allowed=", ".join(registry.names()),
            )
            continue
        standing = draft.standing("source").get(key)
        kept = (
            {name: value for name, value in standing["settings"].items() if name in secret_names(item.connector)}
            if standing
            else {}
        )
        _settings(draft, one, connector, kept, where.at("settings"))
        _matching(draft, item, connector, where)


def _matching(draft: Draft, item: Source, connector: type[Connector], where: Where) -> None:
    """Check the column matching that the source would be read by, and the order in which identifiers find a person."""
    data = registry.matching(item.connector) if item.matching is None else item.matching
    place = where.at("matching")
    wrong = [
        problem
        for name, kind in data.items()
        if name != "correlate"
        for problem in _kind_problems(kind, place.at(name))
    ]
    if not wrong:
        try:
            found = matching.read(data)
            wrong = [_placed(one, place) for one in matching.faults(found, connector)] if item.matching else []
            wrong += [_placed(one, where) for one in matching.unread(found, item.correlate)]
        except Invalid as error:
            wrong = [_placed(one, place) for one in error.problems]
    draft.problems += wrong


def _placed(problem: Problem, where: Where) -> Problem:
    steps = (int(step) if step.isdigit() else step for step in (problem.field or "").split("."))
    return where.at(*steps).problem(problem.message, problem.remedy, **problem.params)


def _kind_problems(data: Any, where: Where) -> list[Problem]:
    try:
        matching.Kind.model_validate(data)
    except ValidationError as error:
        return list(sentences(error, matching.Kind, where))
    return []


def _settings(draft: Draft, one: Stated, connector: type[Connector], kept: dict[str, Any], where: Where) -> None:
    alone: dict[str, Any] = one.shape["settings"]
    wrong: list[Problem] = []
    for settings in ([kept | alone] if kept else []) + [alone]:
        wrong = _settings_problems(connector, settings, where)
        if not wrong:
            one.shape["settings"] = settings
            return
    draft.problems += wrong


def _settings_problems(connector: type[Connector], settings: dict[str, Any], where: Where) -> list[Problem]:
    try:
        validated = connector.settings_model.model_validate(settings)
    except ValidationError as error:
        return list(sentences(error, connector.settings_model, where))
    return [
        where.at(*(problem.field or "").split(".")).problem(problem.message, problem.remedy, **problem.params)
        for problem in connector(validated).validate()
    ]


def secret_names(connector: str) -> set[str]:
    """Return which settings of a connector hold a secret; none when it is not installed."""
    try:
        model = registry.connector(connector).settings_model
    except registry.UnknownConnector:
        return set()
    return {name for name, info in model.model_fields.items() if _holds_secret(info.annotation)}


def _holds_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_holds_secret(info.annotation) for info in annotation.model_fields.values())
    return annotation is SecretStr or any(_holds_secret(part) for part in get_args(annotation))
