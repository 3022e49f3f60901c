"""The items of a declaration as they are written, one model a kind; unknown settings are errors, values never shown in them.

Lists whose order means nothing are kept sorted, so that two declarations of the same thing are equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from iam.access.administration import PERMISSIONS
from iam.apply.moments import Day, Moment
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.directory.organisation import KINDS as ORGANISATION_KINDS
from iam.oidc.registration import default_scope
from iam.signin import levels


def one_of(*names: str) -> AfterValidator:
    """Return the check that a text is one of ``names``."""

    def check(value: str) -> str:
        if value not in names:
            raise PydanticCustomError("one_of", "unknown value", {"allowed": ", ".join(names)})
        return value

    return AfterValidator(check)


def _sorted(values: Iterable[str]) -> list[str]:
    return sorted(set(values))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("no_zone", "unknown zone") from None
    return value


Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(pattern=r"^[^\s:@]{1,100}$")]
Right = Annotated[str, StringConstraints(pattern=r"^[^\s:@]{1,100}:[^\s:@]{1,100}$")]
Login = Annotated[str, StringConstraints(pattern=r"^\S{1,200}$")]
Keys = Annotated[list[Key], AfterValidator(_sorted)]
Codes = Annotated[list[Code], AfterValidator(_sorted)]
Rights = Annotated[list[Right], AfterValidator(_sorted)]
Logins = Annotated[list[Login], AfterValidator(_sorted)]


class Item(BaseModel):
    """Base of everything that can be stated."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, populate_by_name=True, strict=False)


class Names(Item):
    """A name in Finnish, and in Swedish and English where they differ."""

    fi: Text
    sv: Text = ""
    en: Text = ""

    @model_validator(mode="after")
    def _filled(self) -> Self:
        self.sv, self.en = self.sv or self.fi, self.en or self.fi
        return self


class Dated(Item):
    """Something that holds from a day to a last day."""

    from_: Moment = Field(None, alias="from")
    to: Moment = None


class SecondFactor(Item):
    """An organisation asks its people for a second factor, again on a device of their own after so many days (0: at every sign-in)."""

    remember_days: Annotated[int, Field(ge=0, le=365)] = 0


class Organisation(Dated):
    """An organisation and one place of it; one that moves is stated once for each place, the rest of it once."""

    key: Key
    kind: Annotated[str, one_of(*ORGANISATION_KINDS)] | None = None
    parent: Key | None = None
    name: Names | None = None
    oph_oid: str | None = None
    school_code: str | None = None
    business_id: str | None = None
    legal_entity: bool = False
    second_factor: SecondFactor | None = None


class Relation(Dated):
    """A relation besides the tree."""

    organisation: Key
    kind: Literal["covers", "owns", "continues"]
    other: Key


class CodeList(Item):
    """A named list of occupation codes."""

    key: Key
    codes: Codes


class Role(Item):
    """A role of an application: a data group and an operation each, and the roles it includes."""

    key: Key
    enforcement: Literal["at use", "by token", "by push", "by ticket"]
    content: Rights = []
    name: Names
    includes: Keys = []
    retired: bool = False


class Client(Item):
    """A registration as a relying party (names of RFC 7591 where they exist)."""

    client_id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
    auth: Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
    secret: SecretStr | None = None
    secret_file: str | None = None
    jwks: dict[str, Any] | None = None
    redirect_uris: Annotated[list[str], AfterValidator(_sorted)] = []
    post_logout_redirect_uris: Annotated[list[str], AfterValidator(_sorted)] = []
    grants: Annotated[
        list[Literal["authorization_code", "refresh_token", "client_credentials"]], AfterValidator(_sorted)
    ] = ["authorization_code"]
    scope: str = ""
    id_token_alg: Literal["RS256", "ES256", "PS256"] = "RS256"  # noqa: S105 - no password
    userinfo_alg: Literal["RS256", "ES256", "PS256"] | None = None
    pkce: Literal["required", "optional"] = "required"
    par_required: bool = False
    legacy_audience: bool = False
    token_format: Literal["jwt", "opaque"] = "jwt"  # noqa: S105 - no password
    resources: Annotated[list[str], AfterValidator(_sorted)] = []
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


class Rule(Item):
    """A rule: its pattern is what it binds, subtracts and gives; ``retired`` withdraws it."""

    rule: Key
    owner: Key
    bind: dict[str, Any]
    unless: dict[str, Any] | None = None
    gives: dict[str, Any]
    retired: bool = False

    @property
    def pattern(self) -> dict[str, Any]:
        """The pattern as it is stored."""
        unless = {} if self.unless is None else {"unless": self.unless}
        return {"bind": self.bind, **unless, "gives": self.gives}


class Decision(Item):
    """Who decided on an agreement, when and in which section of the minutes."""

    body: Text
    date: Day
    section: int | None = None


class Party(Item):
    """A legal entity that is a party; not signed, it keeps the agreement from being in force."""

    entity: Key
    role: Text = "controller"
    signed: Day = None


class Scope(Item):
    """Where a clause holds."""

    organisation: Key
    with_descendants: bool = True


class Clause(Dated):
    """What people of the grantee, by occupation, may do with the grantor's data."""

    grantor: Key
    grantee: Key
    scope: Scope
    allows: dict[Code, Rights]
    relationship: Code | None = None


class Agreement(Item):
    """An agreement between legal entities. Its clauses are its content: one that is left out or altered is closed."""

    key: Key
    case_number: Text
    decided: Decision
    parties: Annotated[list[Party], Field(min_length=2)]
    in_force: Dated
    purpose: Text
    legal_basis: dict[str, Any]
    clauses: list[Clause] = []


class Source(Item):
    """An inbound system; ``settings`` are its connector's own."""

    key: Key
    connector: str
    owner: Key
    purpose: Text
    priority: Annotated[int, Field(ge=1, le=1000)] = 100
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Helsinki"
    settings: dict[str, Any] = {}
    matching: dict[str, Any] | None = None
    correlate: list[str] = []
    keep_good_rows: bool = True
    missing_hours: Annotated[int, Field(ge=0, le=24 * 365)] = 20


class Recognised(Item):
    """How an account at a connection is recognised at its first sign-in: a claim's value among identifiers of a kind and issuer."""

    claim: Code
    kind: Code
    issuer: str = ""


class Connection(Item):
    """An upstream OpenID provider; logins of its ``domains`` are sent there, and people on the way to its ``applications``."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    name: Names
    issuer: Text
    client_id: Text
    secret: SecretStr | None = None
    secret_file: str | None = None
    scope: Annotated[str, StringConstraints(pattern=r"^(.* )?openid( .*)?$")] = "openid profile"
    domains: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]], AfterValidator(_sorted)
    ] = []
    applications: dict[Key, Literal["first", "only"]] = {}
    identifier: Recognised | None = None
    retired: bool = False


class Affiliation(Dated):
    """A local person's affiliation; the first of a person's list is the primary one."""

    organisation: Key
    kind: Annotated[str, one_of(*AFFILIATION_KINDS)]
    occupation: Code | None = None
    title: Text | None = None


class Person(Item):
    """A local person with a login and a first password, which is never written over."""

    login: Login
    given_names: Text
    family_name: Text
    email: Text | None = None
    password: SecretStr | None = None
    password_file: str | None = None
    affiliations: list[Affiliation] = []


class Named(Item):
    """Somebody by an identifier."""

    identifier: Code
    issuer: str = ""
    value: Text


class Account(Item):
    """A login for somebody whom a source brought."""

    login: Login
    person: Named
    password: SecretStr | None = None
    password_file: str | None = None
    directory: Key | None = None
    when_present: bool = False


class Group(Item):
    """A local group and who is in it."""

    key: Key
    organisation: Key
    name: Text
    members: Logins = []


class Administrator(Dated):
    """What somebody may administer in a part of the tree; a permission that is left out ends."""

    login: Login
    organisation: Key
    permissions: Annotated[list[Annotated[str, one_of(*PERMISSIONS)]], AfterValidator(_sorted), Field(min_length=1)]


KINDS: dict[str, type[Item]] = {
    "organisations": Organisation,
    "relations": Relation,
    "code_lists": CodeList,
    "sources": Source,
    "connections": Connection,
    "applications": Application,
    "persons": Person,
    "accounts": Account,
    "groups": Group,
    "administrators": Administrator,
    "agreements": Agreement,
    "rules": Rule,
}
"""The top-level keys, in the order in which they are written."""
