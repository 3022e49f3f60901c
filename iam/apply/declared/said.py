"""The texts of a declaration's files as they were read: what is applied, and what waits sealed for a second person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Said:
    """Files by name with their texts, in the order given (None: it cannot be read, and a folder without any text is
    named alone), and what ``${NAME}`` stands for."""

    files: Sequence[tuple[str, str | None]]
    variables: Mapping[str, str]

    @classmethod
    def by(cls, paths: Sequence[Path], variables: Mapping[str, str]) -> Self:
        """Read files, and of folders every ``*.yaml`` in the order of names; never raises for what they hold."""
        return cls([one for path in paths for one in _texts(path)], dict(variables))

    def packed(self) -> bytes:
        """Return it in bytes, to be sealed: files may hold secrets and first passwords."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """Return what ``packed`` gave."""
        found = json.loads(packed)
        return cls([(name, text) for name, text in found["files"]], found["variables"])


def _texts(path: Path) -> Iterator[tuple[str, str | None]]:
    found = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    yield from ((str(file), _text(file)) for file in found or [path])


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
