"""What a validation found, as problems of the place in a declaration where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ValidationError

from connectors.problem import Problem
from iam import wording
from iam.apply.declared.place import Where


def sentences(error: ValidationError, model: type[BaseModel], where: Where) -> Iterator[Problem]:
    """Yield a problem for everything that is wrong with an item of ``model`` at ``where``."""
    for fault in wording.faults(error, model):
        yield where.at(*fault.steps).problem(fault.message, fault.remedy, **fault.params)
