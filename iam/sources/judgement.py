"""Whether a run may change anything: is the reading complete, is it the source's first, and what does the guard
hold?"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.directory.source import Acceptance, Record, Run, Source
from iam.plans import apply, guard
from iam.plans.plan import Plan
from iam.sources import acceptance
from iam.sources.reading import completeness
from iam.sources.reading.staging import Staged
from iam.sources.report import Report


class Stopped(Exception):
    """The run changes nothing; ``state`` says as what it is remembered."""

    def __init__(self, state: str, *reasons: Problem) -> None:
        super().__init__(state)
        self.state, self.reasons = state, list(reasons)


_REFUSED = Problem(
    "This very data was refused. Nothing was changed.",
    "Correct it in the source, or how it is read; then it is looked at anew.",
)


def of_reading(
    session: Session, source: Source, result: Staged, report: Report
) -> tuple[Acceptance | None, completeness.Before | None]:
    """Decide whether the reading may change anything; raises ``Stopped`` when not.

    Returns the acceptance of just this input, if there is one, and what the last good reading looked like (None: this
    is the first).
    """
    evidence = result.evidence
    assert evidence is not None
    accepted = acceptance.of_input(session, source.id, evidence.digest)
    before = _last_good(session, source.id)
    report.completeness, problem = completeness.judge(evidence, before if evidence.full else None)
    report.digest, report.header = evidence.digest, evidence.header if evidence.full else None
    report.counts["previous_rows"] = before.rows if before is not None else 0
    report.counts["deleted"] = evidence.deleted
    if accepted is None and acceptance.was_refused(source, evidence.digest):
        raise Stopped("refused", _REFUSED)
    if problem is not None and not (accepted is not None and evidence.finished):
        raise Stopped("stopped", problem)
    of_rows(source, result)
    return accepted, before


def of_rows(source: Source, result: Staged) -> None:
    """Raise ``Stopped`` when a row was rejected and the source's settings keep none then."""
    if result.rejected and not source.keep_good_rows:
        raise Stopped(
            "failed",
            Problem(
                "%(n)s rows cannot be read, so nothing was changed.",
                "Correct them in the source.",
                params={"n": result.rejected},
            ),
        )


def of_walls(
    session: Session,
    source: Source,
    result: Staged,
    report: Report,
    plan: Plan,
    accepted: Acceptance | None,
    first: bool,
    now: datetime,
) -> None:
    """Hold a run of a source from before walls that shows what they reject; set them up once that was accepted, or when
    it is nothing.

    The rows themselves are taken. A reading of changes only shows nothing of what stands already.
    """
    if source.walled:
        return
    whole = report.header is not None or not result.beyond
    if acceptance.was_warned(session, accepted) or (whole and not result.warned):
        source.walled = True
        return
    report.reasons.append(
        Problem(
            "Some rows are of organisations of which this source may not state anything. They were taken as before.",
            "Look at them, let those organisations be opened to the source, and let a second administrator "
            "accept the run: from then on"
            " such rows are left out.",
        )
    )
    if not first:
        plan.basis = {"held_digest": apply.digest_of_effects(session, now, held_only=True)} | plan.basis


def of_effects(
    session: Session,
    source: Source,
    report: Report,
    plan: Plan,
    accepted: Acceptance | None,
    first: bool,
    now: datetime,
) -> None:
    """Hold what the guard holds, and say why in the report; raises ``Stopped`` when something else than was accepted
    would happen."""
    shown = acceptance.plan_shown(session, accepted) if accepted is not None else None
    if accepted is not None and shown is not None:
        if shown.basis.get("held_digest", shown.digest) != plan.digest:
            raise Stopped(
                "moved",
                Problem(
                    "The data in Avain has changed since this was shown. Nothing was changed.",
                    "Run the source again and look anew.",
                ),
            )
        plan.author_id, plan.approved_by = shown.author_id, accepted.accepted_by
        return
    if first:
        report.reasons = [
            Problem(
                "This is the source's first run: it is shown and waits.",
                "Let a second administrator look at it and accept it.",
            )
        ]
        return
    held = guard.verdicts(session, source.id, now)
    guard.hold(session, held)
    report.reasons = [verdict.problem for verdict in held]
    if held:
        plan.basis = plan.basis | {"held_digest": apply.digest_of_effects(session, now, held_only=True)}


def _last_good(session: Session, source_id: UUID) -> completeness.Before | None:
    """Return what the last good full reading looked like; a run that reads changes only keeps no header."""
    good = (Run.state.in_(("done", "partial")), Run.header.is_not(None), ~Run.dry_run)
    row = session.scalars(select(Run).where(Run.source_id == source_id, *good).order_by(Run.id.desc()).limit(1)).first()
    held = select(exists().where(Record.source_id == source_id))
    if row is None:
        return completeness.Before(0, "") if session.scalar(held) else None
    return completeness.Before(int(row.counts.get("rows", 0)) - int(row.counts.get("deleted", 0)), row.header or "")
