"""The settings of a source, which are its connector's own, and how its columns are read: what is wrong with them.

The problems name their field from the source on: ``settings.path``, ``matching.employment.person``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from connectors import registry
from connectors.contract import Connector
from connectors.problem import Problem
from iam import wording
from iam.errors import Invalid
from iam.sources.making import hidden
from iam.sources.reading import matching

Data = Mapping[str, Any]


def completed(connector: type[Connector], alone: Data, kept: Data) -> tuple[dict[str, Any], list[Problem]]:
    """Return settings that their connector takes: with those that are ``kept``, for they are secret and not stated, or
    alone; else with what is wrong with them."""
    wrong: list[Problem] = []
    for said in ([hidden.joined(kept, alone)] if kept else []) + [dict(alone)]:
        wrong = list(problems(connector, said))
        if not wrong:
            return said, []
    return dict(alone), wrong


def problems(connector: type[Connector], settings: Data) -> Iterator[Problem]:
    """Yield what is wrong with settings, by their model and then by the connector itself; nothing is opened."""
    try:
        validated = connector.settings_model.model_validate(settings)
    except ValidationError as error:
        yield from of_model(error, connector.settings_model, "settings")
        return
    for problem in connector(validated).validate():
        yield _under("settings", problem)


def of_model(error: ValidationError, model: type[BaseModel], *above: str) -> Iterator[Problem]:
    """Yield what a validation found as problems whose field begins with ``above``."""
    for fault in wording.faults(error, model):
        field = ".".join(map(str, (*above, *fault.steps)))
        yield Problem(fault.message, fault.remedy, field=field, params=fault.params)


def matching_problems(connector: str, own: Data | None, correlate: Sequence[str]) -> list[Problem]:
    """Return what is wrong with the column matching that a source would be read by (its ``own``, or the usual one), and
    with the order in which identifiers find a person; raises ``UnknownConnector``."""
    data = registry.matching(connector) if own is None else own
    found = [problem for name, kind in data.items() if name != "correlate" for problem in _kind_problems(kind, name)]
    if found:
        return found
    try:
        read = matching.read(data)
    except Invalid as error:
        return [_under("matching", one) for one in error.problems]
    if own:
        found = [_under("matching", one) for one in matching.faults(read, registry.connector(connector))]
    return found + list(matching.unread(read, correlate))


def _kind_problems(data: Any, name: str) -> list[Problem]:
    try:
        matching.Kind.model_validate(data)
    except ValidationError as error:
        return list(of_model(error, matching.Kind, "matching", name))
    return []


def _under(place: str, problem: Problem) -> Problem:
    return replace(problem, field=f"{place}.{problem.field}" if problem.field else place, file=None, line=None)
