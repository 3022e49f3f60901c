"""Applying a declaration from its files to its report: read, check everything, compare, and write when all of it is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.apply import check_access, check_people, check_sources, check_tree, confirmed_guardians, connections
from iam.apply.compare import Difference, compare
from iam.apply.declaration import declare
from iam.apply.draft import Draft
from iam.apply.execute import Applied, execute
from iam.apply.read import read
from iam.apply.state import load
from iam.change import Actor
from iam.vault import Vault

CHECKS = (
    check_tree.organisations, check_tree.relations, check_sources.sources, connections.check, check_sources.listeners, check_access.applications, check_access.roles,
    check_access.clients, check_access.agreements, check_people.load, check_people.persons, check_people.accounts, check_people.groups,
    check_people.administrators, confirmed_guardians.check, check_access.rules,
)  # fmt: skip
"""In order: what a later one completes rests on what an earlier one completed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a declaration would change or did. With problems nothing was changed, and nothing compared.

    ``skipped`` counts people who are not here yet and need not be; ``applied`` is None when nothing was written.
    """

    problems: Sequence[Problem]
    differences: Sequence[Difference]
    skipped: int
    applied: Applied | None

    @property
    def counts(self) -> dict[str, int]:
        """How many things would be, or were, created, changed and left alone."""
        found = Counter(one.action for one in self.differences)
        return {action: found[action] for action in ("create", "change", "none")}

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON carries it, problems aside."""
        changed = [one for one in self.differences if one.action != "none"]
        rights = self.applied and {"opened": self.applied.rights.opened, "closed": self.applied.rights.closed}
        return {
            "counts": self.counts,
            "skipped": self.skipped,
            "differences": [
                {
                    "kind": one.kind, "key": one.key, "action": one.action,
                    "fields": {name: {"before": before, "after": after} for name, (before, after) in one.fields.items()},
                }
                for one in changed
            ],
            "change": self.applied and str(self.applied.change_id),
            "rights": rights,
        }  # fmt: skip


def run_apply(
    session: Session,
    paths: Sequence[Path],
    variables: Mapping[str, str],
    actor: Actor,
    vault: Vault,
    *,
    dry_run: bool = False,
) -> Report:
    """Apply the declarations in ``paths`` (files or folders) in the session's transaction, and return what that did.

    ``variables`` replace ``${NAME}``. Nothing is written when anything is wrong, when nothing differs, or with ``dry_run``. The
    caller commits.
    """
    draft = Draft(session, declare(read(paths, variables)), load(session), vault)
    for check in CHECKS:
        check(draft)
    problems = [*draft.declaration.problems, *draft.problems]
    if problems:
        return Report(problems, (), 0, None)
    differences = compare(draft)
    applied = None if dry_run else execute(draft, differences, actor, vault)
    return Report((), differences, len(draft.skipped), applied)
