"""The settings of a source, which are its connector's own, and how its columns are read."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from connectors import registry
from connectors.contract import Connector
from connectors.problem import Problem
from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Stated
from iam.apply.declared.place import Where
from iam.apply.declared.wording import sentences
from iam.errors import Invalid
from iam.sources.reading import matching


def check(draft: Draft, one: Stated, connector: type[Connector], kept: dict[str, Any], where: Where) -> None:
    """Check settings by their connector: with those that are ``kept``, for they are secret and not stated, or alone."""
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


def check_matching(draft: Draft, item: Any, connector: type[Connector], where: Where) -> None:
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
