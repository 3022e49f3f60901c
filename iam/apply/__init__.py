"""Declarations: the consortium's configuration as YAML, applied idempotently and given back.

Flow: ``drafting`` (files read with ``${NAME}`` and line numbers, each item by its model, merged by key, laid over
``standing``, checked) -> ``compare`` (pure) -> ``guarded`` (waits for a second person where it takes or gives much) ->
``execute`` (one change, one audit event and one more for each new login, rights derived); ``export`` writes what stands
out again. Nothing is written when anything is wrong. Writes only through the commands of lifecycle, access, signin and
oidc; what is missing from a file is never deleted.

What is declared are the kinds. Each is one file in ``kinds``: its model in YAML, what stands of it, how it is checked,
written and written out. A new kind is such a file, ending in ``KIND = Kind(...)`` (``kind`` says what it must know),
and its line in ``registry``; the steps above walk that list and know no kind by name. Kinds are stated, checked,
written and told of in its order. ``schema``, ``declared`` and ``comparison`` hold what all kinds stand on.
``on_pages`` states one thing at a time, for pages.
"""
