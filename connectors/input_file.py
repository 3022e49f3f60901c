"""Opening one input file: only a regular one, and only as long as nobody writes to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, Self

from connectors.contract import Malformed, Refused, Retryable, Unreachable
from connectors.problem import Problem


class InputFile:
    """A regular file opened for reading; a context manager over the binary stream ``stream``.

    ``name`` is the last part of the path, for messages. Raises ``Unreachable`` when there is no such file, ``Refused``
    when it may not be read, and ``Malformed`` when it is a folder, a pipe, or (with ``follow`` false) a symbolic link.
    """

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        self.name = path.name
        descriptor = _open(path, follow)
        self._before = os.fstat(descriptor)
        if not stat.S_ISREG(self._before.st_mode):
            os.close(descriptor)
            raise Malformed(_not_regular(self.name))
        self.stream: BinaryIO = os.fdopen(descriptor, "rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def require_unchanged(self) -> None:
        """Raise ``Retryable`` when the file was written to since it was opened: a transfer is still going on."""
        now = os.fstat(self.stream.fileno())
        if (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise Retryable(
                Problem(
                    "The file changed while it was read.",
                    (
                        "Run the source again when the transfer has ended; let the sender rename the file when it "
                        "is whole."
                    ),
                    file=self.name,
                )
            )


def _open(path: Path, follow: bool) -> int:
    # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    if not follow and path.is_symlink():
        raise Malformed(_not_regular(path.name))
    try:
        return os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise Unreachable(_missing(path.name)) from None
    except PermissionError:
        raise Refused(_forbidden(path.name)) from None
    except OSError as error:
        raise Unreachable(_unreadable(path.name, error)) from None


def _missing(name: str) -> Problem:
    return Problem("The file is not there.", "Check the setting path, and that the transfer has run.", file=name)


def _forbidden(name: str) -> Problem:
    return Problem("The file may not be read.", "Give the account of the service permission to read it.", file=name)


def _unreadable(name: str, error: OSError) -> Problem:
    reason = {"reason": os.strerror(error.errno) if error.errno else "unknown"}
    return Problem("The file cannot be opened: %(reason)s.", "Check the setting path.", file=name, params=reason)


def _not_regular(name: str) -> Problem:
    return Problem(
        "This is not a plain file.", "Name a plain file, not a folder, a link inside a bundle, or a pipe.", file=name
    )
