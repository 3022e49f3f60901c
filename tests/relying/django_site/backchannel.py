"""Back-channel logout: the provider says that a login session has ended (OpenID Connect Back-Channel Logout 1.0)."""

from importlib import import_module
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tests.relying.django_site.models import SignIn

EVENT = "http://schemas.openid.net/event/backchannel-logout"
REQUIRED = ["iss", "aud", "iat", "exp", "jti", "events", "sid"]


def logout_claims(token: str) -> dict[str, Any]:
    """Return what a logout token says; raises ``jwt.PyJWTError`` when it is none (section 2.6)."""
    header = jwt.get_unverified_header(token)
    if header.get("typ") != "logout+jwt":
        raise jwt.InvalidTokenError("another kind of token")
    published = requests.get(settings.OIDC_OP_JWKS_ENDPOINT, timeout=settings.OIDC_TIMEOUT).json()
    key = jwt.PyJWKSet.from_dict(published)[header.get("kid")]
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[settings.OIDC_RP_SIGN_ALGO],
        issuer=settings.OIDC_OP_ISSUER,
        audience=settings.OIDC_RP_CLIENT_ID,
        options={"require": REQUIRED},
    )
    if EVENT not in claims["events"] or "nonce" in claims:
        raise jwt.InvalidTokenError("not about a logout")
    if not cache.add(f"logout:{claims['jti']}", True, timeout=300):
        raise jwt.InvalidTokenError("used before")
    return claims


@csrf_exempt
@require_POST
@never_cache
def logged_out(request: HttpRequest) -> HttpResponse:
    """End every session here that came from the ended one."""
    try:
        claims = logout_claims(request.POST.get("logout_token", ""))
    except (jwt.PyJWTError, KeyError):
        return HttpResponse(status=400)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    ended = SignIn.objects.filter(sid=claims["sid"])
    for sign_in in ended:
        store(sign_in.session_key).delete()
    ended.delete()
    return HttpResponse(status=200)
