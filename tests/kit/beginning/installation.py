"""An installation in which nothing is yet but its first administrator, by ``iam migrate`` and ``iam init``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from iam import settings
from iam.cli import main
from tests.kit.servers.avain import Avain

ROOT, CONSORTIUM = "marjala-konsortio", "Marjalan sivistyskonsortio"
LATER = "tests.kit.beginning.later"
FIRST = "paula.paakayttaja"


class Installation(Avain):
    """``iam serve`` over an empty database; ``feeds`` is where files of sources lie; started with ``ahead``, its clock
    is so many days ahead."""

    def __init__(self, database_url: str, state: Path, more: Mapping[str, str] | None = None) -> None:
        own = {"IAM_CONSORTIUM": CONSORTIUM, "IAM_EGRESS__HOSTS": '["localhost", "127.0.0.1"]'}
        super().__init__(database_url, state, own | dict(more or {}))
        self.ahead = 0
        self.feeds = state / "feeds"
        self.feeds.mkdir(exist_ok=True)

    def environment(self) -> Mapping[str, str]:
        """See ``Server``."""
        return {**super().environment(), "AVAIN_AHEAD": str(self.ahead)}

    def command(self) -> list[str]:
        """See ``Server``."""
        return super().command() if not self.ahead else [sys.executable, "-m", LATER, "serve"]

    def does(self, *arguments: str, code: int = 0) -> str:
        """Run an ``iam`` command on it in this process, which must end with ``code``; what it prints."""
        settings.load.cache_clear()
        done = CliRunner().invoke(main, arguments, env={**self.environment(), "LC_ALL": "C.UTF-8"})
        settings.load.cache_clear()
        assert done.exit_code == code, (arguments, done.output)
        return done.stdout

    def begun(self) -> str:
        """Begin it; the first administrator's one-time code."""
        names = ["--given-names", "Paula", "--family-name", "Pääkäyttäjä"]
        told = self.does("init", FIRST, *names, "--organisation", ROOT, "--name", CONSORTIUM, "--json")
        code: str = json.loads(told)["code"]
        return code

    def export(self) -> str:
        """What ``iam export`` prints."""
        return self.does("export")
