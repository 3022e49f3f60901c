"""Writes ``consortium.yaml``: the organisations, relations and agreements of one profile, as ``iam apply`` takes
them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from iam.demo.agreements import agreements
from iam.demo.catalogue import ROOT
from iam.demo.organisations import Consortium, Organisation


def write(path: Path, consortium: Consortium) -> None:
    """Write the file; keys in a fixed order, dates as days."""
    content = {
        "organisations": [_organisation(organisation) for organisation in consortium.organisations],
        "relations": [
            {"organisation": organisation, "kind": kind, "other": other, "from": since}
            for organisation, kind, other, since in consortium.relations()
        ],
        "agreements": agreements(consortium.days),
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        yaml.dump(content, file, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """Writes every value out; a reader should not have to follow references."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _organisation(one: Organisation) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": one.key,
        "kind": one.kind,
        "parent": one.parent,
        "name": dict(zip(("fi", "sv", "en"), one.names, strict=True)),
    }
    row |= {"business_id": one.business_id, "legal_entity": True if one.key in (one.entity, ROOT) else None}
    if one.school:
        row |= {"oph_oid": one.school.oph_oid, "school_code": one.school.code}
    row |= {"from": one.start, "to": one.end}
    return {name: value for name, value in row.items() if value is not None}
