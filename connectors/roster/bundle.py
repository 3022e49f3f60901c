"""A bundle of files, in a folder or a zip file, of which nothing but plain files at its root is ever opened."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

from connectors.contract import Malformed, Refused
from connectors.csv_text import ByteSource
from connectors.input_file import InputFile
from connectors.problem import Problem

MOST_MEMBERS = 100
MOST_BYTES = 8 << 30
"""Unpacked, all members together."""
HIGHEST_RATIO = 200
"""Unpacked to packed bytes; rosters come to less than 30."""

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Bundle(Protocol):
    """What is read from: ``names`` are the files at its root, with their endings."""

    names: frozenset[str]

    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        """Open one of ``names``; raises ``ConnectorError``, and so may the context's end, when the file changed
        meanwhile."""


def not_absolute(path: Path) -> list[Problem]:
    """Return the problem of a bundle's path that is not absolute."""
    if path.is_absolute():
        return []
    return [Problem("The path is not absolute.", "Write it from the root, as in /srv/feeds/roster.zip.", field="path")]


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open the folder or zip file at ``path``; raises ``Unreachable``, ``Refused`` or ``Malformed``."""
    try:
        folder = _Folder(path) if path.is_dir() else None
    except PermissionError:
        raise Refused(_forbidden(path.name)) from None
    if folder is not None:
        yield folder
        return
    with InputFile(path) as file:
        with _zip_errors(file.name):
            archive = zipfile.ZipFile(file.stream)
        with archive:
            yield _Archive(archive, file)


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = frozenset(entry.name for entry in path.iterdir())

    @contextmanager
    def open(self, name: str) -> Iterator[ByteSource]:
        with InputFile(self._path / name, follow=False) as file:
            yield file.stream
            file.require_unchanged()


class _Archive:
    def __init__(self, archive: zipfile.ZipFile, file: InputFile) -> None:
        members = archive.infolist()
        self._archive = archive
        self._file = file
        _require_sane(members, file.name)
        self.names = frozenset(member.filename for member in members)

    @contextmanager
    def open(self, name: str) -> Iterator[ByteSource]:
        with _zip_errors(name):
            stream = self._archive.open(name)
        with stream:
            yield _Member(stream, name)
            self._file.require_unchanged()


class _Member:
    """A member of an archive whose broken packing is a problem of the input, not an error of ours."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name

    def read(self, size: int, /) -> bytes:
        with _zip_errors(self._name):
            return self._stream.read(size)


@contextmanager
def _zip_errors(name: str) -> Iterator[None]:
    try:
        yield
    except _ZIP_ERRORS:
        raise Malformed(_broken(name)) from None


def _require_sane(members: list[zipfile.ZipInfo], name: str) -> None:
    """Raise ``Malformed`` for members before the file's beginning, path tricks, repeated names, links, encryption and
    bombs."""
    if any(member.header_offset < 0 for member in members):
        raise Malformed(_broken(name))
    names = [member.filename for member in members]
    if any(part in each for each in names for part in ("/", "\\", ":", "\0")) or {".", "..", ""} & set(names):
        raise Malformed(_not_at_root(name))
    if len(set(names)) != len(names) or any(_is_odd(member) for member in members):
        raise Malformed(_odd_members(name))
    unpacked = sum(member.file_size for member in members)
    packed = max((member.header_offset + member.compress_size for member in members), default=0)
    if len(members) > MOST_MEMBERS or unpacked > MOST_BYTES or unpacked > HIGHEST_RATIO * max(packed, 1024):
        raise Malformed(_bomb(name))


def _is_odd(member: zipfile.ZipInfo) -> bool:
    encrypted = bool(member.flag_bits & 1)
    link = stat.S_ISLNK(member.external_attr >> 16)
    return encrypted or link or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _forbidden(name: str) -> Problem:
    return Problem("The bundle may not be read.", "Give the account of the service permission to read it.", name)


def _broken(name: str) -> Problem:
    return Problem("The zip file is broken.", "Send the bundle again.", name)


def _not_at_root(name: str) -> Problem:
    return Problem("The zip file has folders or paths in it.", "Pack the CSV files themselves, without a folder.", name)


def _odd_members(name: str) -> Problem:
    return Problem(
        "The zip file has encrypted, linked, repeated or unusually packed members.",
        "Pack every CSV file once, with ordinary compression and no password.",
        name,
    )


def _bomb(name: str) -> Problem:
    return Problem(
        "The zip file unpacks to more than a roster ever holds.",
        "Check who sent it; a bundle has at most %(members)d files and unpacks to at most %(ratio)d times its size.",
        name,
        params={"members": MOST_MEMBERS, "ratio": HIGHEST_RATIO},
    )
