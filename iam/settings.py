"""Settings: environment variables with the prefix ``IAM_``, nested by ``__``; any secret also as ``…_FILE``.

A wrong setting stops the start with its name. ``iam config check`` prints what is in force, secrets masked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

_MODEL = ConfigDict(extra="forbid", hide_input_in_errors=True)

LONGEST_FAMILY = 400 * 86400
"""Seconds: the longest that a refresh family may live by any setting."""


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("must be an https address (http only on localhost)")
    if parts.query or parts.fragment or value.endswith("/"):
        raise ValueError(
            "must have no query, no fragment and no slash at the end (OpenID Connect Discovery 1.0 section 3)"
        )
    return value


def _network(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        raise ValueError("must be IP addresses or networks, as 10.0.0.5 or 10.0.0.0/24") from None


Network = Annotated[str, AfterValidator(_network)]


class Database(BaseModel):
    """Where facts and rights are kept."""

    model_config = _MODEL
    url: SecretStr = Field(
        SecretStr("sqlite:///var/avain.db"), description="SQLAlchemy address; sqlite or postgresql+psycopg."
    )
    pool_size: int = Field(10, ge=1, le=200, description="Connections a process keeps (PostgreSQL).")


class Listen(BaseModel):
    """Where the service listens."""

    model_config = _MODEL
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the pages and the provider.")
    management_port: int = Field(9000, ge=0, le=65535, description="Port of /healthz, /readyz and /metrics.")
    workers: int = Field(1, ge=1, le=64, description="Web processes.")
    threads: int = Field(
        48,
        ge=1,
        le=256,
        description="Threads a web process answers with; up to 40 of them may wait to check a password.",
    )
    proxies: list[Network] = Field(
        [],
        description="Addresses or networks of the proxies before the service, as a JSON "
        "list: who they say is asking is "
        "believed. Without "
        "any, nothing is counted by address.",
    )
    tls_certificate: Path | None = Field(
        None, description="PEM file of the certificate and its chain, to end TLS here; none where a proxy does."
    )
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key, without a passphrase.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("state both tls_certificate and tls_key, or neither")
        return self


class VaultSettings(BaseModel):
    """Keys that seal identity codes, token keys and cookies."""

    model_config = _MODEL
    key_file: Path = Field(
        Path("var/vault.key"), description="File with the key that wraps all others; made when missing."
    )


class Redis(BaseModel):
    """Optional speed: cache invalidation between processes. Nothing is lost when it is gone."""

    model_config = _MODEL
    url: SecretStr | None = Field(None, description="redis:// or rediss:// address; without it SQL does the same work.")


class Tokens(BaseModel):
    """Lifetimes, in seconds."""

    model_config = _MODEL
    access_seconds: int = Field(300, ge=30, le=3600, description="Longest life of an access or ID token.")
    code_seconds: int = Field(60, ge=10, le=60, description="Life of an authorization code.")
    refresh_seconds: int = Field(30 * 86400, ge=300, le=LONGEST_FAMILY, description="Absolute end of a refresh family.")
    session_idle_seconds: int = Field(
        8 * 3600, ge=300, le=30 * 86400, description="A login session ends when unused this long."
    )
    administrator_idle_seconds: int = Field(
        3600,
        ge=300,
        le=30 * 86400,
        description="A login session of somebody with an administrative permission ends when unused this long.",
    )
    session_seconds: int = Field(
        12 * 3600, ge=300, le=90 * 86400, description="A login session ends at the latest after this."
    )
    first_code_seconds: int = Field(1800, ge=300, le=86400, description="Life of a one-time sign-in code.")
    mail_code_seconds: int = Field(
        900, ge=300, le=3600, description="Life of a one-time sign-in code sent by e-mail at a person's own asking."
    )
    letter_code_seconds: int = Field(
        14 * 86400, ge=86400, le=60 * 86400, description="Life of a one-time sign-in code in a printed letter."
    )


class Signin(BaseModel):
    """How surely people must have signed in (``signin.levels`` tells the levels)."""

    model_config = _MODEL
    administrators: str = Field(
        "urn:avain:acr:passkey",
        pattern="^urn:avain:acr:(password|two-factor|passkey)$",
        description=(
            "Least level of sign-in for the administration pages: urn:avain:acr:password, …:two-factor or "
            "…:passkey, the only one that cannot be phished."
        ),
    )
    remember_days: int = Field(
        0,
        ge=0,
        le=365,
        description="Longest time a person's own device need not repeat the second factor; 0: no device is remembered.",
    )
    address_days: int = Field(
        3,
        ge=0,
        le=30,
        description="Days for which a person's new e-mail address gets no one-time code; the old one is told.",
    )
    factor_replace_hours: int = Field(
        24,
        ge=0,
        le=168,
        description=(
            "Hours until a factor that replaces a lost one by a recovery code comes into force; until then the "
            "old one may stop it."
        ),
    )


class Lifecycle(BaseModel):
    """When a person's state changes."""

    model_config = _MODEL
    archive_days: int = Field(90, ge=0, le=3650, description="Days from the last end until a person is archived.")


class Agreements(BaseModel):
    """When those who answer for agreements are told of what is to come."""

    model_config = _MODEL
    remind_days: list[Annotated[int, Field(ge=1, le=3650)]] = Field(
        [90, 30, 7],
        description="Days before an agreement's last day, its review and the last day to give notice by it, on which "
        "those who answer for its parties are told by mail, as a JSON list.",
    )
    remind_people_days: list[Annotated[int, Field(ge=1, le=3650)]] = Field(
        [14, 3],
        description="Days before an agreement's last day on which each person under it is told by mail what of theirs "
        "ends, as a JSON list.",
    )


class Plans(BaseModel):
    """How long what plans hold is kept."""

    model_config = _MODEL
    keep_names_days: int = Field(
        90, ge=8, le=3650, description="Days after a plan until whom it touched is forgotten; its counts stay."
    )
    due_days: int = Field(
        2, ge=0, le=30, description="Working days after which what waits for a second person is told of as due."
    )
    discard_days: int = Field(
        14, ge=1, le=365, description="Days in which a declaration or an undoing that waits is decided, or discarded."
    )


class Egress(BaseModel):
    """What the service fetches from addresses that others name (``iam.delivery.egress``)."""

    model_config = _MODEL
    ca_file: Path | None = Field(
        None, description="PEM file of a further authority whose certificates are believed when the service fetches."
    )
    hosts: list[str] = Field(
        [],
        description="Hosts (host or host:port, as a JSON list) the service may fetch from although their address is "
        "private or loopback, "
        "and without https.",
    )


class Sources(BaseModel):
    """What sources that are made on pages may read (``iam.sources.making.files``)."""

    model_config = _MODEL
    folder: Path | None = Field(
        None,
        description="Folder with a folder for each organisation, named by its key: files of a source that is made on a "
        "page lie in its owner's. Without it, feeds under IAM_STATE_DIR.",
    )


class WorkerSettings(BaseModel):
    """Who does what nobody waits for: telling applications of a logout, tidying."""

    model_config = _MODEL
    inside: bool = Field(
        True, description="Whether iam serve does the worker's work itself; false where iam worker runs beside it."
    )
    runs: int = Field(
        0,
        ge=0,
        le=64,
        description="Runs of sources at a time, each a process of its own, scheduled ones and those of pages "
        "each for itself; 0: one a core.",
    )
    run_memory: int = Field(
        4096, ge=0, le=1_048_576, description="MiB of address space that such a run may take; 0: without a limit."
    )


class Mail(BaseModel):
    """How e-mail leaves (``iam.delivery.mail``)."""

    model_config = _MODEL
    host: str | None = Field(
        None, description="Host of the mail server that takes our mail (SMTP); without it no mail is sent."
    )
    port: int = Field(
        587, ge=1, le=65535, description="Port of the mail server; usually 587 for starttls, 465 for tls."
    )
    security: Literal["starttls", "tls", "none-for-loopback"] = Field(
        "starttls",
        description="How the connection is sealed: starttls, tls, or none-for-loopback, which needs a loopback address "
        "that "
        "`IAM_EGRESS__HOSTS` lists.",
    )
    login: str | None = Field(None, description="Username at the mail server, where it asks for one.")
    password: SecretStr | None = Field(None, description="Password at the mail server.")
    sender: str = Field("", description="The one address that mail comes from, as avain@marjala.example.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.login is None) != (self.password is None):
            raise ValueError("state both login and password, or neither")
        if self.host is not None and not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", self.sender):
            raise ValueError("where host is set, sender must be an e-mail address")
        return self


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="IAM_", env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True, case_sensitive=False
    )
    issuer: Annotated[str, AfterValidator(_issuer)] = Field(
        "http://localhost:8080",
        description="The issuer: the address people and applications use. Never taken from the Host header.",
    )
    consortium: str = Field("Avain", description="Name of the consortium, shown on pages.")
    help_url: str | None = Field(None, description="Link to help on the sign-in page.")
    privacy_url: str | None = Field(None, description="Link to the privacy notice.")
    accessibility_url: str | None = Field(None, description="Link to the accessibility statement.")
    zone: str = Field("Europe/Helsinki", description="Time zone in which days are days.")
    state_dir: Path = Field(Path("var"), description="Folder for what the service writes.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level that is logged.")
    database: Database = Database()
    listen: Listen = Listen()
    vault: VaultSettings = VaultSettings()
    redis: Redis = Redis()
    tokens: Tokens = Tokens()
    signin: Signin = Signin()
    lifecycle: Lifecycle = Lifecycle()
    agreements: Agreements = Agreements()
    plans: Plans = Plans()
    egress: Egress = Egress()
    sources: Sources = Sources()
    worker: WorkerSettings = WorkerSettings()
    mail: Mail = Mail()

    @model_validator(mode="after")
    def _plain_mail_stays_here(self) -> Self:
        mail = self.mail
        listed = {mail.host, f"{mail.host}:{mail.port}"} & set(self.egress.hosts)
        if mail.host and mail.security == "none-for-loopback" and not (listed and _is_loopback(mail.host)):
            raise ValueError("mail.security none-for-loopback needs a loopback address that egress.hosts lists")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        _read_secret_files()
        return init_settings, env_settings

    @property
    def https(self) -> bool:
        """Whether people reach the service over https."""
        return self.issuer.startswith("https:")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def documented() -> list[tuple[str, str, str]]:
    """Return every setting: its variable, its default, and what it is for (``docs/configuration.md`` is held to it)."""
    return list(_documented(Settings, "IAM_"))


def _documented(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _documented(inner, f"{prefix}{name.upper()}__")
        else:
            default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
            yield prefix + name.upper(), "" if default is None else str(default), field.description or ""


_SECRETS = ("IAM_DATABASE__URL", "IAM_REDIS__URL", "IAM_MAIL__PASSWORD")


def _read_secret_files() -> None:
    for name in _SECRETS:
        path = os.environ.pop(f"{name}_FILE", None)
        if path is not None and name not in os.environ:
            os.environ[name] = Path(path).read_text(encoding="utf-8").strip()


@lru_cache(maxsize=1)
def load() -> Settings:
    """Return the settings of this process; raises pydantic's ``ValidationError`` naming the setting."""
    return Settings()
