"""What is done to one organisation of the tree, as declarations: it is added, renamed, moved, merged, closed.

Everything else that is stated of it stays. What was planned for after the day of a move, a merger or a closing is
replaced by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.apply.comparison.state import State
from iam.apply.declared.written import Row, dated, plain
from iam.apply.guarded import Whose
from iam.apply.on_pages.stating import Stating, write
from iam.apply.registry import BY_NAME
from iam.apply.run import Report
from iam.apply.schema.moments import end_of, from_end, from_start, start_of
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.errors import Invalid, NotFound
from iam.lifecycle.organisations import commands as organisations
from iam.texts import N_
from iam.vault import Vault

CODES = ("oph_oid", "school_code", "business_id")
_PLACE = ("parent", "legal_entity", "from", "to")
Attributes = Mapping[str, Any]
"""``kind``, ``name`` by language and the codes."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What is done to an organisation: ``act`` as the log calls it, and the declaration."""

    act: str
    key: str
    stating: Stating


def added(session: Session, key: str, attributes: Attributes, place: Row) -> Acted:
    """Add an organisation at a place (``parent``, ``legal_entity``, ``from``, ``to``); raises ``Invalid`` where its key
    is taken."""
    if session.scalar(select(Organisation.id).where(Organisation.key == key)) is not None:
        raise Invalid(Problem(N_("This key is taken."), N_("Choose another."), field="key"))
    return _acted("add", key, [plain({"key": key, **attributes, **place})])


def renamed(session: Session, key: str, attributes: Attributes) -> Acted:
    """Say otherwise of what kind an organisation is, what it is called, and which codes it has."""
    first, *later = rows_of(session, key)
    kept = {name: value for name, value in first.items() if name not in ("kind", "name", *CODES)}
    return _acted("rename", key, [plain({"key": key, **attributes, **kept}), *later])


def moved(session: Session, key: str, parent: str, day: date) -> Acted:
    """Put an organisation under another from a day on; raises ``Invalid`` where it is not there that day."""
    rows = rows_of(session, key)
    return _acted("move", key, _placed(rows, parent, day, is_entity=bool(_standing(rows, day).get("legal_entity"))))


def merged(session: Session, organisation: Organisation, successor: Organisation, day: date) -> Acted:
    """Let ``successor`` continue an organisation from a day on: it lies under it as a whole, and is no legal entity any
    more."""
    key, other, since = organisation.key, successor.key, clock.day_start(day)
    triple = successor.id, "continues", organisation.id
    before = organisations.relations(session, [triple]).get(triple, [])
    times = [(start, min(end, since)) for start, end in before if start < since] + [(since, clock.FOREVER)]
    relations = [{"organisation": other, "kind": "continues", "other": key} | dated(*one) for one in times]
    rows = _placed(rows_of(session, key), other, day, is_entity=False)
    return _acted("merge", key, rows, relations, f"{other} continues {key}")


def closed(session: Session, key: str, last: date) -> Acted:
    """Let an organisation end with a last day; raises ``Invalid`` where it begins only after it."""
    rows = rows_of(session, key)
    _standing(rows, last)
    *kept, end = _until(rows, clock.day_end(last))
    return _acted("close", key, [*kept, end | {"keep_sources": False}])


def perform(
    session: Session, acted: Acted, organisation_id: UUID, actor: Actor, vault: Vault, *, consortium: str = ""
) -> Report:
    """Do it in the session's transaction, with its event; the report says whether it is written or waits.

    ``organisation_id`` is where it is done: of one that is added, under which. Raises as ``stating.write``.
    """
    # Who moves or merges speaks of two places: whoever stands over both decides.
    whose = None if acted.act in ("move", "merge") else Whose(organisation_id, "organisations.write")
    report = write(session, acted.stating, actor, vault, consortium=consortium, whose=whose)
    change_id = None if report.applied is None else report.applied.change_id
    told = {"organisation": acted.key, "act": acted.act, "waits": report.held is not None}
    type_, envelope = "organisation:tree:stated", told
    log.write(session, type_, actor, organisation_id=organisation_id, change_id=change_id, envelope=envelope)
    return report


def rows_of(session: Session, key: str) -> list[Row]:
    """Return an organisation as a declaration states it, an item for each of its places in order of time; raises
    ``NotFound``."""
    found = [row for row in _rows(session) if row["key"] == key]
    if not found:
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    return found


def _rows(session: Session) -> list[Row]:
    kind, state = BY_NAME["organisation"], State()
    kind.stand(session, state, None)
    assert kind.export is not None
    return list(kind.export(session, state))


def _acted(act: str, key: str, rows: Sequence[Row], relations: Sequence[Row] = (), relation: str = "") -> Acted:
    expected = {("organisation", key)} | ({("relation", relation)} if relation else set())
    besides = frozenset({"opened source"}) if act in ("move", "merge") else frozenset[str]()
    return Acted(act, key, Stating({"organisations": rows, "relations": relations}, frozenset(expected), besides))


def _standing(rows: Sequence[Row], day: date) -> Row:
    """The place in which an organisation stands on a day."""
    at = clock.day_start(day)
    for row in rows:
        if start_of(row.get("from")) <= at < end_of(row.get("to")):
            return row
    raise Invalid(
        Problem(N_("The organisation is not there on that day."), N_("Choose a day on which it is."), field="day")
    )


def _until(rows: Sequence[Row], end: datetime) -> list[Row]:
    """Cut an organisation's places at an instant."""
    kept = [row for row in rows if start_of(row.get("from")) < end]
    return [plain(row | {"to": from_end(min(end, end_of(row.get("to"))))}) for row in kept]


def _placed(rows: Sequence[Row], parent: str, day: date, *, is_entity: bool) -> list[Row]:
    """An organisation's places until a day, and then one under ``parent`` for as long as it would have lasted."""
    at, until = clock.day_start(day), rows[-1].get("to")
    earlier = _until(rows, at)
    new = {"parent": parent, "legal_entity": is_entity or None, "from": from_start(at), "to": until}
    said = {name: value for name, value in rows[0].items() if name not in _PLACE}
    return [*earlier, plain({"key": rows[0]["key"]} | new)] if earlier else [plain(said | new)]
