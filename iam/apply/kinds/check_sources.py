"""Checks sources: their settings by their connector, how their columns are read, and what sources of claims listen
to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy import select

from connectors import registry
from connectors.contract import Connector, ReadsClaims
from connectors.problem import Problem
from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Stated
from iam.apply.declared.place import Where
from iam.apply.declared.wording import sentences
from iam.apply.kinds.sources import openings
from iam.apply.schema.inbound import Source
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation
from iam.errors import Invalid
from iam.sources.reading import matching


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
    _check_listeners(draft)


def opened(draft: Draft) -> None:
    """Check that organisations and sources that are opened to each other are there, and that no times overlap."""
    openings.check(draft, "source")


def _listeners(draft: Draft) -> Iterator[tuple[str, ReadsClaims, Where]]:
    """Yield the stated sources of claims that can be built: owner, connector, and where their settings stand."""
    for one in draft.stated("source").values():
        item, where = one.items[0]
        try:
            type_ = registry.connector(item.connector)
            connector = type_(type_.settings_model.model_validate(one.shape["settings"]))
        except (registry.UnknownConnector, ValidationError):
            continue
        if isinstance(connector, ReadsClaims):
            yield item.owner, connector, where.at("settings")


def _check_listeners(draft: Draft) -> None:
    """Check that what sources of claims listen to is there, and the groups that they put people in."""
    found = list(_listeners(draft))
    known = draft.standing("connection").keys() | draft.stated("connection").keys()
    groups = draft.stated("group").keys() | _local_groups(draft, {owner for owner, _, _ in found})
    for owner, connector, where in found:
        if connector.connection not in known:
            draft.wrong(
                where.at("connection"),
                "There is no connection %(key)s.",
                "Check the key, or add the connection first.",
                key=connector.connection,
            )
        for key in sorted(one for one in connector.known if f"{owner}/{one}" not in groups):
            draft.wrong(
                where.at("groups"),
                "There is no group %(key)s in that organisation.",
                "Check the key, or add the group first.",
                key=key,
            )


def _local_groups(draft: Draft, owners: Collection[str]) -> set[str]:
    query = select(Organisation.key, Group.key).join(Group, Group.organisation_id == Organisation.id)
    rows = draft.session.execute(query.where(Organisation.key.in_(owners), Group.source_id.is_(None))) if owners else ()
    return {f"{owner}/{key}" for owner, key in rows}


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
