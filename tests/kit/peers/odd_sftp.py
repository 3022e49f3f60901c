"""An SFTP server that real ones are not: it lets in by password, and tells of files what it likes."""

from __future__ import annotations

import socket
import stat
from threading import Thread
from types import TracebackType
from typing import Self

import paramiko

from tests.kit.servers.ports import HOST

USERNAME, PASSWORD = "palkat", "Kissa-ja-koira-7"


class OddSftp:
    """Serves ``files`` (name, what is in it) as the folder ``/``; ``sizes`` tells other sizes than they have."""

    def __init__(self, files: dict[str, bytes], sizes: dict[str, int] | None = None) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._host_key = paramiko.ECDSAKey.generate()
        self._files, self._sizes = files, sizes or {}
        self._transports: list[paramiko.Transport] = []
        self._thread = Thread(target=self._serve, daemon=True)

    @property
    def host_key(self) -> str:
        """The line of its public key."""
        return f"{self._host_key.get_name()} {self._host_key.get_base64()}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for transport in self._transports:
            transport.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link)
            transport.set_log_channel("connectors.sftp.protocol")
            transport.add_server_key(self._host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self._files, self._sizes)
            self._transports.append(transport)
            try:
                transport.start_server(server=_Doorkeeper())
            except (paramiko.SSHException, EOFError):
                transport.close()


class _Doorkeeper(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        known = (username, password) == (USERNAME, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, files: dict[str, bytes], sizes: dict[str, int]) -> None:
        super().__init__(server)
        self._files, self._sizes = files, sizes

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        return [self.tell(name) for name in self._files]

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        name = path.removeprefix("/")
        return self.tell(name) if name in self._files else paramiko.SFTP_NO_SUCH_FILE

    stat = lstat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        name = path.removeprefix("/")
        return _File(self, name, self._files[name]) if name in self._files else paramiko.SFTP_NO_SUCH_FILE

    def tell(self, name: str) -> paramiko.SFTPAttributes:
        told = paramiko.SFTPAttributes()
        told.filename, told.st_mode, told.st_mtime, told.st_atime = name, stat.S_IFREG | 0o600, 1_000_000_000, 0
        told.st_size = self._sizes.get(name, len(self._files[name]))
        return told


class _File(paramiko.SFTPHandle):
    def __init__(self, folder: _Folder, name: str, data: bytes) -> None:
        super().__init__()
        self._folder, self._name, self._data = folder, name, data

    def stat(self) -> paramiko.SFTPAttributes:
        return self._folder.tell(self._name)

    def read(self, offset: int, length: int) -> bytes | int:
        return self._data[offset : offset + length] or paramiko.SFTP_EOF
