"""Twenty rows of a source at /admin/sources/KEY/sample, as they stand in the other system, identity codes covered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response

from admin_ui.feeds.making.changing import above, source_here
from admin_ui.feeds.matching_table import KINDS
from admin_ui.feeds.sources import SECTION
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from connectors.contract import ConnectorError
from connectors.problem import Problem
from connectors.records import Sample
from iam.access.administration import may_touch
from iam.audit import log
from iam.directory.source import Source
from iam.errors import Invalid, NotFound
from iam.sources import configured
from iam.sources.making import choices, sample
from iam.sources.making.choices import Thing
from iam.web import context, guard


@blueprint.get("/sources/<key>/sample")
@guard.requires("sources.write")
def show_sample(key: str) -> Response:
    """Show some rows of a source, to whoever may see the persons of its owner."""
    source = with_persons(source_here(key))
    samples, problems = read_now(source, sample.ROWS)
    source = source_here(key)
    if not knows_protected(source):
        samples = [sample.openly(context.db(), context.vault(), source, one) for one in samples]
    found = choices.things(source) if samples else []
    codes = coded(found, choices.suggestions(found, samples))
    shown = [(words.word(KINDS, one.kind), sample.masked(one, codes)) for one in samples]
    rows = sum(len(one.rows) for one in samples)
    envelope = {"source": key, "rows": rows}
    log.write(context.db(), "source:sample:seen", context.actor(), organisation_id=source.owner_id, envelope=envelope)
    return frame.render(
        "sources/making/sample.html",
        section=SECTION,
        breadcrumb=above(source),
        source=source,
        samples=shown,
        problems=problems,
    )


def with_persons(source: Source) -> Source:
    """Return the source for whom its rows may be shown; raises ``NotFound`` for who may not see its owner's persons."""
    if not sees_persons(source):
        raise NotFound(Problem("There is no such source, or it is outside your part."))
    return source


def sees_persons(source: Source) -> bool:
    """Whether whoever asks may see the persons of whom the source tells."""
    part = frame.part_of("persons.read")
    return bool(part) and may_touch(context.db(), part, source.owner_id)


def knows_protected(source: Source) -> bool:
    """Whether whoever asks may know that somebody protected is where the source speaks."""
    part = frame.part_of("persons.code")
    return bool(part) and may_touch(context.db(), part, source.owner_id)


def read_now(source: Source, rows: int) -> tuple[list[Sample], list[str]]:
    """Return rows of a source as they are now, or why there are none; no transaction is open meanwhile."""
    session, texts = context.db(), context.texts()
    try:
        connector = configured.connector_of(source)
        session.commit()
        return sample.taken(connector, rows), []
    except ConnectorError as error:
        return [], [texts.sentence(error.problem)]
    except Invalid as error:
        return [], [texts.sentence(problem) for problem in error.problems]


def coded(found: Sequence[Thing], suggested: dict[str, Any]) -> set[str]:
    """Return the columns that hold identity codes, as they are matched or would be."""
    return {one.column or suggested.get(one.name, "") for one in found if one.about == "identity-code"}
