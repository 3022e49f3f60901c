"""Declarations: the consortium's configuration as YAML, applied idempotently and given back.

Flow: ``read`` (files, ``${NAME}``, line numbers) -> ``schema`` (one item at a time) -> ``declaration`` (merged by key)
-> ``state`` (what stands, in the same shapes) -> ``check`` (what an item names exists) -> ``compare`` (pure) ->
``execute`` (one change, one audit event and one more for each new login, rights derived) ; ``export`` writes ``state``
out again. Nothing is written when anything is wrong. Writes only through the commands of lifecycle, access, signin and
oidc; what is missing from a file is never deleted.
"""
