"""Rules that stand and give nothing."""

from __future__ import annotations

from sqlalchemy.orm import Session

from iam.access.model.rule import published
from iam.access.rules import giving
from iam.access.rules.names import Names
from iam.access.rules.naming import load, of_rules
from iam.access.rules.pattern import Pattern, parse
from iam.access.rules.resolve import gives


def rules(session: Session) -> list[str]:
    """Return the keys of the published rules that give nothing where they say: what they name is gone, their owner may
    not hand the role out, or it would be beside the owner's part."""
    whole = load(session)
    keys = {id_: key for key, id_ in whole.organisations.items()}
    read = [(rule, parse(rule.pattern)[0]) for rule in published(session)]
    names = of_rules(session, [(rule.owner_id, pattern) for rule, pattern in read if pattern is not None])
    found = []
    for rule, pattern in read:
        if pattern is None or not gives(pattern, names, rule.owner_id) or _beside(pattern, keys[rule.owner_id], whole):
            found.append(rule.key)
    return sorted(found)


def _beside(pattern: Pattern, owner: str, names: Names) -> bool:
    return next(giving.problems(pattern, owner, names), None) is not None
