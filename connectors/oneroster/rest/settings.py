"""Settings of a OneRoster source that is asked over REST, and what can be wrong with them before it is asked."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from connectors.contract import Refused, Settings
from connectors.network.link import Place
from connectors.problem import Problem

SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
_PORTS = {"https": 443, "http": 80}


class OneRosterRestSettings(Settings):
    """Settings of a OneRoster server. The connection is https, and the certificate is always verified."""

    secrets_go_by: ClassVar[frozenset[str] | None] = frozenset({"url", "token_url"})

    url: str = Field(description="The service's address, up to and with /ims/oneroster/rostering/v1p2.")
    token_url: str = Field(description="Where a token is asked for (OAuth 2.0 client credentials).")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = Field(default=None, description="A file with the secret, in place of it.")
    scope: str = SCOPE
    ca_file: Path | None = Field(default=None, description="Authorities to trust, PEM; without it the system's.")
    page_size: int = Field(default=500, ge=1, le=10_000)
    deadline_seconds: float = Field(default=30, gt=0, le=300, description="For every answer, to its last byte.")
    total_seconds: float = Field(default=1800, gt=0, le=21_600, description="For a whole reading.")
    retry_seconds: float = Field(default=1, ge=0, le=60, description="Before the second try; doubled before each next.")
    full_every_days: int = Field(default=7, ge=0, le=366, description="How often everything is read; 0: every time.")


def place(url: str, field: str) -> Place:
    """Return where an address leads; raises ``Refused`` for one that ``problems`` objects to."""
    found = _url_problem(url, field)
    if found is not None:
        raise Refused(found)
    parts = urlsplit(url)
    return Place(str(parts.hostname), parts.port or _PORTS[parts.scheme], parts.scheme == "https", parts.path)


def client_secret(settings: OneRosterRestSettings) -> str:
    """Return the secret of ``client_id``; raises ``Refused`` when its file cannot be read or is empty."""
    if settings.client_secret is not None:
        return settings.client_secret.get_secret_value()
    try:
        secret = Path(str(settings.client_secret_file)).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise Refused(
            Problem(
                "The secret cannot be read from its file, or is empty.",
                "Put the secret into the file, readable by the account of the service.",
                field="client_secret_file",
            )
        )
    return secret


def problems(settings: OneRosterRestSettings) -> list[Problem]:
    """Return what is wrong with the settings, without touching the server or a file."""
    urls = (_url_problem(settings.url, "url"), _url_problem(settings.token_url, "token_url"))
    found = [problem for problem in urls if problem is not None]
    given = settings.client_secret is not None
    if given == (settings.client_secret_file is not None):
        wrong = Problem("There must be one secret.", "Set client_secret or client_secret_file.", field="client_secret")
        found.append(wrong)
    elif given and not settings.client_secret:
        found.append(Problem("The secret is empty.", "Set the secret of client_id.", field="client_secret"))
    return found


def _url_problem(url: str, field: str) -> Problem | None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in _PORTS and parts.hostname and parts.port != 0 and url.isascii() and url.isprintable()
    except ValueError:
        sound = False
    if not sound or " " in url or parts.query or parts.fragment or parts.username is not None:
        return Problem(
            "This is no address of a service.", "Write it as in https://roster.example.org/path.", field=field
        )
    if parts.scheme == "http" and not _is_loopback(str(parts.hostname)):
        return Problem("A plain connection may lead to this computer only.", "Use https://.", field=field)
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
