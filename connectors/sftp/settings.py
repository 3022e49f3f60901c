"""Settings of a folder of another server, and what can be wrong with them before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import Field, SecretStr

from connectors.contract import Refused, Settings
from connectors.problem import Problem
from connectors.sftp.keys import expected, private_key

SECRETS_GO_BY = frozenset({"host", "port", "username", "host_key"})
"""The settings that say to whom the secrets are shown."""
_WAYS = ("private_key", "private_key_file", "password", "password_file")


class SftpSettings(Settings):
    """A folder of an SFTP server, which proves itself by ``host_key``."""

    secrets_go_by: ClassVar[frozenset[str] | None] = SECRETS_GO_BY

    host: str = Field(min_length=1, description="The server's name or address.")
    port: int = Field(default=22, ge=1, le=65_535)
    username: str = Field(min_length=1, description="Whom the service signs in as.")
    folder: str = Field(min_length=1, description="The folder on that server whose newest file is read.")
    host_key: str = Field(
        min_length=1, description="The server's public key as one line, or its fingerprint: SHA256:… Ask its keeper."
    )
    private_key: SecretStr | None = Field(default=None, description="The key that the service signs in with, whole.")
    private_key_file: Path | None = Field(default=None, description="A file with the key, in place of it.")
    password: SecretStr | None = Field(default=None, description="In place of a key.")
    password_file: Path | None = Field(default=None, description="A file with the password, in place of it.")
    deadline_seconds: float = Field(default=300, gt=0, le=3600, description="For everything, to the last byte.")


def problems(settings: SftpSettings, field: str) -> Iterator[Problem]:
    """Yield what is wrong with settings that stand in ``field``, without touching the server or a file."""
    if not settings.host.isprintable() or any(sign in settings.host for sign in " /@[]"):
        yield Problem("This is no name of a server.", "Write it as in sftp.example.org.", field=f"{field}.host")
    if expected(settings.host_key) is None:
        yield Problem(
            "This is no key of a server.",
            "Write the line of its public key, or its fingerprint as SHA256:…, as its keeper tells it.",
            field=f"{field}.host_key",
        )
    given = [name for name in _WAYS if getattr(settings, name) is not None]
    if len(given) != 1:
        yield Problem(
            "There must be one way to sign in.",
            "Set one of private_key, private_key_file, password and password_file.",
            field=f"{field}.{given[1] if given else 'private_key'}",
        )
    elif settings.password is not None and not settings.password:
        yield Problem("The password is empty.", "Set the password of username.", field=f"{field}.password")
    elif settings.private_key is not None and private_key(settings.private_key.get_secret_value()) is None:
        yield no_key(f"{field}.private_key")


def no_key(field: str) -> Problem:
    """Return the problem of something in ``field`` that is no private key."""
    return Problem(
        "This is no private key that can be used.",
        "Give an OpenSSH or PEM key (Ed25519, ECDSA, RSA of 2048 bits or more) whole, without a password of its own.",
        field=field,
    )


def written(path: Path, field: str) -> str:
    """Return what a file of secrets holds; raises ``Refused`` when it cannot be read or is empty."""
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise Refused(
            Problem(
                "The secret cannot be read from its file, or is empty.",
                "Put the secret into the file, readable by the account of the service.",
                field=field,
            )
        )
    return text
