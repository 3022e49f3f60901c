"""The Django site as a process: its development server on a free port, its database fresh at each start."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.kit.servers.https import SecureAvain
from tests.kit.servers.ports import HOST, answers, free_port
from tests.kit.servers.process import Server

ROOT = Path(__file__).parents[2]


class DjangoSite(Server):
    """``django_site``, signing people in as ``client_id``; the provider need not know it before its first sign-in."""

    name = "django"

    def __init__(self, client_id: str, client_secret: str) -> None:
        super().__init__()
        self.port = free_port()
        self.client_id, self._secret = client_id, client_secret
        self._key = secrets.token_urlsafe(32)
        self.provider: SecureAvain | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end; another host than the provider's, so that cookies are apart."""
        return f"http://{HOST}:{self.port}"

    def client(self) -> dict[str, object]:
        """Return its registration, as ``iam apply`` reads it."""
        return {
            "auth": "client_secret_basic",
            "secret": self._secret,
            "redirect_uris": [f"{self.url}/oidc/callback/"],
            "post_logout_redirect_uris": [f"{self.url}/open"],
            "backchannel_logout_uri": f"{self.url}/oidc/logged-out",
        }

    def environment(self) -> Mapping[str, str]:
        """See ``Server``."""
        assert self.provider is not None, "say who the provider is"
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.relying.django_site.settings",
            "SITE_SECRET_KEY": self._key,
            "SITE_DATABASE": str(self.folder / "site.sqlite3"),
            "OIDC_ISSUER": self.provider.issuer,
            "OIDC_CLIENT_ID": self.client_id,
            "OIDC_CLIENT_SECRET": self._secret,
            "REQUESTS_CA_BUNDLE": str(self.provider.ca_file),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }

    def command(self) -> list[str]:
        """Make the tables, then serve; one process after the other."""
        django = f"{sys.executable} -m django"
        serve = f"runserver --noreload --skip-checks {HOST}:{self.port}"
        return ["sh", "-c", f"{django} migrate --run-syncdb --skip-checks -v 0 && exec {django} {serve}"]

    def ready(self) -> bool:
        """See ``Server``."""
        return answers(self.port)
