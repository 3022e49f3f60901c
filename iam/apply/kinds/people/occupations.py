"""What occupations are called, one name by language for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, one_each
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import Row
from iam.apply.kind import Kind
from iam.apply.schema.item import Code, Item, Names
from iam.directory.occupation import Occupation as OccupationRow
from iam.lifecycle import occupations


class Occupation(Item):
    """What an occupation code is called."""

    code: Code
    name: Names


def _shape(item: Occupation) -> Shape:
    """Return the shape of an occupation."""
    return {"name": item.name.model_dump()}


def _stand(session: Session, state: State, things: Things | None) -> None:
    query = select(OccupationRow.code, OccupationRow.name).order_by(OccupationRow.code)
    state.shapes["occupation"] = {code: {"name": name} for code, name in session.execute(query)}


def _check(draft: Draft) -> None:
    """A name rests on nothing: a code may be named before anybody has it."""


def _write(writing: Writing) -> None:
    occupations.name_occupations(writing.session, {code: shape["name"] for code, shape in writing.all("occupation")})


def _export(session: Session, state: State) -> Iterator[Row]:
    return ({"code": code} | shape for code, shape in state.shapes["occupation"].items())


KIND = Kind(
    name="occupation",
    section="occupations",
    model=Occupation,
    declare=one_each("occupation", "code", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
)
