"""OneRoster CSV bundles, 1.1 (1EdTech CSV tables 1.1.1) and 1.2 (CSV binding 1.2.1): a folder or a zip file with a
manifest.

Reads organisations, users, roles, classes and enrollments as they stand; academic sessions and courses only to see that
what refers to them refers to something. The ``password`` column is passed over before anything looks at it. A row whose
reference leads nowhere is ``Rejected``; a row with status ``tobedeleted`` is ``Deleted``.

Flow: ``wrong_bundle`` (what is no such bundle) → ``manifest`` (version, and what is there) → ``rows``, and of 1.1 also
``version_1_1`` (each row as items). ``connectors.roster`` is how bundles are opened and read at all; ``rest`` asks a
server.
"""

from connectors.oneroster.connector import OneRosterConnector, OneRosterSettings

__all__ = ["OneRosterConnector", "OneRosterSettings"]
