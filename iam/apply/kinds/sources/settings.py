"""The settings of a stated source, and how its columns are read, checked as the pages check them."""

from __future__ import annotations

from typing import Any

from connectors.contract import Connector
from connectors.problem import Problem
from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Stated
from iam.apply.declared.place import Where
from iam.sources.making import settings


def check(draft: Draft, one: Stated, connector: type[Connector], kept: dict[str, Any], where: Where) -> None:
    """Check settings by their connector: with those that are ``kept``, for they are secret and not stated, or alone."""
    one.shape["settings"], wrong = settings.completed(connector, one.shape["settings"], kept)
    draft.problems += [_placed(problem, where) for problem in wrong]


def check_matching(draft: Draft, item: Any, where: Where) -> None:
    """Check the column matching that the source would be read by, and the order in which identifiers find a person."""
    wrong = settings.matching_problems(item.connector, item.matching, item.correlate)
    draft.problems += [_placed(problem, where) for problem in wrong]


def _placed(problem: Problem, where: Where) -> Problem:
    steps = (int(step) if step.isdigit() else step for step in (problem.field or "").split("."))
    return where.at(*steps).problem(problem.message, problem.remedy, **problem.params)
