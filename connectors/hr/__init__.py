"""Rows of a payroll or personnel system: one CSV file, one row per employment relationship.

The columns are our canonical row (there is no public specification of the systems in use). The file is ``;`` or ``,``
separated, in UTF-8 or ISO-8859-1. Every record has kind ``employment``, its palvelussuhdenumero as key, and the columns
as text: dates, codes and workplaces are read above. ``hetu`` alone may hold a personal identity code; the record then
carries it, and who receives the record seals it at once.

Flow: ``InputFile`` → ``CsvFile.rows`` → ``Record`` or ``Rejected``, then evidence.
"""

from connectors.hr.connector import COLUMNS, HrConnector, HrSettings

__all__ = ["COLUMNS", "HrConnector", "HrSettings"]
