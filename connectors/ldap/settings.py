"""Settings of an LDAP source, and what can be wrong with them before anything is asked of the directory."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from ldap3.core.exceptions import LDAPExceptionError
from ldap3.operation.search import parse_filter
from ldap3.utils.dn import parse_dn
from pydantic import Field, SecretStr

from connectors.contract import Refused, Settings
from connectors.problem import Problem

_ATTRIBUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*")
_PASSWORD_ATTRIBUTES = {"userpassword", "unicodepwd", "authpassword", "sambantpassword", "sambalmpassword"}
ENTRY_UUID, OBJECT_GUID = "entryUUID", "objectGUID"
_PORTS = {"ldap": 389, "ldaps": 636}


class LdapSettings(Settings):
    """Settings of an LDAP source. The connection is LDAPS or StartTLS, and the certificate is always verified."""

    secrets_go_by: ClassVar[frozenset[str] | None] = frozenset({"url", "starttls", "plaintext", "ca_file"})

    url: str = Field(description="ldaps://host[:port], or ldap://host[:port] with StartTLS.")
    starttls: bool = Field(default=True, description="Begin TLS on an ldap:// connection before anything is sent.")
    plaintext: bool = Field(default=False, description="Do without TLS; only to this computer itself.")
    ca_file: Path | None = Field(default=None, description="Authorities to trust, PEM; without it the system's.")
    bind_dn: str = Field(description="Whom the service binds as to search.")
    bind_password: SecretStr | None = None
    bind_password_file: Path | None = Field(default=None, description="A file with the password, in place of it.")
    base_dn: str = Field(description="Under which persons and groups are.")
    person_filter: str = "(objectClass=inetOrgPerson)"
    group_filter: str = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
    person_attributes: tuple[str, ...] = (
        "uid",
        "cn",
        "givenName",
        "sn",
        "displayName",
        "mail",
        "employeeNumber",
    )
    login_attribute: str = "uid"
    id_attribute: Literal["entryUUID", "objectGUID"] = Field(
        default="entryUUID", description="What an entry is known by over renamings: objectGUID in Active Directory."
    )
    page_size: int = Field(default=500, ge=1, le=5000)
    processes: int = Field(
        default=1, ge=1, le=4, description="How many processes read the persons of a large OpenLDAP, each a part."
    )
    deadline_seconds: float = Field(default=10, gt=0, le=300, description="For connecting, and for every page.")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the directory is; ``tls`` is ``ldaps``, ``starttls`` or ``none``."""

    host: str
    port: int
    tls: str


def address(settings: LdapSettings) -> Address:
    """Return where and how to connect; raises ``Refused`` for settings that ``problems`` objects to."""
    found = problems(settings)
    if found:
        raise Refused(found[0])
    parts = urlsplit(settings.url)
    tls = "ldaps" if parts.scheme == "ldaps" else "none" if settings.plaintext else "starttls"
    return Address(str(parts.hostname), parts.port or _PORTS[parts.scheme], tls)


def bind_password(settings: LdapSettings) -> str:
    """Return the password of ``bind_dn``; raises ``Refused`` when its file cannot be read or is empty."""
    if settings.bind_password is not None:
        return settings.bind_password.get_secret_value()
    try:
        password = Path(str(settings.bind_password_file)).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        password = ""
    if not password:
        raise Refused(
            Problem(
                "The password cannot be read from its file, or is empty.",
                "Put the password into the file, readable by the account of the service.",
                field="bind_password_file",
            )
        )
    return password


def problems(settings: LdapSettings) -> list[Problem]:
    """Return what is wrong with the settings, without touching the directory or a file."""
    found = [*_url_problems(settings), *_password_problems(settings)]
    for name in ("bind_dn", "base_dn"):
        if not _is_dn(getattr(settings, name)):
            found.append(Problem("This is no distinguished name.", "Write it as in dc=example,dc=org.", field=name))
    for name in ("person_filter", "group_filter"):
        if not _is_filter(getattr(settings, name)):
            found.append(Problem("This is no LDAP filter.", "Write it as in (objectClass=person).", field=name))
    for name in ("person_attributes", "login_attribute"):
        value = getattr(settings, name)
        if not all(map(_may_be_read, (value,) if isinstance(value, str) else value)):
            found.append(
                Problem("This is no name of an attribute, or one of a password.", "Correct the name.", field=name)
            )
    return found


def _url_problems(settings: LdapSettings) -> list[Problem]:
    try:
        parts = urlsplit(settings.url)
        sound = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:
        return [_wrong_url()]
    if not sound or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        return [_wrong_url()]
    if parts.scheme == "ldaps" and settings.plaintext:
        return [Problem("An ldaps:// connection is never plain.", "Remove plaintext.", field="plaintext")]
    if settings.plaintext and not _is_loopback(str(parts.hostname)):
        return [
            Problem(
                "A plain connection may lead to this computer only.",
                "Use ldaps://, or ldap:// with starttls.",
                field="plaintext",
            )
        ]
    if parts.scheme == "ldap" and not settings.starttls and not settings.plaintext:
        return [
            Problem(
                "The connection would not be encrypted.",
                "Use ldaps://, or set starttls; plaintext is for this computer only.",
                field="starttls",
            )
        ]
    return []


def _password_problems(settings: LdapSettings) -> list[Problem]:
    given = settings.bind_password is not None
    if given == (settings.bind_password_file is not None):
        return [
            Problem("There must be one password.", "Set bind_password or bind_password_file.", field="bind_password")
        ]
    if given and not settings.bind_password:
        return [Problem("The password is empty.", "Set the password of bind_dn.", field="bind_password")]
    return []


def _wrong_url() -> Problem:
    return Problem("This is no address of a directory.", "Write it as in ldaps://ldap.example.org:636.", field="url")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_dn(text: str) -> bool:
    try:
        return bool(parse_dn(text))
    except LDAPExceptionError:
        return False


def _is_filter(text: str) -> bool:
    try:
        parse_filter(text, None, True, True, None, False)  # type: ignore[no-untyped-call]
    except LDAPExceptionError:
        return False
    return True


def _may_be_read(attribute: str) -> bool:
    return _ATTRIBUTE.fullmatch(attribute) is not None and attribute.lower() not in _PASSWORD_ATTRIBUTES
