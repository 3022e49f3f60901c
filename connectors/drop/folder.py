"""A drop folder of this server."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from connectors.contract import Refused, Unreachable
from connectors.drop.choice import Arrival, Look
from connectors.input_file import InputFile
from connectors.problem import Problem


@dataclass(frozen=True, slots=True)
class DropFolder:
    """The folder ``path``, as ``Listing`` says; links and folders in it are passed over."""

    path: Path
    field: str = "folder"

    def names(self) -> list[str]:
        """See ``Listing``; raises ``Refused`` when the folder may not be read, ``Unreachable`` when it is not there."""
        try:
            with os.scandir(self.path) as entries:
                return [entry.name for entry in entries]
        except PermissionError:
            told = Problem(
                "The folder may not be read.", "Give the account of the service permission to read it.", field="folder"
            )
            raise Refused(told) from None
        except OSError:
            raise Unreachable(
                Problem("The folder is not there.", "Check the setting folder, and that it is mounted.", field="folder")
            ) from None

    def look(self, name: str) -> Look | None:
        """See ``Listing``."""
        try:
            status = (self.path / name).lstat()
        except OSError:
            return None  # taken away since the folder was looked at
        return Look(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def opened(folder: DropFolder, found: Arrival) -> InputFile:
    """Open a file that was found in ``folder``; raises ``Retryable`` when it is another than it was when it was looked
    at, and what ``InputFile`` raises."""
    file = InputFile(folder.path / found.name, follow=False)
    now = os.fstat(file.stream.fileno())
    try:
        found.require_same(Look(now.st_size, now.st_mtime_ns))
    except BaseException:
        file.stream.close()
        raise
    return file
