"""The settings of a client that are kept together under ``metadata``, by the names of the specifications (RFC 7591
section 2, OIDC Dynamic Client Registration 1.0 section 2): what only a registration repeats, or a sign-in seldom asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from iam.oidc.fields.field import Field
from iam.oidc.fields.values import Choice, Flag, PageAddress, ShownText, ShownTexts, Values
from iam.signin.factors.levels import LEVELS
from iam.tokens.jose import ALGORITHMS


def _clients(name: str, values: Values, words: str, *, spoken: bool = False) -> Field:
    """A member that a client may state of itself."""
    return Field(name=name, wire=name, values=values, by_client=True, spoken=spoken, words=words)


def _controllers(name: str, words: str) -> Field:
    """What the controller tells people before they go on; no client says it itself."""
    return Field(name=name, wire=name, values=ShownText(), spoken=True, words=words)


_DESCRIBED = (
    _clients("client_name", ShownText(), "its name", spoken=True),
    _clients(
        "client_uri",
        PageAddress(),
        "where people begin: the pages of a sign-in that cannot go on lead there, else to `initiate_login_uri`",
        spoken=True,
    ),
    _clients("logo_uri", PageAddress(), "a picture of it", spoken=True),
    _clients("policy_uri", PageAddress(), "its page about privacy", spoken=True),
    _clients("tos_uri", PageAddress(), "its terms of use", spoken=True),
    _controllers(
        "purpose", "what for people's data are told to it, in the controller's words; not the client's to state"
    ),
    _controllers("legal_basis", "by which law; not the client's to state"),
    _clients(
        "application_type",
        Choice(("web", "native")),
        "`web`, or `native` on the person's own device (`native` for a client that proves nothing, else `web`)",
    ),
    _clients("contacts", ShownTexts(), "e-mail addresses of who looks after it, at most 20"),
    _clients("require_auth_time", Flag(), "kept and told again; ID tokens always say when the sign-in was"),
    _clients("default_acr_values", ShownTexts(LEVELS), "the levels of sign-in it wishes, where a request names none"),
    _clients("initiate_login_uri", PageAddress(), "where a sign-in with it can be begun"),
    _clients("request_object_signing_alg", Choice(ALGORITHMS), "the one signature its signed requests may have"),
    _clients("require_signed_request_object", Flag(), "whether each of its requests must be signed (no)"),
    _clients("token_endpoint_auth_signing_alg", Choice(ALGORITHMS), "the one signature its assertions may have"),
    _clients(
        "backchannel_logout_session_required", Flag(), "kept and told again; logout tokens always name the sign-in"
    ),
    _clients(
        "frontchannel_logout_session_required",
        Flag(),
        "kept and told again; its page for logout is always told which sign-in ended",
    ),
    _clients("software_id", ShownText(), "which software it is"),
    _clients("software_version", ShownText(), "which version of it"),
    _clients("subject_type", Choice(("pairwise", "public")), "where it differs from the application's `subject`"),
)

MEMBERS: Mapping[str, Field] = {one.name: one for one in _DESCRIBED}
"""Every member kept here."""
