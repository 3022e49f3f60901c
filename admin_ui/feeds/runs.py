"""One run of a source at /admin/runs/ID: what it read, what it did or would do, and why it was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_ui.feeds import progress, run_words
from admin_ui.feeds.progress import Progress
from admin_ui.feeds.sources import PATH, REFRESH, SECTION
from admin_ui.parts import exports, frame, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from iam import clock
from iam.access.administration import Part
from iam.access.pages.listing import role_names
from iam.database.keyset import keyset
from iam.directory.pages.listing import organisation_keys
from iam.directory.person import Person
from iam.directory.queries import Profile
from iam.directory.source import Run, Source
from iam.plans.plan import Plan, PlanEffect
from iam.sources import acceptance, listing, undo
from iam.sources.listing import RightTally, Tally
from iam.texts import N_, Texts
from iam.web import context, guard

RED = 0.20
"""From this share of a group on, what ends is shown in red."""
EFFECTS = {
    "start": N_("starts"),
    "end": N_("ends"),
    "move": N_("moves"),
    "change": N_("is corrected"),
    "gain": N_("right gained"),
    "lose": N_("right lost"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of effects or of rights: the organisation's name, what it is about, and the numbers."""

    place: str
    what: str
    tally: Tally | RightTally


class EffectCells(NamedTuple):
    """An effect as a line of the file shows it; ``about`` is the kind of position or the role."""

    person: str
    organisation: str
    happens: str
    about: str
    first_day: str
    last_day: str
    waits: str


@blueprint.get("/runs/<uuid:run_id>")
@guard.requires("sources.read")
def run(run_id: UUID) -> Response:
    """Show a run: result, reasons, phases and counts beside those of the run before."""
    session = context.db()
    found, source = listing.run_of(session, guard.part(), run_id)
    held = listing.waiting(session, source.id)
    login = context.login()
    plan = session.get(Plan, found.plan_id) if found.plan_id is not None else None
    return show(
        "sources/run.html",
        found,
        source,
        "",
        counts=run_words.counts(found, listing.previous(session, found)),
        reasons=[told(problem.message, problem.remedy, problem.params) for problem in run_words.reasons(found)],
        waits=held is not None and held.id == found.id,
        ran_it_myself=bool(login and found.actor_person_id == login.person_id),
        phases=[(run_words.phase(name), seconds) for name, seconds in found.phases.items()],
        completeness=_completeness(found),
        seconds=run_words.seconds(found),
        refresh=REFRESH,
        under_way=_under_way(session, found, source),
        refusal=_refusal(session, found, plan),
        who=_who(session, found.actor_person_id),
        nothing_changed=_nothing_changed(found),
        may_be_undone=undo.may_be_undone(found, plan),
    )


def _under_way(session: Session, run: Run, source: Source) -> Progress | None:
    if run.state != "running":
        return None
    before = listing.previous(session, run)
    return progress.of_run(run, source, None if before is None else before.counts.get("rows"))


def _refusal(session: Session, run: Run, plan: Plan | None) -> tuple[str, str] | None:
    """Who refused what the run held, and why."""
    if plan is not None and plan.refusal:
        return _who(session, plan.refused_by), plan.refusal
    found = acceptance.refusal(session, run) if run.state == "refused" else None
    return None if found is None else (_who(session, found[0]), found[1])


@blueprint.get("/runs/<uuid:run_id>/effects")
@guard.requires("sources.read")
def run_effects(run_id: UUID) -> Response:
    """Show what the run does to people's positions, by organisation and kind, with the share of the group."""
    return _effects(run_id, "effects", rights=False)


@blueprint.get("/runs/<uuid:run_id>/rights")
@guard.requires("sources.read")
def run_rights(run_id: UUID) -> Response:
    """Show the rights that the run gave and took, by organisation and role."""
    return _effects(run_id, "rights", rights=True)


@blueprint.get("/runs/<uuid:run_id>/effects.csv")
@guard.requires("sources.read")
def run_effects_file(run_id: UUID) -> Response:
    """Take home every effect of the run; people are named only where the reader may see them."""
    found, _ = listing.run_of(context.db(), guard.part(), run_id)
    part, people, texts = guard.part(), frame.part_of("persons.read"), context.texts()
    header = (
        N_("Person"),
        N_("Organisation"),
        N_("What happens"),
        N_("Kind or role"),
        N_("First day"),
        N_("Last day"),
        N_("Waiting for approval"),
    )
    return exports.csv_file(
        "effects",
        header,
        lambda session: _effect_rows(session, part, found.plan_id, people, texts),
        {"run": str(run_id)},
    )


def _effects(run_id: UUID, tab: str, *, rights: bool) -> Response:
    session, language = context.db(), context.texts().language
    found, source = listing.run_of(session, guard.part(), run_id)
    plan = session.get(Plan, found.plan_id) if found.plan_id is not None else None
    page: paging.Shown[Row] = paging.Shown([], None, None)
    if plan is not None:
        part = keyset(
            session, listing.places(guard.part(), plan.id, rights=rights), organisation_keys(language), paging.cursor()
        )
        names = {row.id: row.name(language) for row in part.rows}
        page = paging.shown(part, _rights(session, plan, names) if rights else _positions(session, plan, names))
    template = "sources/rights.html" if rights else "sources/effects.html"
    return show(template, found, source, tab, page=page, red=RED, export_url=f"/admin/runs/{run_id}/effects.csv")


def _positions(session: Session, plan: Plan, names: dict[UUID, str]) -> list[Row]:
    tallies = listing.tallies(session, guard.part(), plan, names)
    rows = [Row(names[tally.organisation_id], words.word(words.STATED, tally.kind), tally) for tally in tallies]
    return sorted(rows, key=lambda row: (row.place, row.what))


def _rights(session: Session, plan: Plan, names: dict[UUID, str]) -> list[Row]:
    tallies, language = listing.right_tallies(session, guard.part(), plan.id, names), context.texts().language
    said = role_names(session, {tally.role_id for tally in tallies})
    rows = [Row(names[tally.organisation_id], said[tally.role_id].said(language), tally) for tally in tallies]
    return sorted(rows, key=lambda row: (row.place, row.what))


def _effect_rows(
    session: Session, part: Part, plan_id: UUID | None, people: Part, texts: Texts
) -> Iterator[EffectCells]:
    if plan_id is None:
        return
    for batch in listing.effects(session, part, plan_id):
        shown = _shown(
            session,
            people,
            {effect.person_id for effect, _ in batch if effect.person_id is not None},
        )
        said = role_names(session, {effect.role_id for effect, _ in batch if effect.role_id is not None})
        for effect, organisation in batch:
            profile = shown.get(effect.person_id) if effect.person_id else None
            name = profile.display_name if profile else ""
            yield _effect_cells(name, organisation.name(texts.language), effect, said, texts)
        session.expunge_all()


def _shown(session: Session, people: Part, ids: set[UUID]) -> dict[UUID, Profile]:
    if not people:
        return {}
    person_id: Any = Person.id
    seen = list(session.scalars(select(Person.id).where(Person.id.in_(ids), people.shows(person_id))))
    return profiles(session, seen)


def _effect_cells(person: str, place: str, effect: PlanEffect, said: dict[UUID, Any], texts: Texts) -> EffectCells:
    about = (
        said[effect.role_id].said(texts.language)
        if effect.role_id
        else words.word(words.STATED, effect.affiliation_kind or "")
    )
    start = words.start(effect.valid_from) if effect.valid_from else None
    waits = texts.gettext(N_("yes") if effect.held else N_("no"))
    first, last = texts.first_day(start), exports.day(effect.valid_to)
    return EffectCells(person, place, texts.gettext(EFFECTS[effect.kind]), about, first, last, waits)


def show(template: str, run: Run, source: Source, tab: str, *, status: int = 200, **values: Any) -> Response:
    """Show a page of a run in their common frame; ``tab`` is the one of its pages that is open."""
    texts, here = context.texts(), f"/admin/runs/{run.id}"
    word, look = run_words.word(run_words.state_of(run, source, listing.waiting(context.db(), source.id)))
    left_out, unclear = int(run.counts.get("rejected", 0)), int(run.counts.get("ambiguous", 0))
    tabs = [
        (here, texts.gettext(N_("Overview of the run")), not tab),
        (f"{here}/effects", texts.gettext(N_("Positions")), tab == "effects"),
        (f"{here}/rights", texts.gettext(N_("Rights")), tab == "rights"),
        (
            f"{here}/rejects",
            f"{texts.gettext(N_('Rows left out'))} ({left_out + int(run.counts.get('warned', 0))})",
            tab == "rejects",
        ),
    ]
    above = [(PATH, texts.gettext(N_("Sources"))), (f"{PATH}/{source.key}", source.called(texts.language))]
    return frame.render(
        template,
        status,
        section=SECTION,
        breadcrumb=above,
        run=run,
        source=source,
        word=word,
        look=look,
        run_tabs=tabs,
        forgotten=run.started_at < clock.now() - timedelta(days=context.settings().plans.keep_names_days),
        unclear=unclear,
        left_out=left_out,
        **values,
    )


def told(message: str, remedy: str, params: Any) -> tuple[str, str]:
    """Return what is wrong and what to do, in the reader's language."""
    t = context.texts().filled
    return t(message, params), t(remedy, params) if remedy else ""


def _completeness(run: Run) -> str | None:
    text = run_words.COMPLETENESS.get(run.completeness or "")
    return context.texts().gettext(text) if text else None


def _nothing_changed(run: Run) -> bool:
    """Whether a run that went through found everything as it was."""
    moved = ("new", "changed", "start", "end", "move", "change", "link_end", "rejected", "ambiguous", "missing")
    return run.state == "done" and not any(run.counts.get(name) for name in moved)


def _who(session: Session, person_id: UUID | None) -> str:
    if person_id is None:
        return context.texts().gettext(N_("the system"))
    return profiles(session, [person_id]).get(person_id, Profile()).display_name
