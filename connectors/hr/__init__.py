"""Rows of a payroll or personnel system: one file, one row per employment relationship.

The columns are our canonical row (there is no public specification of the systems in use); a file that has them under
other names, or lacks some, says so in its source's setting ``columns``. The file is CSV or a spreadsheet. Every record
has kind ``employment``, its palvelussuhdenumero as key, and the columns as text: dates, codes and workplaces are read
above. ``hetu`` alone may hold a personal identity code; the record then carries it, and who receives the record seals
it at once.

Flow: ``InputFile`` → ``tables`` (which reader) → ``Table.rows`` → ``employments``: ``Record`` or ``Rejected``, then
evidence.
"""

from connectors.hr.columns import COLUMNS
from connectors.hr.connector import HrConnector
from connectors.hr.settings import HrSettings

__all__ = ["COLUMNS", "HrConnector", "HrSettings"]
