"""Whether a spreadsheet may be opened at all: its kind, its size unpacked, and its password; told before anything of it
is unpacked."""

from __future__ import annotations

import io
import zipfile
from enum import StrEnum

MOST_BYTES = 64 << 20
"""Bytes of a spreadsheet as it is sent."""
MOST_UNPACKED = 512 << 20
"""Bytes of its parts unpacked; what a file says falsely of them is caught by the limits of the process."""

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream in which an .xlsx with a password lies ([MS-OFFCRYPTO] 2.3.4.4)."""


class Wrong(StrEnum):
    """Why a spreadsheet is not read."""

    BROKEN = "broken"
    ENCRYPTED = "encrypted"
    LARGE = "large"
    BINARY = "binary"
    NO_SHEET = "no sheet"


class NotRead(Exception):
    """The spreadsheet is not read; ``wrong`` says why, ``sheets`` which it has where one was asked for in vain."""

    def __init__(self, wrong: Wrong, sheets: tuple[str, ...] = ()) -> None:
        super().__init__(wrong)
        self.wrong, self.sheets = wrong, sheets


def is_spreadsheet(beginning: bytes) -> bool:
    """Whether a file that begins so is a spreadsheet, whatever its name says."""
    return beginning.startswith((ZIP, OLE))


def parts(data: bytes) -> zipfile.ZipFile | None:
    """Return the parts of an .xlsx or .ods file, and None of an .xls one; raises ``NotRead``."""
    if data.startswith(OLE):
        if _ENCRYPTED in data:
            raise NotRead(Wrong.ENCRYPTED)
        return None
    try:
        found = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError):
        raise NotRead(Wrong.BROKEN) from None
    if sum(one.file_size for one in found.infolist()) > MOST_UNPACKED:
        raise NotRead(Wrong.LARGE)
    names = found.namelist()
    if "xl/workbook.bin" in names:
        raise NotRead(Wrong.BINARY)
    if "META-INF/manifest.xml" in names and b"encryption-data" in found.read("META-INF/manifest.xml"):
        raise NotRead(Wrong.ENCRYPTED)
    return found
