"""Rights: rules and agreements turn facts into assignments that cite their reasons.

Rooms, each importing only those before it: ``model``, ``rules``, ``pages``, ``derivation``, ``explanation``,
``commands`` and ``agreement_acts``. Beside them stand ``administration`` (what an administrator
may see and do), ``asker``, ``standing`` (over all of a person), ``living`` (when a clause lives), ``agreement_state``
(that told to people) and ``right`` (what holds at an instant).

Flow: ``rules.pattern`` (a rule as data) -> ``rules.compile_sql`` (one SELECT) or ``rules.match`` (one person, pure) ->
``derivation.derive`` -> assignment rows with support -> ``right`` -> ``explanation.explain`` (why, and until when:
``ends``), ``why_not``. To which legal entity holder and scope belong follows from the tree by date, on both sides and
everywhere; who continues a party of an agreement stands for it from that day on. Writes assignments and definitions
only; facts are written by ``lifecycle``. Must not import plans, tokens' users, or anything with Flask.
"""
