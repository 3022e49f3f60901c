"""A worked relying party: people sign in with Avain, see what they may do, and sign out here and there.

Needs flask, authlib and requests. Start: `flask --app app run`; AVAIN_ISSUER, CLIENT_ID, CLIENT_SECRET say who it is.
What is in memory here belongs in a database as soon as there is more than one process.
"""

import os
import secrets
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth
from flask import Flask, abort, redirect, render_template_string, request, session, url_for
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

ISSUER, CLIENT_ID = os.environ["AVAIN_ISSUER"], os.environ["CLIENT_ID"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"
PAGE = """<!doctype html><title>Example</title>
{% if visit %}<h1>{{ visit.claims.name }}</h1>
<ul>{% for role in visit.claims.roles %}<li>{{ role }}</li>{% endfor %}</ul>
<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="{{ visit.csrf }}">
<button>Sign out</button></form>{% else %}<a href="/sign-in">Sign in</a>{% endif %}"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_bytes(32),
    SESSION_COOKIE_HTTPONLY=True,
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE=os.environ.get("HTTPS") == "on",
)
avain = OAuth(app).register(
    "avain",
    client_id=CLIENT_ID,
    client_secret=os.environ["CLIENT_SECRET"],
    # Addresses and keys come from here: never copy them into your settings.
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile roles", "code_challenge_method": "S256", "default_timeout": 10},
)
visits: dict[str | None, dict] = {}  # by a random key that alone is in the person's cookie
used: set[str] = set()  # jti of logout tokens


@app.get("/")
def front() -> str:
    """Show who is here, or the way in."""
    return render_template_string(PAGE, visit=visits.get(session.get("visit")))


@app.get("/sign-in")
def sign_in() -> Response:
    """Send the browser to Avain; Authlib makes state, nonce and the PKCE challenge and keeps them in the session."""
    return avain.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback() -> Response:
    """Redeem the code. Authlib checks state and the ID token's signature, issuer, audience, time and nonce."""
    if request.args.get("iss") != ISSUER:  # RFC 9207: the answer of another provider is not for us
        abort(400)
    if "error" in request.args:  # the person cancelled, or may not enter
        return redirect(url_for("front"))
    token = avain.authorize_access_token()
    told = avain.userinfo(token=token)
    if told["sub"] != token["userinfo"]["sub"]:
        abort(400)
    visits.pop(session.get("visit"), None)
    session.clear()
    session["visit"] = key = secrets.token_urlsafe(32)
    # (issuer, sub) is who this is: names and e-mail addresses change, and pass to others.
    visits[key] = {
        "claims": told,
        "sid": token["userinfo"]["sid"],
        "id_token": token["id_token"],
        "csrf": secrets.token_urlsafe(16),
    }
    return redirect(url_for("front"))


@app.post("/sign-out")
def sign_out() -> Response:
    """Forget the visit, then end the session at Avain, which sends the browser back here."""
    visit = visits.get(session.get("visit"))
    if visit is None or request.form.get("csrf") != visit["csrf"]:
        abort(400)
    visits.pop(session.pop("visit"))
    asked = {"id_token_hint": visit["id_token"], "post_logout_redirect_uri": url_for("front", _external=True)}
    return redirect(f"{avain.load_server_metadata()['end_session_endpoint']}?{urlencode(asked)}")


@app.post("/logged-out")
def logged_out() -> tuple[str, int, dict[str, str]]:
    """Avain says that a login session has ended (OpenID Connect Back-Channel Logout 1.0)."""
    try:
        sid = ended(request.form.get("logout_token", ""))
    except (JoseError, ValueError):
        abort(400)
    for key in [key for key, visit in visits.items() if visit["sid"] == sid]:
        visits.pop(key, None)
    return "", 200, {"Cache-Control": "no-store"}


def ended(logout_token: str) -> str:
    """Return the sid of the session that a logout token ended; raises JoseError or ValueError for anything else."""
    keys = jwk.KeySet.import_key_set(avain.fetch_jwk_set(force=True))
    token = jwt.decode(logout_token, keys, algorithms=["RS256"])
    wanted = {"iss": ISSUER, "aud": CLIENT_ID}
    rules = {name: {"essential": True, "value": value} for name, value in wanted.items()}
    rules |= {name: {"essential": True} for name in ("iat", "exp", "jti", "events", "sid")}
    jwt.JWTClaimsRegistry(**rules).validate(token.claims)
    jti = token.claims["jti"]
    if (
        token.header.get("typ") != "logout+jwt"
        or EVENT not in token.claims["events"]
        or "nonce" in token.claims
        or jti in used
    ):
        raise ValueError("no logout token, or one used before")
    used.add(jti)
    return token.claims["sid"]
