"""Signing in: people are known by ``sub``, and each session remembers the provider's ``sid`` and the roles told at
sign-in."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

from tests.relying.django_site.models import SignIn

Claims = dict[str, Any]


class Backend(OIDCAuthenticationBackend):
    """The library finds people by e-mail and checks the signature alone; here it is ``sub``, ``iss`` and ``aud`` as
    well."""

    def verify_token(self, token: str, **kwargs: Any) -> Claims:
        payload = super().verify_token(token, **kwargs)
        if payload.get("iss") != settings.OIDC_OP_ISSUER or payload.get("aud") != settings.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("a token of another issuer, or for another client")
        return payload

    def get_userinfo(self, access_token: str, id_token: str, payload: Claims) -> Claims:
        told = super().get_userinfo(access_token, id_token, payload)
        if told.get("sub") != payload["sub"]:
            raise SuspiciousOperation("the answer is about another person")
        self.request.session["sid"] = payload["sid"]
        self.request.session["roles"] = told.get("roles", [])
        return told

    def verify_claims(self, claims: Claims) -> bool:
        return bool(claims.get("sub"))

    def filter_users_by_claims(self, claims: Claims) -> Any:
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims: Claims) -> Any:
        return self.update_user(self.UserModel(username=claims["sub"]), claims)

    def update_user(self, user: Any, claims: Claims) -> Any:
        user.first_name, user.last_name = claims.get("given_name", ""), claims.get("family_name", "")
        user.email = claims.get("email", "")
        user.save()
        return user


class Callback(OIDCAuthenticationCallbackView):
    """Remembers which session here belongs to which there, once Django has given the session its new key."""

    def login_success(self) -> HttpResponse:
        response = super().login_success()
        session = self.request.session
        SignIn.objects.update_or_create(session_key=session.session_key, defaults={"sid": session["sid"]})
        return response


def logout_url(request: HttpRequest) -> str:
    """Return where the browser goes to be signed out of the provider too."""
    back = request.build_absolute_uri(settings.LOGOUT_REDIRECT_URL)
    asked = {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": back}
    return f"{settings.OIDC_OP_LOGOUT_ENDPOINT}?{urlencode(asked)}"
