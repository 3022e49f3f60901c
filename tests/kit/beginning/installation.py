"""An installation in which nothing is yet but its first administrator, by ``iam migrate`` and ``iam init``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.kit.servers.avain import Avain

ROOT, CONSORTIUM = "marjala-konsortio", "Marjalan sivistyskonsortio"
LATER = "tests.kit.beginning.later"
FIRST = "paula.paakayttaja"


class Installation(Avain):
    """``iam serve`` over an empty database; ``feeds`` is where files of sources lie; started with ``ahead``, its clock
    is so many days ahead."""

    def __init__(self, database_url: str, state: Path, settings: Mapping[str, str] | None = None) -> None:
        own = {"IAM_CONSORTIUM": CONSORTIUM, "IAM_EGRESS__HOSTS": '["localhost", "127.0.0.1"]'}
        super().__init__(database_url, state, own | dict(settings or {}))
        self.ahead = 0
        self.feeds = state / "feeds"
        self.feeds.mkdir(exist_ok=True)

    def command(self) -> list[str]:
        """See ``Server``."""
        return super().command() if not self.ahead else [sys.executable, "-m", LATER, str(self.ahead), "serve"]

    def begun(self) -> str:
        """Begin it; the first administrator's one-time code."""
        names = ["--given-names", "Paula", "--family-name", "Pääkäyttäjä"]
        done = self.iam("init", FIRST, *names, "--organisation", ROOT, "--name", CONSORTIUM, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        code: str = json.loads(done.stdout)["code"]
        return code

    def export(self) -> str:
        """What ``iam export`` prints."""
        done = self.iam("export")
        assert done.returncode == 0, done.stderr
        return done.stdout
