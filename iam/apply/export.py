"""Writing out what stands as a declaration. Applying it changes nothing. Secrets and passwords are never in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from sqlalchemy.orm import Session

from iam.apply import standing
from iam.apply.registry import KINDS

Rows = list[dict[str, Any]]


class _Dumper(yaml.SafeDumper):
    """Writes every value in full: an alias would say that two things are one."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def in_yaml(data: Mapping[str, Rows]) -> str:
    """Return what ``as_data`` returned as YAML text."""
    content = {kind: rows for kind, rows in data.items() if rows}
    return yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def as_data(session: Session) -> dict[str, Rows]:
    """Return everything that stands, by top-level key. A fixed number of queries for each 5,000 people."""
    found = standing.load(session)
    return {kind.section: list(kind.export(session, found)) for kind in KINDS if kind.export is not None}
