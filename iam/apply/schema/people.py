"""Local persons and what is said of people by hand: logins, groups and what they may administer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from iam.access.administration import PERMISSIONS
from iam.apply.schema.item import Code, Dated, Item, Key, Login, Logins, Sorted, Text, one_of
from iam.directory.affiliation import AFFILIATION_KINDS


class Affiliation(Dated):
    """A local person's affiliation; the first of a person's list is the primary one."""

    organisation: Key
    kind: Annotated[str, one_of(*AFFILIATION_KINDS)]
    occupation: Code | None = None
    title: Text | None = None


class Person(Item):
    """A local person with a login and a first password, which is never written over."""

    login: Login
    given_names: Text
    family_name: Text
    email: Text | None = None
    password: SecretStr | None = None
    password_file: str | None = None
    affiliations: list[Affiliation] = []


class Named(Item):
    """Somebody by an identifier."""

    identifier: Code
    issuer: str = ""
    value: Text

    @property
    def named(self) -> tuple[str, str, str]:
        """Kind, issuer and value."""
        return self.identifier, self.issuer, self.value


class Account(Item):
    """A login for somebody whom a source brought."""

    login: Login
    person: Named
    password: SecretStr | None = None
    password_file: str | None = None
    directory: Key | None = None
    when_present: bool = False


class Group(Item):
    """A local group and who is in it."""

    key: Key
    organisation: Key
    name: Text
    members: Logins = []


class ConfirmedGuardian(Dated):
    """That the guardian of a protected child may know where the child is; both are named by an identifier."""

    guardian: Named
    child: Named


class Administrator(Dated):
    """What somebody may administer in a part of the tree; a permission that is left out ends."""

    login: Login
    organisation: Key
    permissions: Annotated[list[Annotated[str, one_of(*PERMISSIONS)]], Sorted, Field(min_length=1)]
