"""What the settings of a client are called in the form that changes them, and in which group they stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iam.texts import N_

LABELS: Mapping[str, str] = {
    "jwks": N_("Its public keys"),
    "jwks_uri": N_("Address of its public keys"),
    "userinfo_alg": N_("Signature of UserInfo"),
    "par_required": N_("Each request of a sign-in must be pushed first"),
    "legacy_audience": N_("Its proofs may name the address of the token endpoint, as old libraries do"),
    "token_format": N_("Form of its access tokens"),
    "resources": N_("Further services for which its access tokens are"),
    "backchannel_logout_uri": N_("Where our server tells it that a sign-in has ended"),
    "frontchannel_logout_uri": N_("Page that a browser opens when a sign-in has ended"),
    "client_name": N_("Its own name"),
    "client_uri": N_("Where people begin"),
    "logo_uri": N_("Address of its picture"),
    "policy_uri": N_("Its page about privacy"),
    "tos_uri": N_("Its terms of use"),
    "application_type": N_("Where it runs"),
    "contacts": N_("E-mail addresses of who looks after it"),
    "require_auth_time": N_("It asks for the time of the sign-in in its tokens (they always have it)"),
    "default_acr_values": N_("Ways of signing in that it wishes"),
    "initiate_login_uri": N_("Where a sign-in with it can be begun"),
    "request_object_signing_alg": N_("The one signature of its signed requests"),
    "require_signed_request_object": N_("Each of its requests must be signed"),
    "token_endpoint_auth_signing_alg": N_("The one signature of its proofs"),
    "backchannel_logout_session_required": N_("It asks which sign-in has ended, told by our server (it always is)"),
    "frontchannel_logout_session_required": N_("It asks which sign-in has ended, told by the browser (it always is)"),
    "software_id": N_("Which software it is"),
    "software_version": N_("Which version of it"),
    "subject_type": N_("Identifier of the person"),
}
"""By the name of the setting, where its own description has none."""

HINTS: Mapping[str, str] = {
    "scope": N_("What it may ask for, with spaces between. One that people sign in to needs openid."),
    "jwks": N_("A JWK set as JSON: public keys only."),
    "default_max_age": N_("Empty: a sign-in of any age is good."),
    "resources": N_("Whole addresses, one on a line. Only whoever answers for the whole consortium changes this."),
    "contacts": N_("One on a line."),
    "default_acr_values": N_("One on a line, the first is wished most."),
    "subject_type": N_("Changing it gives every person another identifier: the application does not know them again."),
    "auth": N_(
        "When it ceases to prove itself by a secret, its secrets end; when it begins to, it is given one at saving."
    ),
    "frontchannel_logout_uri": N_("On the server of one of its redirect addresses."),
}
"""What stands beside the field."""

GROUPS: Sequence[tuple[str, Sequence[str]]] = (
    (
        N_("Where people come back to"),
        ("redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "frontchannel_logout_uri"),
    ),
    (
        N_("How it proves itself and what it may ask"),
        ("auth", "grants", "scope", "pkce", "default_max_age", "jwks", "jwks_uri"),
    ),
    (
        N_("Signatures and tokens"),
        (
            "id_token_alg",
            "userinfo_alg",
            "token_endpoint_auth_signing_alg",
            "request_object_signing_alg",
            "require_signed_request_object",
            "par_required",
            "legacy_audience",
            "token_format",
            "resources",
            "subject_type",
            "default_acr_values",
        ),
    ),
    (
        N_("What it says of itself"),
        (
            "client_name",
            "client_uri",
            "logo_uri",
            "policy_uri",
            "tos_uri",
            "initiate_login_uri",
            "contacts",
            "application_type",
            "software_id",
            "software_version",
            "require_auth_time",
            "backchannel_logout_session_required",
            "frontchannel_logout_session_required",
        ),
    ),
)
"""The groups of the form with the settings of each; every setting stands in one."""
