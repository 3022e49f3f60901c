"""What a party does on an agreement, at /admin/agreements/KEY/sign and /notice (with its effect before it is done),
/suspend and /lift."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from hmac import compare_digest
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.agreements.pages import PATH, SECTION
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from connectors.problem import Problem
from iam.access.agreement_acts.act import Act, grantors
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.agreement_acts.sign import Sign
from iam.access.agreement_acts.suspension import Lift, Suspend
from iam.access.model.agreement import Agreement
from iam.access.pages import agreements as listing
from iam.access.pages.agreements import PartyLine
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.plans import agreement_proposals
from iam.texts import N_
from iam.web import context, guard

SHOWN_PLACES = 50
DO = "do"
LONGEST = 200
_SIGN, _NOTICE = (f"{PATH}/{{key}}/{name}" for name in ("sign", "notice"))
HEADINGS = {
    "sign": (N_("Record a signature"), N_("Record the signature")),
    "notice": (N_("Give notice"), N_("Give notice")),
    "clause": (N_("What is allowed"), N_("Save the clause")),
    "end-clause": (N_("End a clause"), N_("End the clause")),
    "cancel": (N_("Cancel the agreement"), N_("Cancel the agreement")),
    "restore-clauses": (N_("Restore clauses"), N_("Restore the clauses")),
}
DONE = {
    "sign": N_("The signature is recorded."),
    "notice": N_("Notice is given. The last day in force is on this page."),
    "clause": N_("The clause is saved. It is on this page."),
    "end-clause": N_("The clause ends. Its last day is on this page."),
    "cancel": N_("The agreement is cancelled: it will never be in force."),
    "restore-clauses": N_("The clauses are again as they were. They are on this page."),
    "suspend": N_("The agreement is suspended: it gives nobody any right from now on."),
    "lift": N_("The agreement gives rights again."),
}


@dataclass(slots=True)
class ActForm:
    """What was typed, what is wrong beside which field ("": above all), and what it would do."""

    typed: MultiDict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    effects: effects_view.View | None = None
    last_day: date | None = None


Reads = Callable[[MultiDict[str, str]], Act]
Shows = Callable[[Agreement, ActForm, int], Response]


@blueprint.get("/agreements/<key>/sign")
@guard.requires("agreements.sign")
def show_signature(key: str) -> Response:
    """Ask which party signed, when, who, and under which number; what was typed before a fresh proof is there again."""
    return _form("sign", agreement_here(key), ActForm(request.args))


@blueprint.post("/agreements/<key>/sign")
@guard.requires("agreements.sign")
@guard.recent(_SIGN, act=DO)
def sign(key: str) -> AnyResponse:
    """Show what a signature would give, or record it."""
    return answer(key, _read_signature, partial(_form, "sign"))


@blueprint.get("/agreements/<key>/notice")
@guard.requires("agreements.write")
def show_notice(key: str) -> Response:
    """Ask which party gives notice."""
    return _form("notice", agreement_here(key), ActForm(request.args))


@blueprint.post("/agreements/<key>/notice")
@guard.requires("agreements.write")
@guard.recent(_NOTICE, act=DO)
def notice(key: str) -> AnyResponse:
    """Show from which day on who would lose what, or give notice."""
    return answer(key, _read_notice, partial(_form, "notice"))


@blueprint.post("/agreements/<key>/suspend")
@guard.requires("agreements.write")
def suspend(key: str) -> AnyResponse:
    """Suspend the agreement at once, with a reason: it waits for nobody."""
    return _at_once(key, lambda form: Suspend(entity_of(form), form.get("reason", "")[:LONGEST]))


@blueprint.post("/agreements/<key>/lift")
@guard.requires("agreements.write")
@guard.recent(PATH + "/{key}")
def lift(key: str) -> AnyResponse:
    """Lift a suspension, as a second person of the grantor."""
    agreement = agreement_here(key)
    entity_id = min(grantors(context.db(), agreement.id), default=agreement.owner_id)
    return _at_once(key, lambda _: Lift(entity_id))


def answer(key: str, read: Reads, show: Shows) -> AnyResponse:
    """Show the effect of the act that a form says (``read``), or do it when the effect is the one that was shown;
    ``show`` the form again."""
    session, agreement, form = context.db(), agreement_here(key), ActForm(request.form)
    try:
        act = read(form.typed)
        act.check(session, agreement, guard.asker())
        would = agreement_proposals.preview(session, agreement, act, frame.part_of("persons.read"))
        agreement = agreement_here(key)
        if form.typed.get("act") == DO and is_seen(would.effects.digest):
            waits = agreement_proposals.do(session, agreement, act, guard.asker(), context.actor())
            return _proposed(key) if waits else back(key, DONE[act.name])
    except (Denied, Conflict, Invalid, NotFound) as error:
        form.errors = beside(error)
        return show(agreement_here(key), form, error.status)
    form.effects = effects_view.view(session, would)
    form.last_day = act.last(agreement)
    return show(agreement, form, 200)


def _at_once(key: str, read: Reads) -> AnyResponse:
    agreement = agreement_here(key)
    act = read(request.form)
    agreement_proposals.do(context.db(), agreement, act, guard.asker(), context.actor())
    return back(key, DONE[act.name])


def _read_signature(typed: MultiDict[str, str]) -> Sign:
    by, number, service = (
        typed.get(name, "").strip()[:LONGEST] or None for name in ("signed_by", "document_number", "signing_service")
    )
    return Sign(entity_of(typed), day_of(typed, "signed_on"), by, number, service)


def _read_notice(typed: MultiDict[str, str]) -> GiveNotice:
    return GiveNotice(entity_of(typed), day_of(typed, "last_day") if typed.get("last_day") else None)


def entity_of(typed: Mapping[str, str]) -> UUID:
    """Return the party in whose name it is done; raises ``Invalid``."""
    return chosen(typed, "party", Problem(N_("Choose the party."), field="party"))


def chosen(typed: Mapping[str, str], name: str, otherwise: Problem) -> UUID:
    """Return the id that was chosen in a field; raises ``Invalid`` with ``otherwise``."""
    try:
        return UUID(typed.get(name, ""))
    except ValueError:
        raise Invalid(otherwise) from None


def day_of(typed: Mapping[str, str], name: str) -> date:
    """Return the day that was written in a field; raises ``Invalid``."""
    try:
        return date.fromisoformat(typed.get(name, ""))
    except ValueError:
        raise Invalid(Problem(N_("Write a day."), field=name)) from None


def agreement_here(key: str) -> Agreement:
    """Return an agreement that concerns the part; raises ``NotFound``."""
    return listing.agreement_of(context.db(), guard.part(), key).agreement


def is_seen(digest: str) -> bool:
    """Whether it is the digest of the effects that the form was shown."""
    return compare_digest(effects_view.sealed(digest), request.form.get("seen", ""))


def beside(error: AvainError) -> dict[str, str]:
    """Return what is wrong by the field beside which it is told; "" stands above all."""
    first = error.problems[0]
    return {first.field or "": context.texts().sentence(replace(first, field=None))}


def back(key: str, sentence: str) -> AnyResponse:
    """Go on to the agreement and say there what was done."""
    return frame.done(context.texts().gettext(sentence), f"{PATH}/{key}")


def _proposed(key: str) -> AnyResponse:
    told = context.texts().gettext(N_("Nothing was changed yet: it waits for a person of whoever allows it."))
    return frame.done(told, f"{PATH}/{key}/proposal")


def _form(name: str, agreement: Agreement, form: ActForm, status: int = 200) -> Response:
    parties = choices(agreement, lambda line: (name == "sign") == (line.state == "unsigned"))
    return act_page(name, HEADINGS[name], agreement, form, status, parties=parties)


def act_page(
    template: str, spoken: tuple[str, str], agreement: Agreement, form: ActForm, status: int, **more: Any
) -> Response:
    """Return the page of an act with its form; ``spoken`` are its heading and what its button says."""
    heading, label = (context.texts().gettext(one) for one in spoken)
    return frame.render(
        f"agreements/{template}.html",
        status,
        section=SECTION,
        breadcrumb=above(agreement),
        agreement=agreement,
        form=form,
        heading=heading,
        label=label,
        shown_places=SHOWN_PLACES,
        turn_form="act",
        day_word=words.day,
        **more,
    )


def choices(agreement: Agreement, fits: Callable[[PartyLine], bool]) -> list[tuple[str, str]]:
    """Return the parties that fit, as ids and names."""
    standing = listing.standings(context.db(), [agreement.id])[agreement.id]
    language = context.texts().language
    return [(str(line.entity.id), line.entity.name(language)) for line in standing.parties if fits(line)]


def above(agreement: Agreement) -> list[tuple[str, str]]:
    """Return the pages above those of an agreement's acts."""
    own = f"{PATH}/{agreement.key}", agreement.case_number or agreement.key
    return [(PATH, context.texts().gettext(N_("Agreements"))), own]
