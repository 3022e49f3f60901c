"""``iam config``: what is in force."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import click
from pydantic import BaseModel, SecretStr

from connectors.problem import Problem
from iam.cli.support import Console
from iam.errors import Invalid


@click.group()
def config() -> None:
    """Settings."""


@config.command()
@click.pass_obj
def check(console: Console) -> None:
    """Print the settings in force, secrets masked; a wrong or unknown one is named and the exit code is 2."""
    # Names are taken before loading: reading a secret from its file takes the …_FILE variable away.
    given = {name.upper() for name in os.environ if name.upper().startswith("IAM_")}
    values = dict(_flat(console.settings, "IAM_"))
    unknown = sorted(name for name in given if not values.keys() & {name, name.removesuffix("_FILE")})
    if unknown:
        raise Invalid(
            *(Problem("%(name)s is not a setting.", "Check its spelling.", params={"name": name}) for name in unknown)
        )
    console.show(values, "\n".join(f"{name}={'' if value is None else value}" for name, value in values.items()))


def _flat(model: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value, key = getattr(model, name), prefix + name.upper()
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{key}__")
        else:
            yield key, _shown(value)


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "********"
    return value if value is None or isinstance(value, bool | int) else str(value)
