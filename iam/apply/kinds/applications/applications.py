"""Applications that rely on us; their roles and clients are stated within them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.commands import catalogue
from iam.access.derivation import of_definitions
from iam.access.model.role import Application as ApplicationRow, ApplicationEnabled, DataGroup as DataGroupRow
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, one_each
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import Row, live, plain
from iam.apply.kind import Kind
from iam.apply.kinds.applications import clients, roles
from iam.apply.kinds.applications.clients import Client
from iam.apply.kinds.applications.roles import Role
from iam.apply.schema.item import Code, Item, Key, Keys, Names, one_of
from iam.oidc.clients import write as registration
from iam.signin.factors import levels


def _each_once(groups: list[DataGroup]) -> list[DataGroup]:
    if len({one.key for one in groups}) < len(groups):
        raise PydanticCustomError("one_of", "twice", {"allowed": "each data group once"})
    return groups


class DataGroup(Item):
    """What an application calls a group of its data, and what it means."""

    key: Code
    name: Names
    meaning: Names | None = None


class Application(Item):
    """What relies on us; ``audience`` is its key when not stated. ``data_groups`` are all that have a name; where they
    are not stated they stay."""

    key: Key
    owner: Key
    name: Names
    audience: str = ""
    entry: Literal["role", "everyone"] = "role"
    enabled: Keys = []
    notice: Literal["inform", "consent", "none"] = "inform"
    ask_capacity: bool = True
    least_acr: Annotated[str, one_of(*levels.LEVELS)] | None = None
    subject: Literal["pairwise", "public"] = "pairwise"
    retired: bool = False
    data_groups: Annotated[list[DataGroup], AfterValidator(_each_once)] | None = None
    roles: list[Role] = []
    clients: list[Client] = []

    @model_validator(mode="after")
    def _filled(self) -> Self:
        self.audience = self.audience or self.key
        return self


def _shape(item: Application) -> Shape:
    """Return the shape of an application without its roles and clients, which have their own."""
    shape = item.model_dump(exclude={"key", "roles", "clients", "data_groups"})
    if item.data_groups is None:
        return shape
    return shape | {"data_groups": {one.key: one.model_dump(exclude={"key"}) for one in item.data_groups}}


def _stand(session: Session, state: State, things: Things | None) -> None:
    owners = state.keys("organisation")
    enabled: dict[UUID, list[str]] = defaultdict(list)
    for application_id, organisation_id in session.execute(
        select(ApplicationEnabled.application_id, ApplicationEnabled.organisation_id)
    ):
        enabled[application_id].append(owners[organisation_id])
    groups: dict[UUID, Shape] = defaultdict(dict)
    for one in session.execute(select(DataGroupRow.__table__).order_by(DataGroupRow.key)):
        groups[one.application_id][one.key] = {"name": one.name, "meaning": one.meaning}
    for row in session.execute(select(ApplicationRow.__table__).order_by(ApplicationRow.key)):
        shape = {
            "owner": owners[row.owner_id],
            "name": row.name,
            "audience": row.audience,
            "entry": row.entry,
            "enabled": sorted(enabled[row.id]),
            "notice": row.notice,
            "ask_capacity": row.ask_capacity,
            "subject": row.subject_mode,
            "least_acr": row.least_acr,
            "retired": row.retired,
            "data_groups": groups.get(row.id, {}),
        }
        state.put("application", row.key, row.id, shape)


def _check(draft: Draft) -> None:
    """Check the organisations that applications name."""
    for one in draft.stated("application").values():
        item, where = one.items[0]
        draft.organisation(item.owner, where.at("owner"))
        for key in item.enabled:
            draft.organisation(key, where.at("enabled"))


def _write(writing: Writing) -> None:
    catalogue.add_applications(writing.session, [_row(writing, *one) for one in writing.some("application", "create")])
    catalogue.amend_applications(
        writing.session, [_row(writing, *one) for one in writing.some("application", "change")]
    )
    ids = writing.draft.organisations
    enabled = {
        writing.id_of("application", key): [ids[other] for other in shape["enabled"]]
        for key, shape in writing.all("application")
        if writing.differs("application", key, "enabled")
    }
    catalogue.set_enabled(writing.session, enabled)
    groups = {
        writing.id_of("application", key): shape["data_groups"]
        for key, shape in writing.all("application")
        if "data_groups" in shape and writing.differs("application", key, "data_groups")
    }
    catalogue.set_data_groups(writing.session, groups)
    if writing.all("application"):
        registration.changed(writing.session)


def _row(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    named = {name: value for name, value in shape.items() if name not in ("owner", "enabled", "subject", "data_groups")}
    owner_id = writing.draft.organisations[shape["owner"]]
    return {
        "id": writing.id_of("application", key),
        "key": key,
        "owner_id": owner_id,
        "subject_mode": shape["subject"],
    } | named


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes["application"].items():
        named = [{"key": name, **plain(said)} for name, said in shape["data_groups"].items()]
        of = {"data_groups": named, "roles": roles.exported(state, key), "clients": clients.exported(state, key)}
        yield {"key": key} | live(shape | of)


def _givers(writing: Writing) -> set[UUID]:
    ids = [writing.id_of("application", key) for key, _ in writing.all("application")]
    return of_definitions.of_applications(writing.session, ids)


KIND = Kind(
    name="application",
    section="applications",
    model=Application,
    declare=one_each("application", "key", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    guarded=True,
    derives="by some rules",
    derived_by=frozenset({"owner", "enabled", "retired"}),
    rules=_givers,
)
