"""A source as it is configured: its row, its connector built from its settings, its column matching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import registry
from connectors.contract import Connector, ReadsAll, ReadsChanges
from connectors.problem import Problem
from iam.directory.source import Source
from iam.errors import Conflict, Invalid, NotFound
from iam.sources.reading.matching import Matching, read


def by_key(session: Session, key: str) -> Source:
    """Return the source of that key; raises ``NotFound``."""
    source = session.scalars(select(Source).where(Source.key == key)).one_or_none()
    if source is None:
        raise NotFound(Problem("There is no source %(key)s.", "Check the key, or add the source.", params={"key": key}))
    return source


def in_use(source: Source, *, dry_run: bool = False) -> None:
    """Raise ``Conflict`` when the source is disabled; a dry run, which changes nothing, may be made of it."""
    if source.disabled and not dry_run:
        raise Conflict(
            Problem(
                "%(key)s is disabled: nothing of it is read.",
                "Take it into use on its page, or take disabled: true from its declaration and apply that.",
                params={"key": source.key},
            )
        )


def reads(source: Source) -> bool:
    """Whether the source has records to be read by runs; one that listens to sign-ins has none, and one whose connector
    is gone may have."""
    try:
        kind = registry.connector(source.connector)
    except registry.UnknownConnector:
        return True
    return issubclass(kind, ReadsAll) or issubclass(kind, ReadsChanges)


def connector_of(source: Source) -> Connector:
    """Return the source's connector, built from its settings; raises ``Invalid`` naming the setting."""
    type_ = registry.connector(source.connector)
    try:
        connector: Connector = type_(type_.settings_model(**source.settings))
    except ValidationError as error:
        raise Invalid(
            *(
                Problem(
                    "The setting is wrong: %(what)s.",
                    "Correct it in the source's settings.",
                    field=".".join(str(part) for part in item["loc"]),
                    params={"what": item["msg"]},
                )
                for item in error.errors(include_input=False)
            )
        ) from None
    problems = connector.validate()
    if problems:
        raise Invalid(*problems)
    return connector


def matching_of(source: Source) -> Matching:
    """Return the source's column matching: its own, or the usual one of its connector."""
    data: Mapping[str, Any] = source.matching or registry.matching(source.connector)
    found = read(data)
    return found.model_copy(update={"correlate": tuple(source.correlate)}) if source.correlate else found
