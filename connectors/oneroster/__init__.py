"""OneRoster 1.2 CSV bundles (1EdTech CSV binding 1.2.1): a folder or a zip file with a manifest.

Reads organisations, users, roles, classes and enrollments as they stand; academic sessions and courses only to see that
what refers to them refers to something. The ``password`` column is passed over before anything looks at it. A row whose
reference leads nowhere is ``Rejected``; a row with status ``tobedeleted`` is ``Deleted``.

Flow: ``bundle`` (what may be opened) → ``manifest`` (what is there) → ``survey`` (every header, every id) →
``connector`` (rows).
"""

from connectors.oneroster.connector import OneRosterConnector, OneRosterSettings

__all__ = ["OneRosterConnector", "OneRosterSettings"]
