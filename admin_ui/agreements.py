"""Agreements at /admin/agreements: parties and signatures, what is allowed to whom, and how many people come under each today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from admin_ui import exports, frame, paging, words
from admin_ui.every import batches, every
from admin_ui.frame import blueprint
from iam.access import agreement_listing as listing
from iam.access.agreement_listing import AGREEMENT_KEYS, Standing
from iam.database.keyset import keyset
from iam.directory.listing import organisation_keys
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/agreements"
SECTION = "agreements"
LONGEST = 100
STATES = {
    "unsigned": (N_("Not signed by all"), "error"), "coming": (N_("Not in force yet"), "waiting"), "live": (N_("In force"), "success"),
    "ended": (N_("Ended"), "neutral"),
}  # fmt: skip
PARTIES = {"controller": N_("controller"), "processor": N_("processor"), "joint controller": N_("joint controller")}
BASES = {"act": N_("Act %(value)s"), "gdpr": N_("GDPR article %(value)s"), "section": N_("section %(value)s")}

frame.section(SECTION, N_("Agreements"), PATH, "agreements.read", 70)


@dataclass(frozen=True, slots=True)
class Line:
    """An agreement as the list shows it."""

    key: str
    case_number: str
    purpose: str
    parties: list[str]
    word: str
    look: str
    live_from: datetime | None
    live_to: datetime | None


@blueprint.get("/agreements")
@guard.requires("agreements.read")
def agreements() -> Response:
    """Show a page of the list."""
    session, text = context.db(), request.args.get("q", "")[:LONGEST]
    found = keyset(session, listing.agreements(guard.part(), text), AGREEMENT_KEYS, paging.cursor())
    return frame.render(
        "agreements/agreements.html", section=SECTION, page=paging.shown(found, lines(session, found.rows)), text=text,
        export_url=paging.address(f"{PATH}.csv"),
    )  # fmt: skip


@blueprint.get("/agreements.csv")
@guard.requires("agreements.read")
def agreements_file() -> Response:
    """Take home the list as filtered."""
    part, texts, text = guard.part(), context.texts(), request.args.get("q", "")[:LONGEST]
    header = [
        N_("Agreement"),
        N_("Case number"),
        N_("Purpose"),
        N_("Parties"),
        N_("State"),
        N_("First day"),
        N_("Last day"),
    ]

    def rows(session: Session) -> Iterator[Sequence[object]]:
        for batch in batches(session, listing.agreements(part, text), AGREEMENT_KEYS):
            for line in lines(session, batch):
                first = texts.first_day(line.live_from)
                yield (
                    line.key,
                    line.case_number,
                    line.purpose,
                    ", ".join(line.parties),
                    line.word,
                    first,
                    exports.day(line.live_to),
                )

    return exports.csv_file("agreements", [texts.gettext(name) for name in header], rows)


@blueprint.get("/agreements/<key>")
@guard.requires("agreements.read")
def agreement(key: str) -> Response:
    """Show an agreement with its parties and clauses, and a page of the organisations whose people come under it today."""
    session, part, texts = context.db(), guard.part(), context.texts()
    found, owner = listing.agreement_of(session, part, key)
    standing = listing.standings(session, [found.id])[found.id]
    under = keyset(session, listing.under(part, found.id), organisation_keys(texts.language), paging.cursor())
    return frame.render(
        "agreements/agreement.html", section=SECTION, breadcrumb=[(PATH, texts.gettext(N_("Agreements")))], agreement=found,
        owner=owner.name(texts.language), standing=standing, line=lines(session, [(found, owner)], {found.id: standing})[0],
        parties=[(entity.name(texts.language), words.word(PARTIES, party.role), _day(party.signed_on)) for party, entity in standing.parties],
        basis=", ".join(words.word(BASES, str(name)) % {"value": value} for name, value in found.legal_basis.items()), decision=_decision(found.decision),
        missing=[entity.name(texts.language) for entity in standing.unsigned], clauses=listing.clauses(session, found.id),
        page=paging.shown(under, [(row.name(texts.language), n) for row, n in under.rows]), export_url=f"{PATH}/{key}/people.csv",
        first=words.start, end=words.end,
    )  # fmt: skip


@blueprint.get("/agreements/<key>/people.csv")
@guard.requires("agreements.read")
def under_file(key: str) -> Response:
    """Take home how many people of each organisation come under the agreement today."""
    part, texts = guard.part(), context.texts()
    found, _ = listing.agreement_of(context.db(), part, key)

    def rows(session: Session) -> Iterator[Sequence[object]]:
        for row, n in every(session, listing.under(part, found.id), organisation_keys(texts.language)):
            yield row.name(texts.language), n

    return exports.csv_file(
        "people", [texts.gettext(N_("Organisation")), texts.gettext(N_("People"))], rows, {"agreement": key}
    )


def lines(session: Session, rows: Sequence[Any], known: Mapping[Any, Standing] | None = None) -> list[Line]:
    """Return agreements as lists show them; two statements, however many they are, unless how they stand is ``known``."""
    texts = context.texts()
    standings = known or listing.standings(session, [row[0].id for row in rows])
    made = []
    for agreement, _ in rows:
        standing = standings[agreement.id]
        word, look = STATES[standing.state]
        parties = [entity.name(texts.language) for _, entity in standing.parties]
        first = words.start(standing.live_from) if standing.live_from else None
        made.append(
            Line(
                agreement.key,
                agreement.case_number,
                agreement.purpose,
                parties,
                texts.gettext(word),
                look,
                first,
                words.end(standing.live_to),
            )
        )
    return made


def _day(day: date | None) -> str:
    return f"{day.day}.{day.month}.{day.year}" if day else ""


def _decision(decision: Mapping[str, Any]) -> str:
    """Return who decided, when and in which section, as one line."""
    if not decision:
        return ""
    told = [str(decision.get("body", "")), _read_day(decision.get("date"))]
    if decision.get("section") is not None:
        told.append(f"§ {decision['section']}")
    return ", ".join(part for part in told if part)


def _read_day(value: Any) -> str:
    try:
        return _day(date.fromisoformat(str(value)))
    except ValueError:
        return ""
