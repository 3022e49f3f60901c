"""Runs a script of this folder with node: the relying party is npm ``openid-client``, the person and her browser are
here."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.kit.servers.https import SecureAvain
from tests.relying.person import Person

FOLDER = Path(__file__).parent
LIMIT = 60
"""Seconds that a script may take in all."""


class Party:
    """A relying party at the provider, and the people who go there from it, each with one browser for as long as the
    party lives."""

    def __init__(self, provider: SecureAvain, **given: Any) -> None:
        """``given`` is what every script is told besides the issuer."""
        self.provider, self.given = provider, {"issuer": provider.issuer, **given}
        self.people: dict[str, Person] = {}

    def person(self, login: str) -> Person:
        """Return somebody with her browser."""
        if login not in self.people:
            self.people[login] = Person(login, self.provider.issuer, self.provider.ca_file)
        return self.people[login]

    def run(self, script: str, **given: Any) -> dict[str, Any]:
        """Run ``script``.mjs and return what it learnt; it is told ``given``, and its visits are made for it."""
        command = ["timeout", str(LIMIT), "node", f"{script}.mjs", json.dumps(self.given | given)]
        surroundings = os.environ | {"NODE_EXTRA_CA_CERTS": str(self.provider.ca_file)}
        with subprocess.Popen(
            command,
            cwd=FOLDER,
            env=surroundings,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            learnt = None
            for line in process.stdout:
                said = json.loads(line)
                if "visit" in said:
                    process.stdin.write(json.dumps(asdict(self.person(said["person"]).visit(said["visit"]))) + "\n")
                    process.stdin.flush()
                else:
                    learnt = said["learnt"]
            complaint = process.stderr.read()
        assert process.returncode == 0, f"{script}: {complaint}"
        assert isinstance(learnt, dict), f"{script} learnt nothing: {complaint}"
        return learnt
