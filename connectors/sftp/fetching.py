"""The newest file of another server's folder, fetched into one of ours that is gone as soon as it is closed."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO

import paramiko

from connectors.contract import ConnectorError
from connectors.drop.choice import Arrival, Look, Wanted, newest
from connectors.input_file import InputFile
from connectors.network.deadline import Deadline, DeadlinePassed
from connectors.sftp import faults
from connectors.sftp.session import Line, session
from connectors.sftp.settings import SftpSettings

MOST = 256 << 20
"""Bytes of a file that is fetched."""
_PIECE = 32 << 10
"""Bytes asked for at a time: more are not sent by every server."""


def fetched(
    settings: SftpSettings, wanted: Wanted, last: str | None = None, field: str = "sftp"
) -> tuple[InputFile, str]:
    """Fetch the newest file of the folder, and return it open, with its checkpoint. Nothing there is changed.

    ``field`` is the setting in which ``settings`` stand. Raises ``ConnectorError``: what ``newest`` says of the folder,
    and what can be wrong with a server.
    """
    line, deadline = Line(), Deadline(settings.deadline_seconds)
    try:
        return deadline.run(lambda: _fetched(settings, wanted, last, field, line, deadline), line.cut)
    except DeadlinePassed:
        raise faults.too_slow(field) from None


def _fetched(
    settings: SftpSettings, wanted: Wanted, last: str | None, field: str, line: Line, deadline: Deadline
) -> tuple[InputFile, str]:
    with session(settings, field, line, deadline) as client:
        try:
            folder = RemoteFolder(
                client, PurePosixPath(settings.folder), f"{field}.folder", _seen(client, settings, field)
            )
            found = newest(folder, wanted, last)
            with TemporaryDirectory(prefix="avain-") as place:
                path = Path(place) / found.name
                _copy(client, folder, found, path)
                # The open file outlives its name: nothing is left behind, however this ends.
                return InputFile(path), found.order.packed()
        except ConnectorError:
            raise
        except faults.BROKEN:
            raise faults.cut(field) from None


class RemoteFolder:
    """A folder of another server as it was looked at once, see ``Listing``."""

    def __init__(
        self, client: paramiko.SFTPClient, path: PurePosixPath, field: str, seen: Mapping[str, Look | None]
    ) -> None:
        self._client, self.path, self.field, self._seen = client, path, field, seen

    def names(self) -> list[str]:
        """See ``Listing``."""
        return [*self._seen]

    def look(self, name: str) -> Look | None:
        """See ``Listing``: what was seen when the folder was looked at."""
        return self._seen.get(name)

    def look_again(self, name: str) -> Look | None:
        """Return what is seen of a file now."""
        try:
            return _look(self._client.lstat(str(self.path / name)))
        except FileNotFoundError:
            return None


def _seen(client: paramiko.SFTPClient, settings: SftpSettings, field: str) -> dict[str, Look | None]:
    try:
        seen = {one.filename: _look(one) for one in client.listdir_attr(settings.folder)}
    except UnicodeDecodeError:
        raise faults.strange_name(field) from None
    except OSError as error:
        if _is_told(error):
            raise faults.of_folder(error, field) from None
        raise
    # A name becomes one of ours: it must lead nowhere.
    return {name: look for name, look in seen.items() if "/" not in name and "\0" not in name}


def _look(status: paramiko.SFTPAttributes) -> Look | None:
    """Return what a server tells of a plain file; links and folders are passed over."""
    if status.st_mode is None or not stat.S_ISREG(status.st_mode) or status.st_size is None:
        return None
    return Look(status.st_size, (status.st_mtime or 0) * 10**9)


def _is_told(error: OSError) -> bool:
    """Whether it is the server's answer, and no broken connection."""
    return not isinstance(error, (ConnectionError, TimeoutError)) and str(error) != "Socket is closed"


def _copy(client: paramiko.SFTPClient, folder: RemoteFolder, found: Arrival, path: Path) -> None:
    """Copy a file that stays as it was seen; raises ``ConnectorError``."""
    if found.size > MOST:
        raise faults.too_large(found.name, MOST)
    try:
        theirs = client.open(str(folder.path / found.name), "rb", bufsize=_PIECE)
    except OSError as error:
        if _is_told(error):
            raise faults.of_file(error, found.name) from None
        raise
    with theirs, _ours(path, found.name) as ours:
        found.require_same(_look(theirs.stat()))
        _move(theirs, ours, found)
    if folder.look_again(found.name) != Look(found.size, found.order.changed):
        raise faults.grew(found.name)


def _move(theirs: paramiko.SFTPFile, ours: BinaryIO, found: Arrival) -> None:
    left = found.size
    # One byte more is asked for than is expected, to see a file that grew.
    while piece := theirs.read(min(_PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            break
        try:
            ours.write(piece)
            ours.flush()
        except OSError:
            raise faults.no_room(found.name) from None
    if left:
        raise faults.grew(found.name)


def _ours(path: Path, name: str) -> BinaryIO:
    try:
        return path.open("xb")
    except OSError:
        raise faults.no_room(name) from None
