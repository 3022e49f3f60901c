"""What waits for a second person, and what one took out of use and another has not looked at yet: shown on the
overview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.administrators.listing import PATH as ADMINISTRATORS
from admin_ui.agreements.pages import PATH as AGREEMENTS
from admin_ui.overview import declaration
from admin_ui.overview.stated_words import people_of, stated_called
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from admin_ui.rules.pages import PATH
from iam import clock
from iam.access.commands import taken_out
from iam.access.model.proposal import OF_RULES, Proposal, TakenOut
from iam.access.pages.called import roles_called, rules_called
from iam.bulk import waits as bulk
from iam.deciding import appointing
from iam.deciding.deputies import may_be_deputised
from iam.deciding.telling import is_due
from iam.deciding.waiting import proposals_for
from iam.directory.queries import Profile
from iam.plans import agreement_proposals
from iam.sources import undo
from iam.texts import N_
from iam.web import context, guard

SHOWN = 20
KINDS = {
    "rule": N_("Rule"),
    "withdrawal": N_("Withdrawal of a rule"),
    "apply": N_("Declaration"),
    "agreement": N_("Agreement"),
    "undo": N_("Undoing of a run"),
    "administrator": N_("Administrator"),
    "bulk": N_("For many people at once"),
    "role": N_("Role"),
    "client": N_("Client"),
    "connection": N_("Sign-in connection"),
}


@dataclass(frozen=True, slots=True)
class WaitingDefinition:
    """A proposal or an emergency as the overview lists it; ``href`` is empty where nothing more is to be seen."""

    id: UUID
    kind: str
    key: str
    who: str
    at: Any
    told: str
    href: str
    mine: bool
    is_due: bool = False


@dataclass(frozen=True, slots=True)
class Second:
    """The two lists, the oldest first, at most ``SHOWN`` each, and whether the reader decides anything at all."""

    proposals: list[WaitingDefinition]
    taken_out: list[WaitingDefinition]
    decides: bool


def lists(session: Session) -> Second:
    """Return what of both concerns the reader."""
    asker = guard.asker()
    proposals = session.scalars(proposals_for(asker).limit(SHOWN)).all()
    stopped = session.scalars(taken_out.unseen(asker).limit(SHOWN)).all()
    ids = {row.proposed_by for row in proposals} | {row.taken_by for row in stopped}
    appointed = people_of(proposals)
    names = profiles(session, {one for one in {*ids, *appointed.values()} if one is not None})
    decides = bool(may_be_deputised(asker))
    called = definitions_called(session, [(row.kind, row.key) for row in [*proposals, *stopped]])
    stated = stated_called(session, proposals) | {row: _name(person_id, names) for row, person_id in appointed.items()}
    return Second(
        [_proposal(row, names, called, stated) for row in proposals],
        [_stopped(row, names, called) for row in stopped],
        decides,
    )


@blueprint.post("/taken-out")
@guard.administers
def see_taken_out() -> AnyResponse:
    """Say that a second person has looked at what was taken out of use."""
    try:
        id_ = UUID(request.form.get("id", ""))
    except ValueError:
        id_ = UUID(int=0)
    taken_out.see(context.db(), guard.asker(), id_, context.actor())
    return frame.done(context.texts().gettext(N_("You have looked at it.")), frame.HOME)


def definitions_called(session: Session, some: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return what the rules and roles among definitions, each by kind and key, are called; one or four statements for
    each of the two."""
    language = context.texts().language
    rules = {key for kind, key in some if kind in OF_RULES}
    roles = {key for kind, key in some if kind == "role" and ":" in key}
    called = rules_called(session, rules, language)
    return called | {key: by.get(language, key) for key, by in (roles_called(session, roles) if roles else {}).items()}


def _proposal(
    row: Proposal, names: dict[UUID, Profile], called: Mapping[str, str], stated: Mapping[UUID, str]
) -> WaitingDefinition:
    texts = context.texts()
    told = texts.gettext(N_("%(gain)s gain, %(lose)s lose")) % row.counts
    paths = {**dict.fromkeys(OF_RULES, PATH), agreement_proposals.KIND: AGREEMENTS}
    key = declaration.called(row.digest) if row.kind == "apply" else called.get(row.key, row.key)
    name = stated.get(row.id, key)
    if row.kind in paths:
        href = f"{paths[row.kind]}/{row.key}/proposal"
    elif row.kind == undo.KIND:
        href = f"/admin/runs/{(row.stated or {})['run']}/undo"
    elif row.kind == bulk.KIND:
        name, href = texts.gettext(bulk.kind_of(row).label), f"/admin/bulk/waiting/{row.id}"
    elif row.kind == appointing.KIND:
        href = f"{ADMINISTRATORS}/waiting/{row.id}"
    else:
        href = declaration.address(row.digest)
    return WaitingDefinition(
        row.id,
        texts.gettext(KINDS[row.kind]),
        name,
        _name(row.proposed_by, names),
        row.proposed_at,
        told,
        href,
        row.proposed_by == context.actor().person_id,
        is_due(row.proposed_at, context.settings().plans.due_days, clock.now().astimezone(ZoneInfo(clock.HELSINKI))),
    )


def _stopped(row: TakenOut, names: dict[UUID, Profile], called: Mapping[str, str]) -> WaitingDefinition:
    return WaitingDefinition(
        row.id,
        context.texts().gettext(KINDS[row.kind]),
        called.get(row.key, row.key),
        _name(row.taken_by, names),
        row.taken_at,
        row.reason,
        "",
        row.taken_by == context.actor().person_id,
    )


def _name(person_id: UUID | None, names: dict[UUID, Profile]) -> str:
    if person_id is None:
        return context.texts().gettext(N_("The operator of the server"))
    return names.get(person_id, Profile()).display_name or "–"
