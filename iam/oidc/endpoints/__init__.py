"""The provider's routes: a view each says what it does; what is decided and written is in the modules beside this
folder."""

from __future__ import annotations

from flask import Blueprint

from iam.oidc.endpoints import own
from iam.oidc.endpoints.authorize import authorize, capacity, consent
from iam.oidc.endpoints.logout import logged_out, logout
from iam.oidc.endpoints.metadata import jwks, oauth_authorization_server, openid_configuration
from iam.oidc.endpoints.par import push
from iam.oidc.endpoints.register import register, registration
from iam.oidc.endpoints.token import introspect, revoke, token
from iam.oidc.endpoints.userinfo import userinfo
from iam.signin.endpoints import account, login

blueprint = Blueprint("oidc", __name__)
blueprint.get("/.well-known/openid-configuration")(openid_configuration)
blueprint.get("/.well-known/oauth-authorization-server")(oauth_authorization_server)
blueprint.get("/oauth2/jwks")(jwks)
blueprint.route("/oauth2/authorize", methods=["GET", "POST"])(authorize)
blueprint.route("/capacity", methods=["GET", "POST"])(capacity)
blueprint.route("/consent", methods=["GET", "POST"])(consent)
blueprint.post("/oauth2/par")(push)
blueprint.post("/oauth2/token")(token)
blueprint.route("/oauth2/userinfo", methods=["GET", "POST"])(userinfo)
blueprint.post("/oauth2/introspect")(introspect)
blueprint.post("/oauth2/revoke")(revoke)
blueprint.post("/oauth2/register")(register)
blueprint.route("/oauth2/register/<client_id>", methods=["GET", "PUT", "DELETE"])(registration)
blueprint.route("/oauth2/logout", methods=["GET", "POST"])(logout)
blueprint.get("/logged-out")(logged_out)
blueprint.post("/account/applications/take-back")(own.take_back)
blueprint.record_once(lambda state: account.init(state.app, own.shown))
blueprint.record_once(lambda state: login.init(state.app, own.start))
