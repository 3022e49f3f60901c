"""The database: engine, typed base, column types, and the few statements that differ between PostgreSQL and SQLite.

PostgreSQL is production, SQLite the embedded default; the same models, migrations and tests run on both. What differs
hides in ``postgresql`` and ``sqlite``. What every request asks runs prepared on the driver's connection
(``statement``). Nothing here knows of persons, rights or Flask.
"""
