"""Administrator roles: named sets of permissions, by which people are appointed and told of. What is stored is the
permissions themselves, so a set that changes here changes nobody's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from iam.texts import N_


@dataclass(frozen=True, slots=True)
class AdministratorRole:
    """A set of permissions with a name (an English message)."""

    key: str
    name: str
    permissions: frozenset[str]


_READS = "persons.read", "organisations.read"
_LOOKS = "agreements.read", "applications.read", "rules.read", "sources.read"

ROLES = (
    AdministratorRole(
        "secretary",
        N_("Secretary"),
        frozenset(
            (*_READS, "access.end", "codes.issue", "persons.write", "rights.grant", "rules.read", "sessions.end")
        ),
    ),
    AdministratorRole(
        "help-desk",
        N_("Help desk"),
        frozenset((*_READS, "access.end", "codes.issue", "factors.reset", "sessions.end")),
    ),
    AdministratorRole(
        "rights-manager",
        N_("Rights manager"),
        frozenset((*_READS, *_LOOKS, "persons.export", "rights.grant", "rules.write")),
    ),
    AdministratorRole(
        "application-owner",
        N_("Application owner"),
        frozenset(("applications.read", "applications.write", "organisations.read", "rules.read")),
    ),
    AdministratorRole(
        "data-protection-officer",
        N_("Data protection officer"),
        frozenset((*_READS, *_LOOKS, "audit.search", "persons.export")),
    ),
    AdministratorRole("consortium-administrator", N_("Consortium administrator"), frozenset({"admin"})),
)
BY_KEY = {one.key: one for one in ROLES}

PERMISSION_WORDS: dict[str, str] = {
    "admin": N_("Everything in the part"),
    "persons.read": N_("See people, their facts and their rights"),
    "persons.write": N_("Add people, their positions and groups by hand"),
    "persons.export": N_("Take home lists of people"),
    "persons.code": N_("See identity codes, and where protected people are"),
    "access.end": N_("End a person's access at once, and undo it"),
    "rights.grant": N_("Grant rights by hand"),
    "codes.issue": N_("Give one-time codes and usernames"),
    "factors.reset": N_("Remove lost second factors"),
    "sessions.end": N_("End login sessions"),
    "organisations.read": N_("See organisations"),
    "organisations.write": N_("Add, rename, move and close organisations"),
    "sources.read": N_("See sources and their runs"),
    "sources.run": N_("Run sources"),
    "sources.write": N_("Make and change sources"),
    "sources.accept": N_("Accept what was held of sources, and open organisations to sources of others"),
    "rules.read": N_("See roles and rules"),
    "rules.write": N_("Write, test and publish rules"),
    "applications.read": N_("See applications and what they receive"),
    "applications.write": N_("Register applications, and take them into use for organisations"),
    "agreements.read": N_("See agreements"),
    "agreements.write": N_("Give notice of agreements, and suspend them"),
    "agreements.sign": N_("Record signatures of agreements, and accept them"),
    "plans.approve": N_("Decide as the second person what waits"),
    "audit.search": N_("Search the audit log"),
    "config.apply": N_("Apply and export declarations"),
    "keys.manage": N_("Make and promote signing keys"),
    "administrators.write": N_("Appoint administrators, and end them"),
}
"""Each permission in a few words, as pages and mails say it."""


def role_of(permissions: Collection[str]) -> AdministratorRole | None:
    """Return the role whose permissions are just these; None where there is none."""
    asked = frozenset(permissions)
    return next((one for one in ROLES if one.permissions == asked), None)


def in_words(permissions: Collection[str]) -> list[str]:
    """Return what permissions are called, as English messages: by their role where they are one's, else each."""
    role = role_of(permissions)
    return [role.name] if role is not None else each_in_words(permissions)


def each_in_words(permissions: Collection[str]) -> list[str]:
    """Return what each of the permissions lets one do, as English messages in the order of ``PERMISSION_WORDS``."""
    return [words for name, words in PERMISSION_WORDS.items() if name in permissions]
