"""The kinds of declarations, in the order in which they are stated, checked, written and told of."""

from __future__ import annotations

from iam.apply.kinds.access import agreement_templates, agreements, code_lists, rules
from iam.apply.kinds.applications import applications, client_grants, clients, roles
from iam.apply.kinds.people import accounts, administrators, confirmed_guardians, groups, occupations, persons
from iam.apply.kinds.sources import connections, opened_connections, opened_sources, sources
from iam.apply.kinds.tree import organisations, relations

KINDS = (
    organisations.KIND,
    relations.KIND,
    occupations.KIND,
    code_lists.KIND,
    sources.KIND,
    opened_sources.KIND,
    connections.KIND,
    opened_connections.KIND,
    applications.KIND,
    roles.KIND,
    clients.KIND,
    persons.KIND,
    accounts.KIND,
    groups.KIND,
    administrators.KIND,
    client_grants.KIND,
    confirmed_guardians.KIND,
    agreement_templates.KIND,
    agreements.KIND,
    rules.KIND,
)
"""What a later kind completes while it is checked, or writes, rests on what an earlier one completed or wrote."""
BY_NAME = {kind.name: kind for kind in KINDS}
"""The kinds by what reports call them."""
