"""Somebody named by an identifier that a source told."""

from __future__ import annotations

from iam.apply.schema.item import Code, Item, Text

SEALED = ("identity-code",)
"""Identifiers that are kept sealed: a declaration must not hold them."""


class Named(Item):
    """Somebody by an identifier."""

    identifier: Code
    issuer: str = ""
    value: Text

    @property
    def named(self) -> tuple[str, str, str]:
        """Kind, issuer and value."""
        return self.identifier, self.issuer, self.value


class Member(Named):
    """Somebody in a group who has no username; left out while not here where that is said to be right."""

    when_present: bool = False
