"""The description of one setting of a client."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy.orm import MappedColumn, mapped_column

from iam.oidc.fields.values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A setting of a client; whoever is not named may not state it.

    ``name`` is its name in the table and in ``iam apply``, ``attribute`` the model's; ``wire`` that of RFC 7591 and its
    kin, None where no registration document holds it. ``default`` is what it is where it is left out, unless it is
    ``required`` of a declaration. ``by_client``: a client that registers itself may state it. ``by_declaration``: ``iam
    apply`` may. ``spoken``: it may be said in several languages, as ``client_name#fi`` (RFC 7591 section 2.2).
    ``once_member``: declarations from before it had a column state it by the same name under ``metadata``, which stays
    good. ``words`` are its meaning in docs/declaring.md; ``label`` is what a client's page calls it, empty where that
    shows it nowhere; ``hint`` stands beside it in the form that registers a client, empty where that does not ask it.
    """

    name: str = ""
    attribute: str = ""
    wire: str | None = None
    values: Values
    default: Any = None
    required: bool = False
    by_client: bool = False
    by_declaration: bool = True
    spoken: bool = False
    once_member: bool = False
    words: str = ""
    label: str = ""
    hint: str = ""

    def of(self, client: object) -> Any:
        """Return what a client, as stored, is set to."""
        return getattr(client, self.attribute)


def column(field: Field, name: str | None = None) -> MappedColumn[Any]:
    """Return the column of a setting; ``name`` is the table's, where the attribute's is another."""
    usual = None if field.required or field.default is None else partial(deepcopy, field.default)
    return mapped_column(name, insert_default=usual, info={"field": field})


def described(table: type) -> dict[str, Field]:
    """Return the descriptions of a class's columns by name, in the order in which they stand there."""
    columns: Mapping[str, Any] = {key: one for key, one in vars(table).items() if isinstance(one, MappedColumn)}
    names = {key: str(one.column.name or key) for key, one in columns.items()}
    return {name: replace(columns[key].column.info["field"], name=name, attribute=key) for key, name in names.items()}
