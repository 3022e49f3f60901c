"""The blueprint of the sign-in pages, with its routes in one list."""

from __future__ import annotations

from flask import Blueprint

from iam.signin.endpoints import account, first_code, login, logout

blueprint = Blueprint("signin", __name__)

for method, path, name, view in (
    ("GET", "/login", "login", login.show),
    ("POST", "/login", "sign_in", login.submit),
    ("GET", "/first-code", "first_code", first_code.show),
    ("POST", "/first-code", "use_code", first_code.submit),
    ("GET", "/logout", "logout", logout.show),
    ("POST", "/logout", "sign_out", logout.submit),
    ("GET", "/logged-out", "logged_out", logout.done),
    ("GET", "/account", "account", account.show),
    ("POST", "/account/password", "change_password", account.change_password),
    ("POST", "/account/language", "change_language", account.change_language),
    ("POST", "/account/sessions/end", "end_session", account.end_session),
    ("POST", "/account/sessions/end-others", "end_others", account.end_others),
):
    blueprint.add_url_rule(path, name, view, methods=[method])
