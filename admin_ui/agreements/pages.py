"""Agreements at /admin/agreements: parties and signatures, what is allowed to whom, and how many people come under each
today."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from admin_ui.parts import exports, frame, lists, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.uses import positions_said, uses_said
from iam.access.administration import covered
from iam.access.agreement_acts.notice import notice_by
from iam.access.model.agreement import AgreementAmendment
from iam.access.model.amendments import Amendment, amendments
from iam.access.pages import agreements as listing
from iam.access.pages.agreements import AGREEMENT_KEYS, AgreementState
from iam.directory.pages.listing import organisation_keys
from iam.plans import agreement_proposals
from iam.texts import N_, worded
from iam.web import context, guard

PATH = "/admin/agreements"
SECTION = "agreements"
STATES = {
    "unsigned": (N_("Not signed by both sides"), "error"),
    "coming": (N_("Not in force yet"), "waiting"),
    "live": (N_("In force"), "success"),
    "notice": (N_("In force, notice given"), "waiting"),
    "suspended": (N_("Suspended"), "error"),
    "expired": (N_("Expired"), "neutral"),
    "terminated": (N_("Terminated"), "neutral"),
    "cancelled": (N_("Cancelled"), "neutral"),
}
PARTY_STATES = {
    "unsigned": (N_("signature missing"), "error"),
    "coming": (N_("signed, not yet in"), "waiting"),
    "in": (N_("in"), "success"),
    "left": (N_("left"), "neutral"),
}
PARTIES = {"controller": N_("controller"), "processor": N_("processor"), "joint controller": N_("joint controller")}
BASES = {"act": N_("Act %(value)s"), "gdpr": N_("GDPR article %(value)s"), "section": N_("section %(value)s")}
PROCESSING = {
    "subject": N_("Subject of the processing"),
    "data_subjects": N_("Whose data"),
    "kinds_of_data": N_("Kinds of personal data"),
    "subprocessors": N_("Subprocessors"),
    "afterwards": N_("The data afterwards"),
}
AFTERWARDS = {"returned": N_("are returned"), "deleted": N_("are deleted")}

frame.section(SECTION, N_("Agreements"), PATH, "agreements.read", 70)


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """An agreement as the list shows it."""

    key: str
    case_number: str
    purpose: str
    parties: list[str]
    word: str
    look: str
    live_from: datetime | None
    live_to: datetime | None


class AgreementCells(NamedTuple):
    """An agreement as a line of the file shows it."""

    key: str
    case_number: str
    purpose: str
    parties: str
    state: str
    first_day: str
    last_day: str


@blueprint.get("/agreements")
@guard.requires("agreements.read")
def agreements() -> Response:
    """Show a page of the list."""
    return frame.render(
        "agreements/agreements.html",
        section=SECTION,
        page=_listed().page(),
        text=lists.text(),
        export_url=paging.address(f"{PATH}.csv"),
    )


@blueprint.get("/agreements.csv")
@guard.requires("agreements.read")
def agreements_file() -> Response:
    """Take home the list as filtered."""
    header = (
        N_("Agreement"),
        N_("Case number"),
        N_("Purpose"),
        N_("Parties"),
        N_("State"),
        N_("First day"),
        N_("Last day"),
    )

    def cells(line: AgreementLine) -> AgreementCells:
        first, last = context.texts().first_day(line.live_from), exports.day(line.live_to)
        parties = ", ".join(line.parties)
        return AgreementCells(line.key, line.case_number, line.purpose, parties, line.word, first, last)

    return _listed().file("agreements", header, cells)


def _listed() -> Listed[AgreementLine]:
    return Listed(listing.agreements(guard.part(), lists.text()), AGREEMENT_KEYS, lines)


@blueprint.get("/agreements/<key>")
@guard.requires("agreements.read")
def agreement(key: str) -> Response:
    """Show an agreement with its parties and clauses, and a page of the organisations whose people come under it
    today."""
    session, part, texts = context.db(), guard.part(), context.texts()
    found, owner, clause_ids = listing.agreement_of(session, part, key)
    standing, clauses = listing.standings(session, [found.id])[found.id], listing.clauses(session, found.id)
    allowed = [one.allows for one in clauses]
    return frame.render(
        "agreements/agreement.html",
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Agreements")))],
        agreement=found,
        owner=owner.name(texts.language),
        standing=standing,
        line=lines(session, [(found, owner)], {found.id: standing})[0],
        parties=standing.parties,
        role=lambda party: words.word(PARTIES, party.role),
        purpose=worded(found.purpose_said, texts.language),
        basis=basis_line(found.legal_basis),
        decision=_decision(found.decision),
        processing=_processing(found.processing or {}),
        amendments={one.id: (one.n, amended_by(one)) for one in amendments(session, [found.id])[found.id]},
        missing=[entity.name(texts.language) for entity in standing.unsigned],
        day_word=words.day,
        party_states={state: (look, texts.gettext(word)) for state, (word, look) in PARTY_STATES.items()},
        clauses=clauses,
        uses=uses_said(session, {":".join(use) for one in allowed for some in one.values() for use in some}),
        positions=positions_said(session, {code for one in allowed for code in one}),
        place=clause_place,
        page=_under(clause_ids).page(),
        export_url=f"{PATH}/{key}/people.csv",
        first=words.start,
        end=words.end,
        notice_by=notice_by(found, standing.term.valid_to) if standing.term and not standing.over else None,
        waits=frame.decides("agreements.sign") and agreement_proposals.of_agreement(session, key) is not None,
        suspenders=_suspenders(session, standing),
    )


def _suspenders(session: Session, standing: AgreementState) -> list[tuple[str, str]]:
    """The parties in whose name the reader may suspend the agreement, as ids and names."""
    part, language = frame.part_of("agreements.write"), context.texts().language
    entities = {line.entity.id: line.entity.name(language) for line in standing.parties if line.state != "left"}
    return [(str(one), entities[one]) for one in covered(session, part, entities)]


@blueprint.get("/agreements/<key>/people.csv")
@guard.requires("agreements.read")
def under_file(key: str) -> Response:
    """Take home how many people of each organisation come under the agreement today."""
    found = listing.agreement_of(context.db(), guard.part(), key)
    return _under(found.clause_ids).file(
        "people", (N_("Organisation"), N_("People")), lambda line: line, {"agreement": key}
    )


def _under(clause_ids: Collection[UUID]) -> Listed[tuple[str, int]]:
    language = context.texts().language
    return Listed(
        listing.under(guard.part(), clause_ids),
        organisation_keys(language),
        lambda _, rows: [(row.name(language), n) for row, n in rows],
    )


def lines(
    session: Session, rows: Sequence[Any], known: Mapping[Any, AgreementState] | None = None
) -> list[AgreementLine]:
    """Return agreements as lists show them; two statements, however many they are, unless how they stand is
    ``known``."""
    texts = context.texts()
    standings = known or listing.standings(session, [row[0].id for row in rows])
    made = []
    for agreement, _ in rows:
        standing = standings[agreement.id]
        word, look = STATES[standing.state]
        parties, term = [line.entity.name(texts.language) for line in standing.parties], standing.term
        first = words.start(term.valid_from) if term else None
        made.append(
            AgreementLine(
                agreement.key,
                agreement.case_number,
                worded(agreement.purpose_said, texts.language),
                parties,
                texts.gettext(word),
                look,
                first,
                words.end(term.valid_to if term else None),
            )
        )
    return made


def clause_place(name: str, *, over_area: bool) -> str:
    """Return where a clause holds: an organisation, or what an area covers."""
    return context.texts().gettext(N_("the area of %(name)s")) % {"name": name} if over_area else name


def basis_line(legal_basis: Mapping[str, Any]) -> str:
    """Return a legal basis as one line."""
    return ", ".join(words.word(BASES, str(name)) % {"value": value} for name, value in legal_basis.items())


def _processing(said: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what is said of the processing of personal data, as pairs of a word and a text."""
    told = {name: said[name] for name in PROCESSING if name in said}
    if "afterwards" in told:
        told["afterwards"] = words.word(AFTERWARDS, told["afterwards"])
    return [(words.word(PROCESSING, name), text) for name, text in told.items()]


def amended_by(one: Amendment | AgreementAmendment) -> str:
    """Return by what an agreement is amended, as one line: a decision, or the delegation under which it is done."""
    if one.delegation is not None:
        return context.texts().gettext(N_("by delegation, %(text)s")) % {"text": one.delegation}
    return _decision(one.decision or {})


def _decision(decision: Mapping[str, Any]) -> str:
    """Return who decided, when and in which section, as one line."""
    if not decision:
        return ""
    who = worded(decision.get("body") or decision.get("office_holder"), context.texts().language)
    told = [who, _read_day(decision.get("date"))]
    if decision.get("section") is not None:
        told.append(f"§ {decision['section']}")
    if final := _read_day(decision.get("final")):
        told.append(context.texts().gettext(N_("final since %(day)s")) % {"day": final})
    told.append(str(decision.get("case_number") or ""))
    return ", ".join(part for part in told if part)


def _read_day(value: Any) -> str:
    try:
        return words.day(date.fromisoformat(str(value)))
    except ValueError:
        return ""
