"""The kinds of items, by the top-level keys of a file."""

from __future__ import annotations

from iam.apply.schema.agreements import Agreement, CodeList, Rule
from iam.apply.schema.applications import Application
from iam.apply.schema.inbound import Connection, OpenedConnection, OpenedSource, Source
from iam.apply.schema.item import Item
from iam.apply.schema.people import Account, Administrator, ConfirmedGuardian, Group, Person
from iam.apply.schema.tree import Organisation, Relation

KINDS: dict[str, type[Item]] = {
    "organisations": Organisation,
    "relations": Relation,
    "code_lists": CodeList,
    "sources": Source,
    "opened_sources": OpenedSource,
    "connections": Connection,
    "opened_connections": OpenedConnection,
    "applications": Application,
    "persons": Person,
    "accounts": Account,
    "groups": Group,
    "administrators": Administrator,
    "confirmed_guardians": ConfirmedGuardian,
    "agreements": Agreement,
    "rules": Rule,
}
"""The top-level keys, in the order in which they are written."""
