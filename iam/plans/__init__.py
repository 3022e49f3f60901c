"""Every large change is a plan: effects are computed first, guarded, and applied exactly or not at all.

Flow: ``lifecycle.facts`` compares (sets) -> ``guard`` (limits, in words, over ``group_sizes``) -> ``plan`` rows with a
digest -> ``apply``, which calls ``lifecycle`` and ``access.derive`` in its own transaction, and tries out what is only
shown. Definitions go the same way: ``definition_guard`` judges their effects, ``definition_plan`` remembers those that
went through, ``proposals`` and ``rule_proposals`` keep what waits for a second person. Must not import sources, signin,
oidc or anything with Flask.
"""
