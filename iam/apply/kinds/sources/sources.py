"""Sources: inbound systems that state facts of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from connectors import registry
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, one_each
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import Row, plain
from iam.apply.kind import Kind
from iam.apply.kinds.sources import listeners, settings
from iam.apply.schema.item import Item
from iam.directory.source import Source as SourceRow
from iam.signin.accounts import ending
from iam.signin.federation import reach
from iam.sources.making import hidden
from iam.sources.making.said import FIELDS, SourceSaid


class Source(SourceSaid, Item):
    """An inbound system, as a file states it."""


def _shape(item: Source) -> Shape:
    """Return the shape of a source."""
    return item.model_dump(exclude={"key"})


def _stand(session: Session, state: State, things: Things | None) -> None:
    owners = state.keys("organisation")
    for row in session.execute(select(SourceRow.__table__).order_by(SourceRow.key)):
        state.put(
            "source", row.key, row.id, {"owner": owners[row.owner_id]} | {name: getattr(row, name) for name in FIELDS}
        )


def _check(draft: Draft) -> None:
    """Check sources, their settings by their connector; secret settings that are not stated stay as they are."""
    for key, one in draft.stated("source").items():
        item, where = one.items[0]
        draft.organisation(item.owner, where.at("owner"))
        try:
            connector = registry.connector(item.connector)
        except registry.UnknownConnector:
            draft.wrong(
                where.at("connector"),
                "There is no such connector.",
                "Use one of: %(allowed)s.",
                allowed=", ".join(registry.names()),
            )
            continue
        standing, secret = draft.standing("source").get(key), hidden.secret_names(item.connector)
        kept = hidden.alone(standing["settings"], secret) if standing else {}
        settings.check(draft, one, connector, kept, where)
        settings.check_matching(draft, item, where)
    listeners.check(draft)


def _write(writing: Writing) -> None:
    created = [_row(writing, key, shape) for key, shape in writing.some("source", "create")]
    if created:
        writing.session.execute(insert(SourceRow), created)
    changed = [
        _row(writing, key, shape) | ({"scheduled_at": None} if writing.differs("source", key, "schedule") else {})
        for key, shape in writing.some("source", "change")
    ]
    if changed:
        writing.session.execute(update(SourceRow), changed)
    for row in changed:
        if row["disabled"] and writing.differs("source", row["key"], "disabled"):
            ending.end_by(writing.session, writing.actor, "source disabled", reach.of_source(row["id"]))


def _row(writing: Writing, key: str, shape: dict[str, Any]) -> dict[str, Any]:
    owner_id = writing.draft.organisations[shape["owner"]]
    return {"id": writing.id_of("source", key), "key": key, "owner_id": owner_id} | {
        name: value for name, value in shape.items() if name != "owner"
    }


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes["source"].items():
        said = hidden.without(shape["settings"], hidden.secret_names(shape["connector"]))
        yield {"key": key} | plain(shape | {"settings": said, "disabled": shape["disabled"] or None})


KIND = Kind(
    name="source",
    section="sources",
    model=Source,
    declare=one_each("source", "key", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    quiet=frozenset({"settings"}),
    derives="everybody",
    derived_by=frozenset({"owner"}),
)
