"""Rules of towns in bulk, in the shape that publishing gives them: ten a town, each over the town's own people."""

from __future__ import annotations

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from benchmarks.country import declared, town
from iam.access.model.role import Application, Role
from iam.access.model.rule import Rule, RuleVersion
from iam.change import SYSTEM, begin
from iam.database.types import uuid7
from iam.directory.organisation import Organisation

A_TOWN = 10


def add(session: Session, rules: int, towns: int) -> int:
    """Write so many rules in the session's transaction, which the caller takes back; return how many. Ten a town, more
    where there are too few towns for that."""
    if not rules:
        return 0
    change = begin(session, "command", SYSTEM, "bench")
    work = select(Application.id).where(Application.key == "tyo").scalar_subquery()
    roles = dict(session.execute(select(Role.key, Role.id).where(Role.application_id == work)).all())
    owners = dict(session.execute(select(Organisation.key, Organisation.id)).all())
    made, versions = [], []
    for n in range(rules):
        key, turn = town.name(n // A_TOWN % towns), n % A_TOWN + n // (A_TOWN * towns) * A_TOWN
        occupation = town.OCCUPATIONS[turn % len(town.OCCUPATIONS)]
        rule_id = uuid7()
        made.append({"id": rule_id, "key": f"{key}-{turn}", "owner_id": owners[key]})
        versions.append(
            {
                "id": uuid7(),
                "rule_id": rule_id,
                "n": 1,
                "pattern": declared.pattern(occupation, f"tyo:{occupation}", key),
                "role_id": roles[occupation],
                "state": "published",
                "change_id": change.id,
            }
        )
    session.execute(insert(Rule), made)
    session.execute(insert(RuleVersion), versions)
    session.execute(text("ANALYZE rule, rule_version"))
    return rules
