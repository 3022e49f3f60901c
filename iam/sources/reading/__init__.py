"""Reading a source: what a record means by the column matching, within its walls, and which of it is new since the last
run.

``columns`` is pure: a record in, statements or problems out. ``staging`` reads record by record, ``known`` and
``meaning`` skip what means what it meant, ``staged_rows`` gathers, ``links`` settles what is known only once everything
is read.
"""
