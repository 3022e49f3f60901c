"""Settings of the site; what differs between installations comes from the environment."""

import os

SECRET_KEY = os.environ["SITE_SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
    "tests.relying.django_site",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.relying.django_site.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SITE_DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = ["tests.relying.django_site.oidc.Backend"]
OIDC_CALLBACK_CLASS = "tests.relying.django_site.oidc.Callback"
OIDC_OP_LOGOUT_URL_METHOD = "tests.relying.django_site.oidc.logout_url"

OIDC_OP_ISSUER = os.environ["OIDC_ISSUER"]
OIDC_OP_AUTHORIZATION_ENDPOINT = OIDC_OP_ISSUER + "/oauth2/authorize"
OIDC_OP_TOKEN_ENDPOINT = OIDC_OP_ISSUER + "/oauth2/token"
OIDC_OP_USER_ENDPOINT = OIDC_OP_ISSUER + "/oauth2/userinfo"
OIDC_OP_JWKS_ENDPOINT = OIDC_OP_ISSUER + "/oauth2/jwks"
OIDC_OP_LOGOUT_ENDPOINT = OIDC_OP_ISSUER + "/oauth2/logout"
OIDC_RP_CLIENT_ID = os.environ["OIDC_CLIENT_ID"]
OIDC_RP_CLIENT_SECRET = os.environ["OIDC_CLIENT_SECRET"]
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile email roles"
OIDC_USE_PKCE = True
OIDC_TOKEN_USE_BASIC_AUTH = True
OIDC_STORE_ID_TOKEN = True
OIDC_TIMEOUT = 10
LOGIN_URL = "oidc_authentication_init"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/open"
