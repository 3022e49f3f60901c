"""Organisations and where they stand in the tree; what they ask of their people when they sign in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Stated, Things
from iam.apply.declared.shapes import Shape, interval, names
from iam.apply.declared.written import Row, dated, plain
from iam.apply.kind import Kind
from iam.apply.kinds.tree import sign_in_policies
from iam.apply.kinds.tree.sign_in_policies import SecondFactor, Sessions
from iam.apply.schema.item import Dated, Key, Names, one_of
from iam.directory.organisation import KINDS, Organisation as OrganisationRow
from iam.lifecycle.organisations import commands as organisations
from iam.lifecycle.organisations.commands import fault_problem
from iam.lifecycle.organisations.tree import Place, joined, settle
from iam.signin.accounts import session_policy, username, username_rules
from iam.signin.factors import policy


class Organisation(Dated):
    """An organisation and one place of it; one that moves is stated once for each place, the rest of it once.

    ``usernames``: by kind of affiliation, and for guardians, which usernames people get; what is not stated stays as it
    is, for a page says it too. ``keep_sources`` false: a source that states facts there and does not reach the new
    place is not opened to it for a while.
    """

    key: Key
    kind: Annotated[str, one_of(*KINDS)] | None = None
    parent: Key | None = None
    name: Names | None = None
    oph_oid: str | None = None
    school_code: str | None = None
    business_id: str | None = None
    legal_entity: bool = False
    second_factor: SecondFactor | None = None
    sessions: Sessions | None = None
    usernames: dict[Annotated[str, one_of(*username.KINDS)], Annotated[str, one_of(*username.FORMS)]] | None = None
    keep_sources: bool = True


_ATTRIBUTES = ("kind", "name", "oph_oid", "school_code", "business_id", "second_factor", "sessions", "usernames")
"""What is said of an organisation once, however many places it has."""
_RIGHTS = frozenset({"kind", "places"})
"""What rights follow from."""


def _declare(found: Declaration, items: Items) -> None:
    """Bring the items of an organisation together."""
    for item, where in items:
        found.merge("organisation", item.key, item, where)
    for key, stated in found["organisation"].items():
        stated.shape = _attributes(found, key, stated)


def _attributes(found: Declaration, key: str, stated: Stated) -> Shape:
    """Bring the attributes of an organisation's items together; kind and name must be in one of them."""
    shape: Shape = {}
    for name in _ATTRIBUTES:
        given = [(getattr(item, name), where) for item, where in stated.items if getattr(item, name) is not None]
        shape[name] = given[0][0] if given else None
        for value, where in given[1:]:
            if value != shape[name]:
                found.problems.append(
                    where.at(name).problem("This differs from what is stated elsewhere.", "State it once.")
                )
        if not given and name in ("kind", "name"):
            found.problems.append(stated.where.at(name).problem("This is missing.", "State it."))
    shape["name"] = names(shape["name"])
    for name in ("second_factor", "sessions"):
        shape[name] = shape[name] and shape[name].model_dump()
    if shape["usernames"] is None:
        # A page says it too, and must not be overruled by files that know nothing of it.
        del shape["usernames"]
    return shape


def _stand(session: Session, state: State, things: Things | None) -> None:
    rows = session.execute(select(OrganisationRow.__table__).order_by(OrganisationRow.key)).all()
    state.ids["organisation"] = {row.key: row.id for row in rows}
    state.tree = organisations.places(session)
    keys, asking, limits = state.keys("organisation"), policy.asking(session), session_policy.stated(session)
    stated_names = username_rules.stated(session)
    for row in rows:
        state.shapes["organisation"][row.key] = {
            "kind": row.kind,
            "name": {"fi": row.name_fi, "sv": row.name_sv, "en": row.name_en},
            "oph_oid": row.oph_oid,
            "school_code": row.school_code,
            "business_id": row.business_id,
            "places": _place_shapes(state.tree.get(row.id, []), keys),
            "second_factor": {"remember_days": asking[row.id]} if row.id in asking else None,
            "sessions": dict(zip(("idle_minutes", "hours"), limits[row.id], strict=True)) if row.id in limits else None,
            "usernames": stated_names.get(row.id, {}),
        }


def _place_shapes(places: list[Place], keys: dict[UUID, str]) -> list[tuple[Any, ...]]:
    """Return an organisation's places as parent, whether it is its own legal entity, start and end."""
    return [
        (place.parent_id and keys.get(place.parent_id), place.own_entity, place.valid_from, place.valid_to)
        for place in places
    ]


def _check(draft: Draft) -> None:
    """Check the tree as it will be, and complete each organisation's places."""
    stated = draft.stated("organisation")
    places = {draft.organisations[key]: joined(_places(draft, key, one)) for key, one in stated.items()}
    draft.tree = draft.state.tree | places
    keys = {id_: key for key, id_ in draft.organisations.items()}
    for key, one in stated.items():
        one.shape["places"] = _place_shapes(places[draft.organisations[key]], keys)
    if stated:
        _faults(draft, keys)
        _official_ids(draft)


def _places(draft: Draft, key: str, stated: Stated) -> list[Place]:
    found = []
    for item, where in stated.items:
        parent_id = draft.organisation(item.parent, where.at("parent"))
        start, end = interval(item)
        if start < end and (item.parent is None) == (parent_id is None):
            found.append(Place(draft.organisations[key], parent_id, item.legal_entity, start, end))
    return found


def _faults(draft: Draft, keys: dict[UUID, str]) -> None:
    if draft.problems or draft.declaration.problems:
        # With a place missing, every organisation under it would seem to hang in the air.
        return
    _, faults = settle(draft.tree)
    for fault in faults:
        key = keys[fault.organisation_id]
        one = draft.stated("organisation").get(key) or next(iter(draft.stated("organisation").values()))
        where = next((where for item, where in one.items if interval(item)[0] == fault.at), one.where)
        problem = fault_problem(fault, key)
        draft.wrong(where, problem.message, problem.remedy, **problem.params)


def _official_ids(draft: Draft) -> None:
    holders = {shape["oph_oid"]: key for key, shape in draft.standing("organisation").items() if shape["oph_oid"]}
    for key, one in draft.stated("organisation").items():
        oid = one.shape["oph_oid"]
        if oid is not None and holders.setdefault(oid, key) != key:
            draft.wrong(
                one.where.at("oph_oid"),
                "This number is that of %(key)s.",
                "Each organisation has its own.",
                key=holders[oid],
            )


def _write(writing: Writing) -> None:
    organisations.add(writing.session, [_row(writing, *one) for one in writing.some("organisation", "create")])
    organisations.amend(writing.session, [_row(writing, *one) for one in writing.some("organisation", "change")])
    sign_in_policies.write(writing)
    ids = writing.draft.organisations
    stated = {ids[key]: writing.draft.tree[ids[key]] for key, _ in writing.all("organisation")}
    if stated:
        organisations.write_places(writing.session, writing.change, stated)
        anew = (key for key, _ in writing.all("organisation") if writing.differs("organisation", key, *_RIGHTS))
        writing.placed.update(ids[key] for key in anew)


def _row(writing: Writing, key: str, shape: dict[str, Any]) -> dict[str, Any]:
    names = {f"name_{language}": name for language, name in shape["name"].items()}
    codes = {name: shape[name] for name in ("kind", "oph_oid", "school_code", "business_id")}
    return {"id": writing.draft.organisations[key], "key": key} | names | codes


def _export(session: Session, state: State) -> Iterator[Row]:
    """Yield each organisation, parents before children as far as the first places go, with one item for each place."""
    for key in _parents_first(state.shapes["organisation"]):
        shape = state.shapes["organisation"][key]
        said = plain({name: value for name, value in shape.items() if name != "places"})
        if "sessions" in said:
            said["sessions"] = plain(said["sessions"])
        for parent, own, start, end in shape["places"]:
            place = (
                {"key": key, "kind": said.pop("kind", None), "parent": parent} | said | {"legal_entity": own or None}
            )
            yield plain(place) | dated(start, end)
            said = {}


def _parents_first(shapes: Mapping[str, Shape]) -> list[str]:
    ordered: dict[str, None] = {}

    def put(key: str, above: frozenset[str]) -> None:
        if key in ordered or key in above:
            return
        for parent, *_ in shapes[key]["places"]:
            if parent is not None:
                put(parent, above | {key})
        ordered[key] = None

    for key in shapes:
        put(key, frozenset())
    return list(ordered)


KIND = Kind(
    name="organisation",
    section="organisations",
    model=Organisation,
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    ends=sign_in_policies.ended,
    parts={"places": ("parent", "legal_entity", "dates")},
    guarded=True,
    derives="those placed",
    derived_by=_RIGHTS,
)
