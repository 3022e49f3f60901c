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
    there.does("apply", "-f", str(file))
    there.does("source", "run", payroll.KEY, "--as", FIRST, code=3)
    there.does("plan", "approve", f"source/{payroll.KEY}", "--as", second)
    again = there.export()
    there.does("apply", "-f", str(file))
    assert there.export() == again, "applied once more it changes nothing"
    return again
