"""What the demonstration is joined to while it is served: a school system over REST, which is played, and a directory
where slapd is installed. Each is a process of its own and a source, which nobody has run yet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from iam.apply.run import run_apply
from iam.change import SYSTEM
from iam.cli.demo import beside, directory
from iam.cli.demo.beside import HOST
from iam.directory.source import Source
from iam.errors import Invalid
from iam.settings import Settings
from iam.vault import Vault
from iam.web.joined import How, Joined

FILES = ("hr", "oneroster")
ROSTER, DIRECTORY = "oneroster-rest", "ldap"
FOLDERS = ("directory",)
"""Folders under the state that starting over forgets."""
_DECLARED = {ROSTER: "35-oneroster-rest.yaml", DIRECTORY: "36-ldap.yaml"}


@contextmanager
def joined(
    settings: Settings, sessions: sessionmaker[Session], vault: Vault, consortium: Path, port: int
) -> Iterator[list[Joined]]:
    """Start what there is on ``port`` and the one after it, or on others where those are taken, and name each as a
    source; yield how each system stands. All of it ends with the block."""
    feeds, found = settings.state_dir / "feeds", [Joined(key, How.FILE) for key in FILES]
    slapd, folder = directory.program(), settings.state_dir / FOLDERS[0]
    ports = {ROSTER: beside.free_port(port), DIRECTORY: beside.free_port(port + 1)}
    kept = slapd is not None and directory.prepare(folder, feeds / "directory.ldif")
    play = ["simulate", "oneroster", "--port", str(ports[ROSTER]), "--data", str(feeds / "oneroster")]
    serve = directory.command(slapd, folder, ports[DIRECTORY]) if slapd is not None and kept else [""]
    with (
        beside.running([sys.executable, "-m", "iam.cli", *play], settings.state_dir / "oneroster-rest.log") as school,
        beside.running(serve, settings.state_dir / "directory.log") as staff,
    ):
        for key, child, scheme in ((DIRECTORY, staff, "ldap"), (ROSTER, school, "http")):
            if key == DIRECTORY and slapd is None:
                found.append(Joined(key, How.MISSING))
            elif not beside.answers(child, ports[key]):
                found.append(Joined(key, How.FAILED))
            else:
                _name(sessions, vault, consortium / _DECLARED[key], key, f"{scheme}://{HOST}:{ports[key]}")
                found.append(Joined(key, How.RUNS))
        yield found


def _name(sessions: sessionmaker[Session], vault: Vault, file: Path, key: str, url: str) -> None:
    """Declare the source, unless it is there and leads to where the system answers: what somebody changed of it
    stays."""
    with sessions.begin() as session:
        settings = session.scalar(select(Source.settings).where(Source.key == key))
        if settings is not None and str(settings.get("url", "")).startswith(url):
            return
        report = run_apply(session, [file], {"URL": url}, SYSTEM, vault)
        if report.problems:
            raise Invalid(*report.problems)
