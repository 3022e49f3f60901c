"""A real SFTP server: OpenSSH's sshd for the account that the tests run as, with keys of its own."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from tests.kit.servers.ports import HOST, answers, free_port
from tests.kit.servers.process import Server

_PROGRAM = "/usr/sbin/sshd"
_NO_PENALTIES = "PerSourcePenalties no"
"""Newer ones shut out an address from which wrong keys come, which here is everybody's."""
_CONFIGURATION = """\
ListenAddress {host}:{port}
HostKey {folder}/host_ed25519
HostKey {folder}/host_ecdsa
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication yes
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
ForceCommand internal-sftp
LogLevel VERBOSE
{more}
"""


class Sshd(Server):
    """sshd that lets ``username`` in with ``key``, to every folder; ``host_key`` and ``host_ecdsa`` are its own keys."""

    name = "sshd"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.username = pwd.getpwuid(os.geteuid()).pw_name

    @property
    def key(self) -> str:
        """The private key that it lets in."""
        return (self.folder / "client").read_text()

    @property
    def other_key(self) -> str:
        """A private key that it does not know."""
        return (self.folder / "stranger").read_text()

    @property
    def host_key(self) -> str:
        """The line of its public key."""
        return (self.folder / "host_ed25519.pub").read_text().strip()

    @property
    def ecdsa_fingerprint(self) -> str:
        """The fingerprint of its other key, as ``ssh-keygen`` tells it."""
        command = ["ssh-keygen", "-l", "-f", str(self.folder / "host_ecdsa.pub")]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout.split()[1]

    def settings(self, folder: Path | str, /, **others: Any) -> dict[str, Any]:
        """Return the settings of a folder there; ``others`` come before the usual ones, those that are None are left
        out."""
        usual = {
            "host": HOST,
            "port": self.port,
            "username": self.username,
            "folder": str(folder),
            "host_key": self.host_key,
            "private_key": self.key,
        }
        return {name: value for name, value in {**usual, **others}.items() if value is not None}

    def prepare(self) -> None:
        """Make keys and write the configuration."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for name, kind in (
            ("host_ed25519", "ed25519"),
            ("host_ecdsa", "ecdsa"),
            ("client", "ed25519"),
            ("stranger", "ed25519"),
        ):
            self.run_first(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "tests", "-f", str(self.folder / name)])
        (self.folder / "authorized").write_bytes((self.folder / "client.pub").read_bytes())
        self._write(_NO_PENALTIES)
        if subprocess.run([_PROGRAM, "-t", "-f", self._configuration], check=False, capture_output=True).returncode:
            self._write("")

    def command(self) -> list[str]:
        """See ``Server``."""
        return [_PROGRAM, "-D", "-e", "-f", str(self._configuration)]

    def ready(self) -> bool:
        """See ``Server``."""
        return answers(self.port)

    def _write(self, more: str) -> None:
        self._configuration.write_text(_CONFIGURATION.format(host=HOST, port=self.port, folder=self.folder, more=more))

    @property
    def _configuration(self) -> Path:
        return self.folder / "sshd_config"
