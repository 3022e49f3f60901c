"""Microsoft School Data Sync, CSV format 2.1: a folder or a zip file with the files that are made for it.

Reads organisations, users, roles, classes, enrollments and relationships as they stand; academic sessions and courses
only to see that what refers to them refers to something. Demographics and flags of users are never opened, and the
``password`` column is passed over before anything looks at it. The format has no manifest and no word for a deletion:
what came last time must come again, so that a file that is left out ends nobody.

Flow: ``presence`` (which files must be there) → ``connectors.roster`` (headers, ids, the bundle as a whole) → ``rows``
(each row as an item); ``files`` is the format.
"""

from connectors.sds.connector import SdsConnector, SdsSettings

__all__ = ["SdsConnector", "SdsSettings"]
