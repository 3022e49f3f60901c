"""The documentation's worked example as a process, started as it says itself."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.kit.servers.https import SecureAvain
from tests.kit.servers.ports import HOST, answers, free_port
from tests.kit.servers.process import Server
from tests.relying.consortium import SECRET

FILE = Path(__file__).parents[2] / "docs" / "relying-party" / "example" / "app.py"


class Example(Server):
    """The example on a free port; ``provider`` must be said before it starts."""

    name = "example"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.provider: SecureAvain | None = None

    def client(self) -> dict[str, object]:
        """Return its registration, as ``iam apply`` reads it."""
        return {
            "auth": "client_secret_basic",
            "secret": SECRET,
            "redirect_uris": [f"{self.url}/callback"],
            "post_logout_redirect_uris": [f"{self.url}/"],
            "backchannel_logout_uri": f"{self.url}/logged-out",
        }

    def environment(self) -> Mapping[str, str]:
        """See ``Server``."""
        assert self.provider is not None, "say who the provider is"
        return os.environ | {
            "AVAIN_ISSUER": self.provider.issuer,
            "CLIENT_ID": "example",
            "CLIENT_SECRET": SECRET,
            "SECRET_KEY": secrets.token_urlsafe(32),
            "REQUESTS_CA_BUNDLE": str(self.provider.ca_file),
        }

    def command(self) -> list[str]:
        """See ``Server``."""
        return [sys.executable, "-m", "flask", "--app", str(FILE), "run", "--host", HOST, "--port", str(self.port)]

    def ready(self) -> bool:
        """See ``Server``."""
        return answers(self.port)
