"""The blueprint of the sign-in pages, with its routes in one list."""

from __future__ import annotations

from flask import Blueprint

from iam.signin.endpoints import (
    account,
    factor,
    factors,
    first_code,
    forgotten,
    login,
    logout,
    passkeys,
    replace,
    upstream,
)

blueprint = Blueprint("signin", __name__)

for method, path, name, view in (
    ("GET", "/login", "login", login.show),
    ("POST", "/login", "sign_in", login.submit),
    ("GET", "/login/passkey", "passkey_again", passkeys.to_login),
    ("POST", "/login/passkey", "sign_in_with_passkey", passkeys.submit),
    ("POST", "/login/passkey/options", "passkey_options", passkeys.options),
    ("GET", "/factor", "factor", factor.show),
    ("POST", "/factor", "prove_code", factor.submit),
    ("GET", "/factor/passkey", "factor_again", factor.again),
    ("POST", "/factor/passkey", "prove_passkey", factor.with_passkey),
    ("POST", "/factor/passkey/options", "factor_options", factor.options),
    ("GET", "/factor/set-up", "set_up", factors.show),
    ("POST", "/factor/set-up", "set_up_passkey", factors.set_up_passkey),
    ("POST", "/factor/set-up/options", "set_up_options", factors.passkey_options),
    ("GET", "/factor/set-up/code", "totp", factors.totp_page),
    ("POST", "/factor/set-up/code", "set_up_totp", factors.set_up_totp),
    ("GET", "/factor/codes", "codes", factors.to_account),
    ("POST", "/factor/codes", "new_codes", factors.new_codes),
    ("POST", "/factor/remove", "remove_factor", factors.remove),
    ("GET", "/factor/replace", "replace_factor", replace.show),
    ("POST", "/factor/replace", "replace_passkey", replace.with_passkey),
    ("POST", "/factor/replace/options", "replace_options", replace.options),
    ("GET", "/factor/replace/code", "replacing_totp", replace.totp_page),
    ("POST", "/factor/replace/code", "replace_totp", replace.with_totp),
    ("GET", "/factor/replace/stop", "replacing_stopped", factors.to_account),
    ("POST", "/factor/replace/stop", "stop_replacing", replace.stop),
    ("GET", "/first-code", "first_code", first_code.show),
    ("POST", "/first-code", "use_code", first_code.submit),
    ("GET", "/forgotten", "forgotten", forgotten.show),
    ("POST", "/forgotten", "ask_for_code", forgotten.submit),
    ("GET", "/upstream/unknown", "upstream_unknown", upstream.unknown),
    ("GET", "/upstream/link", "upstream_link", upstream.confirm),
    ("POST", "/upstream/link", "connect_upstream", upstream.connect),
    ("GET", "/upstream/unlink", "upstream_unlinked", factors.to_account),
    ("POST", "/upstream/unlink", "disconnect_upstream", upstream.disconnect),
    ("GET", "/upstream/<key>", "upstream", upstream.start),
    ("GET", "/upstream/<key>/callback", "upstream_callback", upstream.callback),
    ("GET", "/logout", "logout", logout.show),
    ("POST", "/logout", "sign_out", logout.submit),
    ("GET", "/account", "account", account.show),
    ("POST", "/account/password", "change_password", account.change_password),
    ("POST", "/account/language", "change_language", account.change_language),
    ("POST", "/account/sessions/end", "end_session", account.end_session),
    ("POST", "/account/sessions/end-others", "end_others", account.end_others),
):
    blueprint.add_url_rule(path, name, view, methods=[method])
