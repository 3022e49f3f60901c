"""Clients of an application: its registrations as a relying party."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import SecretStr, StringConstraints, model_validator
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
from iam.oidc.model import Client as ClientRow
from iam.tokens import secret as secrets

_OWN = "self_registered"
"""Of what stands: whether the client manages its own registration."""


class Client(Item):
    """A registration as a relying party (names of RFC 7591 where they exist)."""

    client_id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
    auth: Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
    secret: SecretStr | None = None
    secret_file: str | None = None
    jwks: dict[str, Any] | None = None
    redirect_uris: Annotated[list[str], Sorted] = []
    post_logout_redirect_uris: Annotated[list[str], Sorted] = []
    grants: Annotated[list[Literal["authorization_code", "refresh_token", "client_credentials"]], Sorted] = [
        "authorization_code"
    ]
    scope: str = ""
    id_token_alg: Literal["RS256", "ES256", "PS256"] = "RS256"  # noqa: S105 - no password
    userinfo_alg: Literal["RS256", "ES256", "PS256"] | None = None
    pkce: Literal["required", "optional"] = "required"
    par_required: bool = False
    legacy_audience: bool = False
    token_format: Literal["jwt", "opaque"] = "jwt"  # noqa: S105 - no password
    resources: Annotated[list[str], Sorted] = []
    jwks_uri: str | None = None
    backchannel_logout_uri: str | None = None
    frontchannel_logout_uri: str | None = None
    mapper: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    retired: bool = False

    @model_validator(mode="after")
    def _filled(self) -> Self:
        self.scope = " ".join(self.scope.split()) or default_scope(self.grants)
        return self


def _shape(item: Client, application_key: str) -> Shape:
    """Return the shape of a client without its secret."""
    return {"application": application_key} | item.model_dump(exclude={"client_id", "secret", "secret_file"})


def _declare(found: Declaration, items: Items) -> None:
    """State the clients of applications."""
    for item, where in items:
        for place, client in enumerate(item.clients):
            found.add("client", client.client_id, _shape(client, item.key), client, where.at("clients", place))


def _stand(session: Session, state: State, things: Things | None) -> None:
    applications = state.keys("application")
    fields = (
        "auth",
        "jwks",
        "redirect_uris",
        "post_logout_redirect_uris",
        "grants",
        "scope",
        "id_token_alg",
        "userinfo_alg",
        "pkce",
        "par_required",
        "legacy_audience",
        "token_format",
        "resources",
        "jwks_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
        "mapper",
        "metadata",
        "retired",
    )
    hashes = registration.secret_hashes(session)
    for row in session.execute(select(ClientRow.__table__).order_by(ClientRow.client_id)):
        told = row._mapping
        shape = {"application": applications[row.application_id]} | {name: told[name] for name in fields}
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
        stated = {name: value for name, value in one.shape.items() if name in Registration.__dataclass_fields__}
        proves = given or (item.auth in SECRET_METHODS and bool(standing and standing["secret"]))
        for problem in problems(Registration(**stated, has_secret=proves)):
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
    named = {name: value for name, value in shape.items() if name not in ("application", "secret", "metadata")}
    row = {
        "id": writing.id_of("client", key),
        "client_id": key,
        "application_id": writing.id_of("application", application),
        "metadata_": shape["metadata"],
    }
    # One that registered itself keeps the sector it then had, and with it the subjects of its people.
    standing = writing.draft.standing("client").get(key)
    sector = {} if standing and standing[_OWN] else {"sector": application}
    return row | sector | named


def exported(state: State, application: str) -> list[Row]:
    """Return the clients of an application as items, but for those that manage their own registration."""
    return [
        {"client_id": name} | live(client | {"application": None, "secret": None, _OWN: None})
        for name, client in state.shapes["client"].items()
        if client["application"] == application and not client[_OWN]
    ]


KIND = Kind(
    name="client",
    section="applications",
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    quiet=frozenset({"secret", "jwks", "metadata"}),
)
