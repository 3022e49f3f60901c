"""``iam demo``: the demonstration's files, and the demonstration itself."""

from __future__ import annotations

from iam.cli.demo.run import run
from iam.demo.cli import demo

demo.add_command(run)

__all__ = ["demo"]
