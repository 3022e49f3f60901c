"""Rules that stand and give nothing."""

from __future__ import annotations

from sqlalchemy.orm import Session

from iam.access.pattern import parse
from iam.access.resolve import gives, load
from iam.access.rule import published


def rules(session: Session) -> list[str]:
    """Return the keys of the published rules that give nothing: what they name is gone, or their owner may not hand the role out."""
    names = load(session, tree=False)
    found = []
    for rule, version in published(session):
        pattern = parse(version.pattern)[0]
        if pattern is None or not gives(pattern, names, rule.owner_id):
            found.append(rule.key)
    return sorted(found)
