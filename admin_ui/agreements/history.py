"""What was done on an agreement, by whom and when, at /admin/agreements/KEY/history: newest first, and as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_ui.agreements.acts import above, agreement_here
from admin_ui.agreements.pages import PATH, SECTION, amended_by
from admin_ui.parts import frame, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from iam.access.pages import agreement_history
from iam.access.pages.agreement_history import CHANGE_KEYS, Moves, Version
from iam.directory.organisation import Organisation
from iam.directory.queries import Profile, profiles
from iam.texts import N_, Texts
from iam.web import context, guard

Names = Mapping[UUID, str]


class ChangeLine(NamedTuple):
    """A change of an agreement: when, who, and what was done, a sentence each; ``restores`` is its id where the reader
    may restore the clauses of before it."""

    at: datetime
    who: str
    told: list[str]
    restores: UUID | None


@blueprint.get("/agreements/<key>/history")
@guard.requires("agreements.read")
def agreement_changes(key: str) -> Response:
    """Show a page of what was done on an agreement."""
    agreement = agreement_here(key)
    return frame.render(
        "agreements/history.html",
        section=SECTION,
        breadcrumb=above(agreement),
        path=f"{PATH}/{key}/history",
        page=_listed(agreement.id).page(),
        export_url=paging.address(f"{PATH}/{key}/history.csv"),
    )


@blueprint.get("/agreements/<key>/history.csv")
@guard.requires("agreements.read")
def agreement_changes_file(key: str) -> Response:
    """Take home what was done on an agreement."""
    header = (N_("When"), N_("Done by"), N_("What was done"))
    listed, texts = _listed(agreement_here(key).id), context.texts()

    def cells(line: ChangeLine) -> tuple[str, str, str]:
        return texts.moment(line.at), line.who, " ".join(line.told)

    return listed.file("history", header, cells, {"agreement": key})


def _listed(agreement_id: UUID) -> Listed[ChangeLine]:
    lines = partial(_lines, agreement_id)
    return Listed(agreement_history.changes(agreement_id), CHANGE_KEYS, lines, newest_first=True)


def _lines(agreement_id: UUID, session: Session, changes: Sequence[Any]) -> list[ChangeLine]:
    moved = agreement_history.moves(session, agreement_id, [one.id for one in changes])
    people = profiles(session, {one.actor_person_id for one in changes if one.actor_person_id})
    names, texts = _names(session, moved), context.texts()
    system, may_write = texts.gettext(N_("The operator of the server")), frame.may("agreements.write")
    return [
        ChangeLine(
            one.at,
            people.get(one.actor_person_id, Profile()).display_name or "–" if one.actor_person_id else system,
            list(_told(moved[one.id], names, texts)),
            one.id if may_write and _altered(moved[one.id]) else None,
        )
        for one in changes
    ]


def _altered(moves: Moves) -> bool:
    """Whether a change altered what clauses there were before it: it closed one, or made one that is not the first."""
    return bool(moves.closed) or min(moves.made, default=1) > 1


def _names(session: Session, moved: Mapping[UUID, Moves]) -> Names:
    """The names of the parties that the changes wrote of; one statement."""
    versions = (one for moves in moved.values() for pair in moves.facts for one in pair)
    ids = {one.legal_entity_id for one in versions if one is not None and one.legal_entity_id is not None}
    language = context.texts().language
    found = session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    return {one.id: one.name(language) for one in found}


def _told(moves: Moves, names: Names, texts: Texts) -> Iterator[str]:
    for before, after in moves.facts:
        now = after or before
        assert now is not None
        params = {
            "party": names.get(now.legal_entity_id, "") if now.legal_entity_id else "",
            "first": texts.first_day(now.valid_from) or "–",
            "last": texts.day(now.valid_to) or "–",
            "day": words.day(now.signed_on),
            "reason": now.reason,
        }
        yield texts.gettext(_SAY[now.kind](before, after)) % params
    yield from _of_clauses(moves, texts)
    for one in moves.amendments:
        yield texts.gettext(N_("Amendment %(n)s: %(by)s.")) % {"n": one.n, "by": amended_by(one)}


def _of_term(_before: Version | None, after: Version | None) -> str:
    if after is None:
        return N_("It was given up before it was in force.")
    return N_("In force from %(first)s to %(last)s.")


def _of_suspension(before: Version | None, _after: Version | None) -> str:
    if before is not None:
        return N_("The suspension was lifted.")
    return N_("%(party)s suspended it at once: %(reason)s")


def _of_party(before: Version | None, after: Version | None) -> str:
    if after is None:
        return N_("%(party)s is no party any more.")
    if after.notice_on is not None and (before is None or before.notice_on is None):
        return N_("%(party)s gave notice. Its last day is %(last)s.")
    if after.signed_on is not None and (before is None or before.signed_on is None):
        return N_("%(party)s signed on %(day)s.")
    if before is None:
        return N_("%(party)s was named as a party.")
    return N_("What is said of the party %(party)s was changed.")


_SAY: Mapping[str, Callable[[Version | None, Version | None], str]] = {
    "party": _of_party,
    "term": _of_term,
    "suspension": _of_suspension,
}
"""How a change of each kind of fact is told, as it was before and after."""


def _of_clauses(moves: Moves, texts: Texts) -> Iterator[str]:
    if len(moves.made) == len(moves.closed) == 1:
        numbers = {"old": moves.closed[0], "new": moves.made[0]}
        yield texts.gettext(N_("Clause %(new)s took the place of clause %(old)s.")) % numbers
        return
    for n in moves.closed:
        yield texts.gettext(N_("Clause %(n)s was taken out.")) % {"n": n}
    for n in moves.made:
        yield texts.gettext(N_("Clause %(n)s was made.")) % {"n": n}
