"""Checks sources: their settings by their connector, how their columns are read, and what sources of claims listen
to."""

from __future__ import annotations

from iam.apply.comparison.draft import Draft
from iam.apply.kinds.sources import openings


def opened(draft: Draft) -> None:
    """Check that organisations and sources that are opened to each other are there, and that no times overlap."""
    openings.check(draft, "source")
