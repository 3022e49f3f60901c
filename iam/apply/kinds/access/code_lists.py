"""Named lists of occupations, for the rules of their owner and of what is under it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.commands import catalogue
from iam.access.derivation import of_definitions
from iam.access.model.rule import CodeList as CodeListRow, CodeListOwner
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, one_each
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import Row, plain
from iam.apply.kind import Kind
from iam.apply.schema.item import Codes, Item, Key, Names
from iam.lifecycle.organisations.tree import Place


class CodeList(Item):
    """A named list of occupation codes, for rules of its owner and of what is under it. Where the name is not stated it
    stays as it is; its key stands for one that has none."""

    key: Key
    name: Names | None = None
    owner: Key | None = None
    codes: Codes


def _shape(item: CodeList) -> Shape:
    """Return the shape of a code list; without a stated owner it is completed when it is checked."""
    named = {"name": item.name and item.name.model_dump()} if "name" in item.model_fields_set else {}
    return {"owner": item.owner, "codes": item.codes} | named


def _stand(session: Session, state: State, things: Things | None) -> None:
    owners = state.keys("organisation")
    query = select(CodeListRow.key, CodeListRow.code, CodeListOwner.owner_id, CodeListOwner.name).order_by(
        CodeListRow.key, CodeListRow.code
    )
    for key, code, owner_id, name in session.execute(
        query.outerjoin(CodeListOwner, CodeListOwner.key == CodeListRow.key)
    ):
        shape: Shape = {"name": name, "owner": owner_id and owners[owner_id], "codes": []}
        state.shapes["code list"].setdefault(key, shape)["codes"].append(code)


def _check(draft: Draft) -> None:
    """Check the owners of code lists; without one a list keeps its own, and a new one gets the root where there is only
    one."""
    roots = [key for key, id_ in draft.organisations.items() if id_ in draft.tree and _is_root(draft.tree[id_])]
    for key, one in draft.stated("code list").items():
        item, where = one.items[0]
        if item.owner is not None:
            draft.organisation(item.owner, where.at("owner"))
            continue
        standing = draft.standing("code list").get(key)
        one.shape["owner"] = standing["owner"] if standing else roots[0] if len(roots) == 1 else None
        if one.shape["owner"] is None and "organisations" not in draft.declaration.broken:
            draft.wrong(
                where.at("owner"),
                "The owner is missing.",
                "State the organisation whose rules, and those under it, use this list.",
            )


def _is_root(places: list[Place]) -> bool:
    return any(place.parent_id is None for place in places)


def _write(writing: Writing) -> None:
    lists, ids = writing.all("code list"), writing.draft.organisations
    catalogue.write_code_lists(writing.session, {key: shape["codes"] for key, shape in lists})
    standing = writing.draft.standing("code list")
    names = {key: (standing.get(key, {}) | shape).get("name") for key, shape in lists}
    catalogue.own_code_lists(writing.session, {key: ids[shape["owner"]] for key, shape in lists}, names)


def _export(session: Session, state: State) -> Iterator[Row]:
    return ({"key": key} | plain(shape) for key, shape in state.shapes["code list"].items())


def _readers(writing: Writing) -> set[UUID]:
    return of_definitions.of_lists(writing.session, [key for key, _ in writing.all("code list")])


KIND = Kind(
    name="code list",
    section="code_lists",
    model=CodeList,
    declare=one_each("code list", "key", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    guarded=True,
    derives="by some rules",
    derived_by=frozenset({"owner", "codes"}),
    rules=_readers,
)
