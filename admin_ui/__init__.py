"""The administration pages at /admin: they show and command; ``iam`` knows and decides.

Rooms, each importing only those before it: ``parts``; ``people``; ``applications``, ``rules``, ``organisations``,
``feeds``, ``agreements``; ``trace``; ``person``, ``bulk``; ``overview``.

``parts.frame`` holds the blueprint, the menu and the way a page is rendered; ``entry`` is the door (these pages are a
relying party of our own provider). A section is a module with its views, each marked with the permission it needs, and
a folder of templates; it registers itself with ``frame.section`` when it is imported here. What a page shows is
narrowed by ``guard.part()`` inside the query, so that what lies outside the asker's part looks as if it did not exist.
A view writes only by calling a command of ``iam``; it imports nothing of the connectors but their ``Problem``.
"""

from admin_ui import entry
from admin_ui.administrators import (
    appoint as administrator_appoint,
    change as administrator_change,
    listing as administrators,
    programs,
    proposal as administrator_proposal,
)
from admin_ui.agreements import (
    acts as agreement_acts,
    cancel as agreement_cancel,
    clauses as agreement_clauses,
    from_template as agreement_from_template,
    history as agreement_history,
    make as agreement_make,
    pages as agreements,
    people as agreement_people,
    proposal as agreement_proposal,
    restore as agreement_restore,
    templates as agreement_templates,
)
from admin_ui.applications import (
    application_settings,
    client as application_client,
    client_settings,
    mapper as application_mapper,
    new as application_new,
    pages as applications,
    token_preview,
    undelivered,
)
from admin_ui.bulk import pages as bulk_acts, rules as bulk_rules, waiting as bulk_waiting
from admin_ui.feeds import rejects as run_rejects, runs, sources, unclear, undo as run_undo
from admin_ui.feeds.making import (
    changing as source_changing,
    columns as source_columns,
    new as source_new,
    sample as source_sample,
)
from admin_ui.organisations import acts as organisation_acts, occupations, opened_sources, pages as organisations
from admin_ui.overview import declaration, deputies, page as overview, second_person
from admin_ui.parts.frame import blueprint
from admin_ui.people import (
    adding as person_adding,
    groups as local_groups,
    listing as persons,
    members as group_members,
)
from admin_ui.person import (
    acts as person_acts,
    guardians as person_guardians,
    help as person_help,
    page as person,
    positions as person_positions,
    rights_file as person_rights_file,
    usernames,
)
from admin_ui.rules import (
    code_lists,
    data_groups,
    edit as rule_edit,
    pages as rules,
    proposal as rule_proposal,
    renaming,
    role_catalogue,
    role_edit,
    role_versions,
    roles,
    versions as rule_versions,
)
from admin_ui.trace import pages as sign_in_trace

PAGES = (
    administrator_appoint,
    administrator_change,
    administrator_proposal,
    administrators,
    agreement_acts,
    agreement_cancel,
    agreement_clauses,
    agreement_from_template,
    agreement_history,
    agreement_make,
    agreement_people,
    agreement_proposal,
    agreement_restore,
    agreement_templates,
    agreements,
    application_client,
    application_mapper,
    application_new,
    applications,
    code_lists,
    data_groups,
    entry,
    group_members,
    local_groups,
    occupations,
    opened_sources,
    organisation_acts,
    organisations,
    overview,
    person,
    person_acts,
    person_adding,
    person_guardians,
    person_help,
    person_positions,
    person_rights_file,
    programs,
    persons,
    renaming,
    role_versions,
    roles,
    rule_edit,
    rule_proposal,
    rule_versions,
    run_rejects,
    run_undo,
    rules,
    runs,
    declaration,
    deputies,
    second_person,
    sign_in_trace,
    source_changing,
    source_columns,
    source_new,
    source_sample,
    sources,
    token_preview,
    unclear,
    undelivered,
    usernames,
    application_settings,
    client_settings,
    role_catalogue,
    role_edit,
    bulk_acts,
    bulk_rules,
    bulk_waiting,
)
"""The modules with views: their routes and sections of the menu are there once they are imported."""

__all__ = ["PAGES", "blueprint"]
