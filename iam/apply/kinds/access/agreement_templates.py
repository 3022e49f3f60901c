"""Templates of agreements: places of their parties, and what is allowed between places; they give nobody anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model import agreement_templates as templates
from iam.access.model.agreement import AgreementTemplate as TemplateRow
from iam.access.model.agreement_templates import TemplateBody, TemplateClause, TemplatePlace
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, one_each
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape, names, right_parts
from iam.apply.declared.written import Row, plain
from iam.apply.kind import Kind
from iam.apply.kinds.access.agreements import Notice
from iam.apply.schema.item import Code, Item, Key, Names, Rights, Text, Worded

_KIND = "agreement template"
_BODY = ("purpose", "legal_basis", "competence", "supervision", "all_sign")


class Place(Item):
    """Where one or more legal entities stand as parties of an agreement that is made by the template."""

    key: Key
    name: Names
    role: Text = "controller"


class PlacedClause(Item):
    """What each entity of one place allows people of each of another, by occupation."""

    grantor: Key
    grantee: Key
    with_descendants: bool = True
    relationship: Code | None = None
    allows: Annotated[dict[Code, Rights], Field(min_length=1)]


class AgreementTemplate(Item):
    """What agreements of one kind say before anybody is named."""

    key: Key
    owner: Key
    name: Names
    places: Annotated[list[Place], Field(min_length=2)]
    purpose: Worded
    legal_basis: Annotated[dict[str, Any], Field(min_length=1)]
    competence: Text | None = None
    notice: Notice | None = None
    supervision: Text | None = None
    all_sign: bool = False
    clauses: list[PlacedClause] = []


def _shape(item: AgreementTemplate) -> Shape:
    """Return the shape of a template; places keep their order, in which they are asked for."""
    return {
        "owner": item.owner,
        "name": names(item.name),
        "places": [TemplatePlace(one.key, one.name.model_dump(), one.role) for one in item.places],
        **{name: getattr(item, name) for name in _BODY},
        "purpose": item.purpose.said(),
        "notice": (item.notice.months, item.notice.days) if item.notice is not None else (None, None),
        "clauses": [_clause_shape(one) for one in item.clauses],
    }


def _clause_shape(item: PlacedClause) -> TemplateClause:
    content = tuple(sorted((who, *right_parts(right)) for who, rights in item.allows.items() for right in rights))
    return TemplateClause(item.grantor, item.grantee, item.with_descendants, item.relationship, content)


def _stand(session: Session, state: State, things: Things | None) -> None:
    owners = state.keys("organisation")
    for row in session.execute(select(TemplateRow.__table__).order_by(TemplateRow.key)):
        body = TemplateBody.read(row.body)
        shape = {
            "owner": owners[row.owner_id],
            "name": {"fi": row.name_fi, "sv": row.name_sv, "en": row.name_en},
            "places": list(body.places),
            **{name: getattr(body, name) for name in _BODY},
            "notice": (body.notice_months, body.notice_days),
            "clauses": list(body.clauses),
        }
        state.put(_KIND, row.key, row.id, shape)


def _check(draft: Draft) -> None:
    """Check owners, and that clauses are between two places of the template; a use that no role has is doubted."""
    stated = draft.stated(_KIND)
    known = {use for shape in draft.overlaid("role").values() for use in shape["content"]} if stated else set()
    for key, one in stated.items():
        item, where = one.items[0]
        draft.organisation(item.owner, where.at("owner"))
        _check_places(draft, item, where)
        for n, clause in enumerate(item.clauses):
            here = where.at("clauses", n, "allows")
            unknown = {use for uses in clause.allows.values() for use in uses} - known
            draft.doubts += [(_KIND, key, _doubt(key, use, here)) for use in sorted(unknown)]


def _check_places(draft: Draft, item: AgreementTemplate, where: Where) -> None:
    named: set[str] = set()
    for n, place in enumerate(item.places):
        if place.key in named:
            draft.wrong(where.at("places", n, "key"), "This place is named twice.", "Name it once.")
        named.add(place.key)
    for n, clause in enumerate(item.clauses):
        here = where.at("clauses", n)
        for side in ("grantor", "grantee"):
            if getattr(clause, side) not in named:
                draft.wrong(
                    here.at(side), "This is no place of the template.", "Name one of its places, or add it to them."
                )
        if clause.grantor == clause.grantee:
            draft.wrong(here.at("grantee"), "This clause gives a place what it has.", "Name another grantee.")


def _doubt(key: str, use: str, where: Where) -> Any:
    return where.problem("%(key)s names %(use)s, which no role has.", "Check its spelling.", key=key, use=use)


def _write(writing: Writing) -> None:
    templates.add(writing.session, [_row(writing, *one) for one in writing.some(_KIND, "create")])
    templates.amend(writing.session, [_row(writing, *one) for one in writing.some(_KIND, "change")])


def _row(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    months, days = shape["notice"]
    body = TemplateBody(
        places=tuple(shape["places"]),
        notice_months=months,
        notice_days=days,
        clauses=tuple(shape["clauses"]),
        **{name: shape[name] for name in _BODY},
    )
    return {
        "id": writing.id_of(_KIND, key),
        "key": key,
        "owner_id": writing.draft.organisations[shape["owner"]],
        "body": body.stored(),
    } | {f"name_{language}": name for language, name in shape["name"].items()}


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes[_KIND].items():
        months, days = shape["notice"]
        yield (
            {"key": key, "owner": shape["owner"], "name": shape["name"]}
            | {"places": [{"key": one.key, "name": one.names, "role": one.role} for one in shape["places"]]}
            | plain({name: shape[name] or None for name in _BODY} | {"notice": plain({"months": months, "days": days})})
            | {"clauses": [_written(one) for one in shape["clauses"]]}
        )


def _written(clause: TemplateClause) -> Row:
    sides = {"grantor": clause.grantor, "grantee": clause.grantee, "with_descendants": clause.with_descendants}
    return sides | plain({"relationship": clause.relationship_kind}) | {"allows": clause.allows}


KIND = Kind(
    name=_KIND,
    section="agreement_templates",
    model=AgreementTemplate,
    declare=one_each(_KIND, "key", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    parts={
        "places": ("key", "name", "role"),
        "clauses": ("grantor", "grantee", "with_descendants", "relationship", "allows"),
    },
)
