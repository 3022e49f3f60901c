"""Rights: rules and agreements turn facts into assignments that cite their reasons.

Flow: ``pattern`` (a rule as data) -> ``compile_sql`` (one SELECT) or ``match`` (one person, pure) -> ``derive`` (over ``working``
tables: the unless in ``absent``, the clause gate in ``ceiling``, the difference to what stands in ``settle``) -> assignment rows with
support -> ``right`` (what holds at t) -> ``explain``.
``administration`` is the one place that tells what an administrator may see and do. Writes assignments only; facts are written
by ``lifecycle``. Must not import plans, tokens' users, or anything with Flask.
"""
