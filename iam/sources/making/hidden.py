"""Which settings of a connector are secret, and settings without them, of them alone, and joined again.

A secret within a group of settings is named by its way: ``sftp.password``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from connectors import registry

Data = Mapping[str, Any]


def secret_names(connector: str) -> set[str]:
    """Return which settings of a connector hold a secret; none when it is not installed."""
    try:
        return set(_names(registry.connector(connector).settings_model, ""))
    except registry.UnknownConnector:
        return set()


def without(settings: Data, secret: Collection[str], above: str = "") -> dict[str, Any]:
    """Return settings without those that are ``secret``."""
    return {
        name: without(value, secret, f"{above}{name}.") if isinstance(value, Mapping) else value
        for name, value in settings.items()
        if f"{above}{name}" not in secret
    }


def alone(settings: Data, secret: Collection[str], above: str = "") -> dict[str, Any]:
    """Return of settings those that are ``secret``."""
    found = {}
    for name, value in settings.items():
        if f"{above}{name}" in secret:
            found[name] = value
        elif isinstance(value, Mapping) and (within := alone(value, secret, f"{above}{name}.")):
            found[name] = within
    return found


def joined(kept: Data, said: Data) -> dict[str, Any]:
    """Return what is ``said``, and of what was ``kept`` the rest; groups of settings are joined too."""
    both = {
        name: joined(kept[name], value) if isinstance(value, Mapping) and isinstance(kept.get(name), Mapping) else value
        for name, value in said.items()
    }
    return {**kept, **both}


def group(annotation: Any) -> type[BaseModel] | None:
    """Return the model of a setting that is a group of settings."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    others = [part for part in get_args(annotation) if part is not type(None)]
    return group(others[0]) if len(others) == 1 and isinstance(others[0], type) else None


def _names(model: type[BaseModel], above: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        if (within := group(info.annotation)) is not None:
            yield from _names(within, f"{above}{name}.")
        elif _holds_secret(info.annotation):
            yield f"{above}{name}"


def _holds_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_holds_secret(info.annotation) for info in annotation.model_fields.values())
    return annotation is SecretStr or any(_holds_secret(part) for part in get_args(annotation))
