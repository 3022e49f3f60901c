"""Rules as data: read and checked, their names resolved, compiled to SQL, matched in Python, worded as a sentence.

``pattern`` is a rule; ``resolve`` turns its names into ids (``names``) and refuses what it may not name (``giving``,
``handing``). ``compile_sql`` and ``match`` are two engines on purpose: they share nothing, and each finds the other's
faults. ``world`` loads what ``match`` looks at.
"""
