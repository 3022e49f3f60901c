"""Settings of the claims connector, and what it makes of the claims of an ID token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from connectors.contract import Settings
from connectors.problem import Problem

MOST = 1000
"""Values of one claim that are read; a claim with more says nothing."""


class ClaimsSettings(Settings):
    """Settings of a claims source: which claim of which connection puts people in which groups."""

    connection: str = Field(description="The key of the connection whose sign-ins are listened to.")
    claim: str = Field(
        default="groups", min_length=1, description="The claim of its ID token: a text, or a list of texts."
    )
    groups: dict[str, str] = Field(
        min_length=1, description="Which local group of the source's owner (its key) a value of the claim stands for."
    )
    days: int = Field(
        default=30, ge=1, le=400, description="A membership ends so many days after the last sign-in that told it."
    )


class ClaimsConnector:
    """Tells by the claims of a sign-in which groups a person is in."""

    settings_model: ClassVar[type[BaseModel]] = ClaimsSettings
    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: ClaimsSettings) -> None:
        self._settings = settings
        self.connection = settings.connection
        self.lasts = timedelta(days=settings.days)
        self.known = frozenset(settings.groups.values())

    def validate(self) -> list[Problem]:
        """Return nothing: what the settings name is known to the caller only."""
        return []

    def groups(self, claims: Mapping[str, Any]) -> frozenset[str] | None:
        """See ``ReadsClaims``. A claim that is not there, is no list of texts, or is too long says nothing: providers
        leave it out, or send an address in its place, when somebody is in too many groups."""
        told = claims.get(self._settings.claim)
        values = [told] if isinstance(told, str) else told
        if not isinstance(values, list) or len(values) > MOST or not all(isinstance(one, str) for one in values):
            return None
        return frozenset(self._settings.groups[one] for one in values if one in self._settings.groups)
