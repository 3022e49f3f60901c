"""The repository as the architecture tests read it: every file that would be committed, and the parts of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
"""The top folder of the repository."""

CODE = ("iam", "connectors", "admin_ui")
"""The three packages of the program, as one straight line holds them."""

_NOT_OURS = {".git", ".venv", "var", "dist", "node_modules", "__pycache__"}
_CACHES = ("_cache", ".egg-info", ".hypothesis")


def files(folder: Path = TOP) -> Iterator[Path]:
    """Every file under ``folder`` but version control, the virtual environment, state and caches."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _NOT_OURS and not name.endswith(_CACHES))
        yield from (Path(parent, name) for name in sorted(names))


def texts(folder: Path = TOP) -> Iterator[tuple[str, str]]:
    """Path from the top, and content, of every file under ``folder`` that is text."""
    for path in files(folder):
        try:
            yield str(path.relative_to(TOP)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules() -> Iterator[Path]:
    """Every Python file of the program."""
    for package in CODE:
        yield from (path for path in files(TOP / package) if path.suffix == ".py")
