"""What tells us of people: sources by what they say, connections by who proves it at sign-in."""

from __future__ import annotations

from iam.apply.schema.item import Dated, Key


class OpenedSource(Dated):
    """An organisation, with those under it, lets the source of another owner state facts there."""

    organisation: Key
    source: Key
