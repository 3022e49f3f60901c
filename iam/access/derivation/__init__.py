"""Derivation: rules and facts become assignments, as sets; one person is a set of one.

``derive`` works over ``working`` tables: the unless in ``absent``, the clause gate in ``ceiling``, the difference to
what stands in ``settle``, what was granted by hand in ``hands``. ``relevant`` chooses the rules that can touch a few
persons, ``of_places`` whom a change of the tree concerns, ``of_definitions`` which rules one of roles and lists does;
``turns`` keeps two derivations apart, ``later`` does what waits for the worker. ``gate`` is the clause gate
once more, in Python, for whoever proves or explains: it shares nothing with ``ceiling``.
"""
