"""One thing is stated on a page: as a small declaration that is looked at and written as any, so that ``iam export``
gives it back.

What it would write besides what it is expected to is refused: a page speaks of what its reader may write, a declaration
of everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.access.commands.publish import Preview
from iam.apply.declared.said import Said
from iam.apply.declared.written import Row
from iam.apply.export import in_yaml
from iam.apply.guarded import Whose
from iam.apply.run import Report, look_at, run_said
from iam.change import Actor
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_
from iam.vault import Vault

_SAME = Problem(N_("This says nothing new."), N_("Change something first."))


@dataclass(frozen=True, slots=True)
class Stating:
    """What is stated, by top-level key, and which things by kind and key may differ by it. ``besides`` are kinds of
    which anything may follow; ``about`` is the one that has to differ (None: any), and ``same`` says that it does
    not."""

    data: Mapping[str, Sequence[Row]]
    expected: frozenset[tuple[str, str]]
    besides: frozenset[str] = frozenset()
    about: tuple[str, str] | None = None
    same: Problem = _SAME

    @property
    def said(self) -> Said:
        """It as the text of a file."""
        return Said([("page.yaml", in_yaml({name: list(rows) for name, rows in self.data.items()}))], {})


def look(session: Session, stating: Stating, actor: Actor, vault: Vault, part: Part) -> tuple[Report, Preview]:
    """Return what stating it would change and do to people, of which an asker with ``part`` may be told; nothing is
    kept.

    Raises ``Invalid`` with the fields in which something is wrong, ``Conflict`` where nothing differs, ``Denied`` where
    it would write something else.
    """
    report, would = look_at(session, stating.said, actor, vault, part)
    _require(report, stating)
    assert would is not None
    return report, would


def write(
    session: Session,
    stating: Stating,
    actor: Actor,
    vault: Vault,
    *,
    consortium: str = "",
    whose: Whose | None = None,
) -> Report:
    """State it in the session's transaction; ``held`` of the report says why it waits for a second person, and
    ``whose`` it then is to decide it (None: of the whole).

    Raises as ``look``, and ``Denied`` when the actor would gain what nobody gives themselves. The caller commits, and
    nothing after an error.
    """
    report = run_said(session, stating.said, actor, vault, consortium=consortium, whose=whose)
    _require(report, stating)
    return report


def _require(report: Report, stating: Stating) -> None:
    if report.problems:
        raise Invalid(*(_of_field(one) for one in report.problems))
    changed = {(one.kind, one.key) for one in report.differences if one.action != "none"}
    if not changed or stating.about not in {None, *changed}:
        raise Conflict(stating.same)
    beyond = {one for one in changed - stating.expected if one[0] not in stating.besides}
    if beyond:
        raise Denied(Problem(N_("This would change something else, too."), N_("Tell whoever runs this server.")))


def _of_field(problem: Problem) -> Problem:
    """A problem with the field of an item alone as its place: ``organisations[0].name.fi`` is ``name.fi``."""
    return replace(problem, file=None, line=None, field=(problem.field or "").partition(".")[2] or None)
