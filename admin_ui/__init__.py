"""The administration pages at /admin: they show and command; ``iam`` knows and decides.

``frame`` holds the blueprint, the menu and the way a page is rendered; ``entry`` is the door (these pages are a relying party of our
own provider); ``lists``, ``paging`` and ``exports`` serve every list. A section is a module with its views, each marked with the permission it
needs, and a folder of templates; it registers itself with ``frame.section`` when it is imported here. What a page shows is narrowed
by ``guard.part()`` inside the query, so that what lies outside the asker's part looks as if it did not exist. A view writes only by
calling a command of ``iam``; it imports nothing of the connectors but their ``Problem``.
"""

from admin_ui import (
    agreements,
    application_client,
    application_mapper,
    application_new,
    applications,
    entry,
    opened_sources,
    organisations,
    overview,
    person,
    person_acts,
    person_guardians,
    person_help,
    person_rights_file,
    persons,
    roles,
    rule_edit,
    rule_proposal,
    rules,
    runs,
    second_person,
    sign_in_trace,
    sources,
    token_preview,
    unclear,
    undelivered,
    usernames,
)
from admin_ui.frame import blueprint

__all__ = [
    "agreements",
    "application_client",
    "application_mapper",
    "application_new",
    "applications",
    "blueprint",
    "entry",
    "opened_sources",
    "organisations",
    "overview",
    "person",
    "person_acts",
    "person_guardians",
    "person_help",
    "person_rights_file",
    "persons",
    "roles",
    "rule_edit",
    "rule_proposal",
    "rules",
    "runs",
    "second_person",
    "sign_in_trace",
    "sources",
    "token_preview",
    "unclear",
    "undelivered",
    "usernames",
]
