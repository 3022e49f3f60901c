"""Rights: rules and agreements turn facts into assignments that cite their reasons.

Flow: ``pattern`` (a rule as data) -> ``compile_sql`` (one SELECT) or ``match`` (one person, pure) -> ``derive`` (over ``working``
tables: the unless in ``absent``, the clause gate in ``ceiling``, the difference to what stands in ``settle``, what was granted by hand in
``hands``) -> assignment rows with support -> ``right`` (what holds at t) -> ``explain`` (why, and until when: ``ends``), ``why_not``.
``gate`` is the clause gate once more, in Python, for ``proof`` and ``why_not``. To which legal entity holder and scope belong follows from
the tree by date, on both sides and everywhere; who continues a party of an agreement stands for it from that day on.
``administration`` is the one place that tells what an administrator may see and do. Writes assignments only; facts are written
by ``lifecycle``. Must not import plans, tokens' users, or anything with Flask.
"""
