"""Who gains and who loses by a declaration that waits, by name, as a file for the two who decide about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import csv_text
from iam.access.administration import Part
from iam.access.commands.effects import Effect
from iam.access.pages import listing
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from iam.directory.protected import is_protected
from iam.directory.queries import Profile, profiles
from iam.texts import Texts

HEADER = ("what", "name", "organisation", "role", "where", "from", "until")
BATCH = 1000


class EffectCells(NamedTuple):
    """One right that somebody gains or loses, as a line of the file shows it."""

    what: str
    name: str
    organisation: str
    role: str
    where: str
    first_day: str
    last_day: str


def write(path: Path, session: Session, rows: Sequence[Effect], part: Part, actor: Actor, texts: Texts) -> None:
    """Write a line for each right that somebody of ``part`` would gain or lose, with the event that the list was taken
    out.

    People of one name are told apart by their organisation. A protected person is left out unless the reader may know
    everywhere where they are. Raises ``OSError`` when the file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_text.BOM + csv_text.written([HEADER]))
        for start in range(0, len(rows), BATCH):
            file.write(csv_text.written(_lines(session, rows[start : start + BATCH], part, texts)))
    log.write(session, "person:list:exported", actor, envelope={"list": "effects", "filters": {}})


def _lines(session: Session, rows: Sequence[Effect], part: Part, texts: Texts) -> Iterator[EffectCells]:
    persons = {row.person_id for row in rows}
    query = select(Person.id).where(Person.id.in_(persons), part.shows(Person.id))
    if part.codes is None or not part.codes.everything:
        query = query.where(~is_protected(Person.id))
    here = set(session.scalars(query))
    shown, roles = profiles(session, here), listing.role_names(session, {row.role_id for row in rows})
    places = {row.organisation_id for row in rows} | {row.scope_id for row in rows}
    names = {
        one.id: one.name(texts.language)
        for one in session.scalars(select(Organisation).where(Organisation.id.in_(places)))
    }
    for row in rows:
        if row.person_id in here:
            # What the declaration itself would make has no name yet.
            role = roles[row.role_id].said(texts.language) if row.role_id in roles else ""
            yield EffectCells(
                "gains" if row.gains else "loses",
                shown.get(row.person_id, Profile()).display_name,
                names.get(row.organisation_id, ""),
                role,
                names.get(row.scope_id, ""),
                texts.first_day(row.valid_from),
                texts.day(row.valid_to),
            )
