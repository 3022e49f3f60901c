"""An application that does nothing, served as the service is: what no request can go below."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import requests
from flask import Flask

from iam.settings import Listen
from iam.web.edge.door import Door
from tests.kit.servers.ports import HOST, free_port
from tests.kit.servers.process import Server


def create_app() -> Door:
    """Return an application that answers nothing to ``/``, behind the door that the service has."""
    app = Flask("nothing")
    app.add_url_rule("/", view_func=lambda: "")
    return Door(app, Listen(threads=8))


class Nothing(Server):
    """The application in one process of the server that ``iam serve`` uses."""

    name = "nothing"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        """See ``Server``."""
        where = ["--host", HOST, "--port", str(self.port), "--workers", "1", "--no-ws"]
        return [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "rsgi",
            "--factory",
            *where,
            "benchmarks.nothing:create_app",
        ]

    def environment(self) -> Mapping[str, str]:
        """See ``Server``."""
        return {**super().environment(), "PYTHONPATH": ":".join(path for path in sys.path if path)}

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return requests.get(self.url, timeout=2).status_code == 200
        except requests.RequestException:
            return False
