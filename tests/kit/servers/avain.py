"""The service itself, started as its user starts it: ``iam serve`` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import requests

from tests.kit.servers.ports import HOST, free_port
from tests.kit.servers.process import Server

ROOT = Path(__file__).parents[3]


class Avain(Server):
    """``iam serve`` on two free ports, over a migrated database; what it keeps lies in ``state``, so it can start
    again.

    The issuer is on ``localhost`` rather than 127.0.0.1 because a passkey needs a name (Web Authentication, RP ID).
    """

    name = "avain"

    def __init__(self, database_url: str, state: Path, settings: Mapping[str, str] | None = None) -> None:
        """``settings`` are further ``IAM_…`` variables, or others in place of these; ``state`` holds the vault's key
        file."""
        super().__init__()
        self.port, self.management_port = free_port(), free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.management_url = f"http://{HOST}:{self.management_port}"
        self._settings = {
            "IAM_DATABASE__URL": database_url,
            "IAM_ISSUER": self.issuer,
            "IAM_LISTEN__HOST": HOST,
            "IAM_LISTEN__PORT": str(self.port),
            "IAM_LISTEN__MANAGEMENT_PORT": str(self.management_port),
            "IAM_VAULT__KEY_FILE": str(state / "vault.key"),
            "IAM_STATE_DIR": str(state),
            **(settings or {}),
        }
        self.issuer = self._settings["IAM_ISSUER"]

    def environment(self) -> Mapping[str, str]:
        """The tests' environment with these settings and no other ``IAM_`` variable."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}
        return {**inherited, **self._settings, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def command(self) -> list[str]:
        """See ``Server``."""
        return [sys.executable, "-m", "iam.cli", "serve"]

    def ready(self) -> bool:
        """Whether ``/readyz`` on the management port says 200."""
        try:
            return requests.get(f"{self.management_url}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def iam(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run an ``iam`` command with the same settings, ``text`` on its standard input; at most 60 s, never raises for
        a code.

        It works whether or not the service is started.
        """
        return subprocess.run(
            [sys.executable, "-m", "iam.cli", *arguments],
            check=False,
            cwd=ROOT,
            env=dict(self.environment()),
            input=text or "",
            capture_output=True,
            text=True,
            timeout=60,
        )
