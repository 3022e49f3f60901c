"""The kinds of declarations, in the order in which they are stated, checked, written and told of."""

from __future__ import annotations

from iam.apply.comparison.draft import Draft
from iam.apply.kind import Kind
from iam.apply.kinds import (
    check_sources,
    declaring,
    exporting,
    standing,
    write_tree,
)
from iam.apply.kinds.access import agreements, code_lists, rules
from iam.apply.kinds.applications import applications, clients, roles
from iam.apply.kinds.people import accounts, administrators, confirmed_guardians, groups, persons
from iam.apply.kinds.sources import connections, moves, opened_connections, sources
from iam.apply.kinds.tree import organisations, relations
from iam.apply.schema import inbound


def _opened(draft: Draft) -> None:
    check_sources.opened(draft)
    moves.keep_sources(draft)


KINDS = (
    organisations.KIND,
    relations.KIND,
    code_lists.KIND,
    sources.KIND,
    Kind(
        name="opened source",
        section="opened_sources",
        model=inbound.OpenedSource,
        declare=declaring.opened_sources,
        stand=standing.put_opened_sources,
        check=_opened,
        write=write_tree.opened_sources,
        export=exporting.opened_sources,
        history=frozenset({"opened"}),
        guarded=True,
        derives="everybody",
    ),
    connections.KIND,
    opened_connections.KIND,
    applications.KIND,
    roles.KIND,
    clients.KIND,
    persons.KIND,
    accounts.KIND,
    groups.KIND,
    administrators.KIND,
    confirmed_guardians.KIND,
    agreements.KIND,
    rules.KIND,
)
"""What a later kind completes while it is checked, or writes, rests on what an earlier one completed or wrote."""
BY_NAME = {kind.name: kind for kind in KINDS}
"""The kinds by what reports call them."""
