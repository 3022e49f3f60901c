"""Rosters as bundles of CSV files: what OneRoster and Microsoft School Data Sync have in common.

A format says which files there are, what refers to what and which words it has (``files``), and how a row of a file is
told (a ``Teller``). All else is here: ``bundle`` (what may be opened), ``recognition`` (which format it is),
``survey`` (every header, every id), ``checks`` (words and references of a row), ``keys`` (of rows without an id of
their own), ``reading`` (rows as items, and the evidence of all files).
"""
