"""An export applied to an empty installation elsewhere, whose source is then run: accounts wait for their people."""

from __future__ import annotations

from pathlib import Path

from tests.kit.beginning import payroll
from tests.kit.beginning.installation import FIRST, Installation


def export_there(database_url: str, state: Path, told: str, second: str) -> str:
    """Apply what an export told, run the source there and let ``second`` accept it; what is exported then."""
    state.mkdir()
    there, file = Installation(database_url, state), state / "export.yaml"
    file.write_text(told, encoding="utf-8")
    _done(there, 0, "apply", "-f", str(file))
    _done(there, 3, "source", "run", payroll.KEY, "--as", FIRST)
    _done(there, 0, "plan", "approve", f"source/{payroll.KEY}", "--as", second)
    again = there.export()
    _done(there, 0, "apply", "-f", str(file))
    assert there.export() == again, "applied once more it changes nothing"
    return again


def _done(there: Installation, code: int, *command: str) -> None:
    done = there.iam(*command)
    assert done.returncode == code, (command, done.stdout, done.stderr)
