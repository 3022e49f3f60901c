"""Clients of an application: its registrations as a relying party."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import Annotated, Any, Self, get_origin

from pydantic import Field, SecretStr, StringConstraints, create_model, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Stated, Things
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import Row, live
from iam.apply.kind import Kind
from iam.apply.schema.item import Item, Sorted
from iam.oidc.clients import write as registration
from iam.oidc.clients.registered import ADMIN
from iam.oidc.clients.rules import SECRET_METHODS, Registration, problems
from iam.oidc.clients.write import default_scope
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.fields.field import Field as ClientField
from iam.oidc.model import Client as ClientRow
from iam.tokens import secret as secrets

_OWN = "self_registered"
"""Of what stands: whether the client manages its own registration."""


def _setting(field: ClientField) -> Any:
    """Return a setting of a client as pydantic takes it: its type, and its default with what it means."""
    type_ = field.values.annotation
    if get_origin(type_) is list:
        type_ = Annotated[type_, Sorted]
    if field.required:
        return type_, Field(description=field.words)
    usual = Field(default_factory=partial(deepcopy, field.default), description=field.words)
    return (type_ if field.default is not None else type_ | None), usual


DECLARED = {name: field for name, field in COLUMNS.items() if field.by_declaration}
"""The settings of a client that a declaration states, by their names there and in the table."""
_ONCE_MEMBERS = {name for name, field in DECLARED.items() if field.once_member}


class ClientIdentity(Item):
    """What a client is known and believed by."""

    client_id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")] = Field(
        description="its id, for good"
    )
    secret: SecretStr | None = Field(None, description="its secret, at least 32 characters; kept as a hash")
    secret_file: str | None = Field(None, description="the secret in a file beside this one, instead")
    secret_on_page: bool = Field(
        False, description="a new client has no secret yet and is given one on its page, as an export says (no)"
    )


_NO_SHAPE = set(ClientIdentity.model_fields)
_Stated = create_model("_Stated", __base__=ClientIdentity, **{name: _setting(one) for name, one in DECLARED.items()})


class Client(_Stated):
    """A registration as a relying party, with the settings that ``iam.oidc.fields.columns`` describes."""

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, given: Any) -> Any:
        """Read settings where they were stated before they had a column; what is stated twice is left there, to be
        refused."""
        metadata = given.get("metadata") if isinstance(given, dict) else None
        if not isinstance(metadata, dict):
            return given
        moved = {name: metadata[name] for name in _ONCE_MEMBERS & metadata.keys() - given.keys()}
        moved = {name: value for name, value in moved.items() if value is not None}
        rest = {name: value for name, value in metadata.items() if name not in moved}
        return {**given, **moved, "metadata": rest}

    @model_validator(mode="after")
    def _filled(self) -> Self:
        stated: Any = self  # the settings come from the descriptions, which a type checker does not read
        stated.scope = " ".join(stated.scope.split()) or default_scope(stated.grants)
        return self


def _shape(item: Client, application_key: str) -> Shape:
    """Return the shape of a client without its secret."""
    return {"application": application_key} | item.model_dump(exclude=_NO_SHAPE)


def _declare(found: Declaration, items: Items) -> None:
    """State the clients of applications."""
    for item, where in items:
        for place, client in enumerate(item.clients):
            found.add("client", client.client_id, _shape(client, item.key), client, where.at("clients", place))


def _stand(session: Session, state: State, things: Things | None) -> None:
    applications = state.keys("application")
    hashes = registration.secret_hashes(session)
    for row in session.execute(select(ClientRow.__table__).order_by(ClientRow.client_id)):
        told = row._mapping
        shape = {"application": applications[row.application_id]} | {name: told[name] for name in DECLARED}
        shape |= {"secret": hashes.get(row.client_id, set()), _OWN: row.management_hash is not None}
        state.put("client", row.client_id, row.id, shape)


def _check(draft: Draft) -> None:
    """Check registrations, and take their secrets as hashes."""
    for client_id, one in draft.stated("client").items():
        item, where = one.items[0]
        standing = draft.standing("client").get(client_id)
        if client_id == ADMIN or (standing and standing["application"] != one.shape["application"]):
            draft.wrong(
                where.at("client_id"), "This client belongs to another application.", "Choose another client_id."
            )
        secret = draft.secret(item, "secret", where)
        if secret is not None:
            _secret(draft, one, secret, where)
        given = item.secret is not None or item.secret_file is not None
        has_one = item.secret_on_page or bool(standing and standing["secret"])
        proves = given or (item.auth in SECRET_METHODS and has_one)
        for problem in problems(Registration.of(one.shape, proves)):
            draft.wrong(where.at(problem.field or ""), problem.message, problem.remedy, **problem.params)


def _secret(draft: Draft, one: Stated, secret: str, where: Where) -> None:
    if len(secret) < registration.LEAST_SECRET or len(set(secret)) < 10:
        draft.wrong(
            where.at("secret"),
            "This secret is too easy to guess.",
            "Use at least %(least)s random characters.",
            least=registration.LEAST_SECRET,
        )
    one.shape["secret"] = {secrets.hash_of(secret)}


def _write(writing: Writing) -> None:
    registration.add(writing.session, [_row(writing, *one) for one in writing.some("client", "create")])
    changed = [
        one
        for one in writing.some("client", "change")
        if set(writing.differences[("client", one[0])].fields) != {"secret"}
    ]
    registration.amend(writing.session, [_row(writing, *one) for one in changed])
    hashes = {
        key: hash_
        for key, shape in writing.all("client")
        for hash_ in shape.get("secret", ())
        if writing.differs("client", key, "secret")
    }
    registration.set_secrets(writing.session, hashes)


def _row(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    application = shape["application"]
    named = {field.attribute: shape[name] for name, field in DECLARED.items()}
    row = {
        "id": writing.id_of("client", key),
        "client_id": key,
        "application_id": writing.id_of("application", application),
    }
    # One that registered itself keeps the sector it then had, and with it the subjects of its people.
    standing = writing.draft.standing("client").get(key)
    sector = {} if standing and standing[_OWN] else {"sector": application}
    return row | sector | named


def exported(state: State, application: str) -> list[Row]:
    """Return the clients of an application as items, but for those that manage their own registration."""
    return [
        {"client_id": name, **_secret_elsewhere(client)}
        | live(client | {"application": None, "secret": None, _OWN: None})
        for name, client in state.shapes["client"].items()
        if client["application"] == application and not client[_OWN]
    ]


def _secret_elsewhere(client: Shape) -> Row:
    """An export holds no secret: whoever applies it elsewhere gives a new one there."""
    return {"secret_on_page": True} if client["auth"] in SECRET_METHODS else {}


KIND = Kind(
    name="client",
    section="applications",
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    quiet=frozenset({"secret", "jwks", "metadata"}),
)
