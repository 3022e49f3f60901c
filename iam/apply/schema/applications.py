"""What relies on us: applications, their roles and their clients."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import SecretStr, StringConstraints, model_validator

from iam.apply.schema.item import Item, Key, Keys, Names, Rights, Sorted, one_of
from iam.oidc.clients.write import default_scope
from iam.signin.factors import levels


class Role(Item):
    """A role of an application: a data group and an operation each, and the roles it includes; who may hand it out."""

    key: Key
    enforcement: Literal["at use", "by token", "by push", "by ticket"]
    content: Rights = []
    name: Names
    includes: Keys = []
    sensitive: bool = False
    handed_out: Literal["owner", "enabled", "parts"] | None = None
    retired: bool = False


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


class Application(Item):
    """What relies on us; ``audience`` is its key when not stated."""

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
    roles: list[Role] = []
    clients: list[Client] = []

    @model_validator(mode="after")
    def _filled(self) -> Self:
        self.audience = self.audience or self.key
        return self
