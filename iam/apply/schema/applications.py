"""What relies on us: applications, their roles and their clients."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import Annotated, Any, Literal, Self, get_origin

from pydantic import Field, SecretStr, StringConstraints, create_model, model_validator

from iam.apply.schema.item import Item, Key, Keys, Names, Rights, Sorted, one_of
from iam.oidc.clients.write import default_scope
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.fields.field import Field as ClientField
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
