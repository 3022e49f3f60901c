"""Applying a declaration from its files to its report: read, check everything, compare, and write when all of it is
right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from connectors.problem import Problem, filled
from iam.access.administration import Part
from iam.access.commands.publish import Preview
from iam.access.model.proposal import Proposal
from iam.apply import guarded
from iam.apply.compare import compare
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.declared.said import Said
from iam.apply.drafting import checked
from iam.apply.execute import Applied
from iam.apply.guarded import Approval, Held, Whose
from iam.apply.registry import KINDS
from iam.change import Actor
from iam.vault import Vault


@dataclass(frozen=True, slots=True)
class Report:
    """What a declaration would change or did. With problems nothing was changed, and nothing compared.

    ``notes`` tell which sources state facts in organisations that move to where those sources do not reach, and what
    becomes of it, and what of that which differs may be a mistake. ``skipped`` counts people who are not here yet and
    need not be; ``applied`` is None when nothing was written. ``sign_ins`` counts those that end because a declared
    policy asks for more than was proved; None where no policy of sign-ins differs. ``held`` says why it waits for a
    second person, when it does.
    """

    problems: Sequence[Problem]
    differences: Sequence[Difference]
    skipped: int
    applied: Applied | None
    notes: Sequence[Problem] = ()
    sign_ins: int | None = None
    held: Held | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many things would be, or were, created, changed and left alone."""
        found = Counter(one.action for one in self.differences)
        return {action: found[action] for action in ("create", "change", "none")}

    @property
    def told(self) -> list[str]:
        """The notes as sentences."""
        return [f"{note.message} {note.remedy}" % note.params for note in self.notes]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON carries it, problems aside."""
        changed = [one for one in self.differences if one.action != "none"]
        rights = self.applied and {"opened": self.applied.rights.opened, "closed": self.applied.rights.closed}
        return {
            "counts": self.counts,
            "skipped": self.skipped,
            "notes": self.told,
            "differences": [
                {
                    "kind": one.kind,
                    "key": one.key,
                    "action": one.action,
                    "fields": {
                        name: {"before": before, "after": after} for name, (before, after) in one.fields.items()
                    },
                }
                for one in changed
            ],
            "change": self.applied and str(self.applied.change_id),
            "rights": rights,
            "sign_ins_ended": self.sign_ins,
            "held": self.held
            and {
                "digest": self.held.digest,
                "gain": self.held.gained,
                "lose": self.held.lost,
                "organisations": [
                    {"organisation": key, "gain": gain, "lose": lose} for key, gain, lose in self.held.organisations
                ],
                "reasons": [filled(one.message, one.params) for one in self.held.reasons],
            },
        }


def run_apply(
    session: Session,
    paths: Sequence[Path],
    variables: Mapping[str, str],
    actor: Actor,
    vault: Vault,
    *,
    dry_run: bool = False,
    consortium: str = "",
    accept: str | None = None,
    strict: bool = False,
) -> Report:
    """Apply the declarations in ``paths`` (files or folders) in the session's transaction, and return what that did.

    ``variables`` replace ``${NAME}``. Nothing is written when anything is wrong, when nothing differs, or with
    ``dry_run``; and when it waits for a second person nothing but the proposal, which that person accepts by its digest
    (``accept``). The caller commits. What may be a mistake is told of what differs, and with ``strict`` is a problem.
    ``consortium`` is its name: first passwords may not hold it. Raises ``Denied`` or ``Moved`` as ``guarded.apply``.
    """
    said = Said.by(paths, variables)
    approval = None if accept is None else guarded.by_digest(session, accept)
    return _run(session, said, actor, vault, consortium, dry_run=dry_run, approval=approval, strict=strict)


def run_said(
    session: Session,
    said: Said,
    actor: Actor,
    vault: Vault,
    *,
    dry_run: bool = False,
    consortium: str = "",
    whose: Whose | None = None,
) -> Report:
    """Apply texts that were not read from files, as ``run_apply`` does; ``whose`` it is to decide them, if they must
    wait (None: of the whole)."""
    return _run(session, said, actor, vault, consortium, dry_run=dry_run, approval=None, strict=False, whose=whose)


def look_at_waiting(
    session: Session, proposal: Proposal, actor: Actor, vault: Vault, part: Part
) -> tuple[Report, Preview | None]:
    """Return what applying what waits would change and do to people now; as ``look_at``."""
    return look_at(session, guarded.said_of(proposal, vault), actor, vault, part)


def look_at(session: Session, said: Said, actor: Actor, vault: Vault, part: Part) -> tuple[Report, Preview | None]:
    """Return what applying some texts would change and do to people now, of which an asker with ``part`` may be told;
    nothing is kept. The second is None where something in them is wrong."""
    draft = checked(session, said, vault, "")
    problems = [*draft.declaration.problems, *draft.problems]
    if problems:
        return Report(problems, (), 0, None), None
    differences = compare(draft)
    report = Report((), differences, len(draft.skipped), None, _notes(draft, differences))
    return report, guarded.preview(draft, differences, actor, vault, part)


def run_waiting(session: Session, approval: Approval, actor: Actor, vault: Vault, *, consortium: str = "") -> Report:
    """Apply what waits as it was said then.

    Raises ``Conflict`` where the texts are not kept any more, else as ``run_apply``.
    """
    said = guarded.said_of(approval.proposal, vault)
    return _run(session, said, actor, vault, consortium, dry_run=False, approval=approval, strict=False)


def _run(
    session: Session,
    said: Said,
    actor: Actor,
    vault: Vault,
    consortium: str,
    *,
    dry_run: bool,
    approval: Approval | None,
    strict: bool,
    whose: Whose | None = None,
) -> Report:
    draft = checked(session, said, vault, consortium)
    doubts = [doubt for *_, doubt in draft.doubts] if strict else []
    problems = [*draft.declaration.problems, *draft.problems, *doubts]
    if problems:
        return Report(problems, (), 0, None)
    differences = compare(draft)
    sign_ins = _sign_ins(draft, differences)
    notes = _notes(draft, differences)
    applied, held = (None, None) if dry_run else guarded.apply(draft, differences, actor, vault, approval, whose)
    return Report((), differences, len(draft.skipped), applied, notes, sign_ins, held)


def _notes(draft: Draft, differences: Sequence[Difference]) -> list[Problem]:
    changed = {(one.kind, one.key) for one in differences if one.action != "none"}
    return [*draft.notes, *(doubt for kind, key, doubt in draft.doubts if (kind, key) in changed)]


def _sign_ins(draft: Draft, differences: Sequence[Difference]) -> int | None:
    """Return how many sign-ins the differences end; None where they have nothing to do with that."""
    ended = [kind.ends(draft, [one for one in differences if one.kind == kind.name]) for kind in KINDS]
    told = [n for n in ended if n is not None]
    return sum(told) if told else None
