"""The settings of a client that have a column of their own, each with its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Mapped

from iam.oidc.fields.field import Field, column, described
from iam.oidc.fields.values import Choice, Choices, Flag, PlainText, PublicKeys, Seconds, Texts, Values
from iam.texts import N_
from iam.tokens.jose import ALGORITHMS

AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
TOKEN_FORMATS = ("jwt", "opaque")
LONGEST_AGE = 10 * 365 * 86400
"""Seconds: the greatest ``default_max_age``."""


class ClientSettings:
    """The columns that hold what a client is set to; ``iam.oidc.model.Client`` has them beside its own.

    A new setting is a new attribute here and a migration. It is then declared by ``iam apply``, compared, written and
    exported; with ``wire`` and ``by_client`` it is registered and told by RFC 7591, with ``label`` shown on its page.
    """

    auth: Mapped[str] = column(
        Field(
            wire="token_endpoint_auth_method",
            values=Choice(AUTH_METHODS),
            default="client_secret_basic",
            required=True,
            by_client=True,
            words="how it proves itself: `client_secret_basic`, `client_secret_post`, `private_key_jwt`, or `none`",
            label=N_("How it proves itself"),
        )
    )
    jwks: Mapped[dict[str, Any] | None] = column(
        Field(
            wire="jwks",
            values=PublicKeys(),
            by_client=True,
            words="its public keys as a JWK set, for `private_key_jwt` and signed requests",
        )
    )
    jwks_uri: Mapped[str | None] = column(
        Field(wire="jwks_uri", values=PlainText(), by_client=True, words="where it publishes them, instead")
    )
    redirect_uris: Mapped[list[str]] = column(
        Field(
            wire="redirect_uris",
            values=Texts(),
            default=[],
            by_client=True,
            words="where people come back to, to the letter",
            label=N_("Redirect addresses"),
            hint=N_(
                "Where people come back to after signing in, one on a line, as in https://app.example/callback. A "
                "service without people has none."
            ),
        )
    )
    post_logout_redirect_uris: Mapped[list[str]] = column(
        Field(
            wire="post_logout_redirect_uris",
            values=Texts(),
            default=[],
            by_client=True,
            words="where people come back to after signing out",
            label=N_("Addresses after signing out"),
            hint=N_("One on a line."),
        )
    )
    scope: Mapped[str] = column(
        Field(
            wire="scope",
            values=PlainText(),
            default="",
            by_client=True,
            words="what it may ask for, its own scopes beside those of a person (`openid profile email roles groups`, "
            "with `refresh_token` also `offline_access`)",
            label=N_("Scopes"),
        )
    )
    grants: Mapped[list[str]] = column(
        Field(
            wire="grant_types",
            values=Choices(GRANT_TYPES),
            default=["authorization_code"],
            by_client=True,
            words="of `authorization_code`, `refresh_token`, `client_credentials` (`authorization_code`)",
            label=N_("Grants"),
        )
    )
    id_token_alg: Mapped[str] = column(
        Field(
            wire="id_token_signed_response_alg",
            values=Choice(ALGORITHMS),
            default="RS256",
            by_client=True,
            words="`RS256`, `ES256` or `PS256` (`RS256`)",
            label=N_("Signature"),
        )
    )
    userinfo_alg: Mapped[str | None] = column(
        Field(
            wire="userinfo_signed_response_alg",
            values=Choice(ALGORITHMS),
            by_client=True,
            words="the same for a signed UserInfo (unsigned)",
        )
    )
    pkce: Mapped[str] = column(
        Field(
            values=Choice(("required", "optional")),
            default="required",
            words="`required`, or for a confidential client `optional` (`required`)",
            label="PKCE",
        )
    )
    par_required: Mapped[bool] = column(
        Field(
            wire="require_pushed_authorization_requests",
            values=Flag(),
            default=False,
            by_client=True,
            words="whether each authorization request must be pushed first (no)",
        )
    )
    default_max_age: Mapped[int | None] = column(
        Field(
            wire="default_max_age",
            values=Seconds(LONGEST_AGE),
            by_client=True,
            once_member=True,
            words="seconds after which a sign-in is too old for it, unless a request says otherwise (any age)",
            label=N_("A sign-in is good for (seconds)"),
        )
    )
    legacy_audience: Mapped[bool] = column(
        Field(
            values=Flag(),
            default=False,
            words="whether its assertions may name the token endpoint's address as audience (no)",
        )
    )
    token_format: Mapped[str] = column(
        Field(
            values=Choice(TOKEN_FORMATS),
            default="jwt",
            words="`jwt`, or `opaque` for access tokens that tell nothing by themselves (`jwt`)",
        )
    )
    resources: Mapped[list[str]] = column(
        Field(
            values=Texts(),
            default=[],
            words="further audiences its access tokens may be for, as whole addresses",
        )
    )
    sector_identifier_uri: Mapped[str | None] = column(
        Field(
            wire="sector_identifier_uri",
            values=PlainText(),
            by_client=True,
            by_declaration=False,
            words="where it lists the redirect addresses of all who know people by the same names",
        )
    )
    backchannel_logout_uri: Mapped[str | None] = column(
        Field(
            wire="backchannel_logout_uri",
            values=PlainText(),
            by_client=True,
            words="where our server tells it that a sign-in has ended",
        )
    )
    frontchannel_logout_uri: Mapped[str | None] = column(
        Field(
            wire="frontchannel_logout_uri",
            values=PlainText(),
            by_client=True,
            words="what a person's browser opens for that; on the host of a redirect address",
        )
    )
    mapper: Mapped[dict[str, Any]] = column(
        Field(
            values=Values(),
            default={},
            words="[claims under other names](relying-party/generic.md#claims-under-other-names)",
            label=N_("Claims under other names"),
        )
    )
    metadata_: Mapped[dict[str, Any]] = column(
        Field(
            values=Values(),
            default={},
            words="what else is stated of it, by RFC 7591 ([below](#what-else-a-client-states-of-itself))",
        ),
        "metadata",
    )
    retired: Mapped[bool] = column(Field(values=Flag(), default=False, words="out of use for good (no)"))


COLUMNS: Mapping[str, Field] = described(ClientSettings)
"""Every setting with a column, by its name in the table."""
ASKED: Mapping[str, Field] = {name: field for name, field in COLUMNS.items() if field.hint}
"""Those that the form asks which registers a client: lists of addresses, which only a client for people has."""
