"""Every large change is a plan: effects are computed first, guarded, and applied exactly or not at all.

Flow: ``effects`` (sets) -> ``guard`` (limits, in words) -> ``plan`` rows with a digest -> ``apply``, which recomputes inside its own
transaction and calls ``lifecycle`` and ``access.derive``. Definitions go the same way: ``definition_guard`` judges their effects,
``definition_plan`` remembers those that went through, ``proposals`` and ``rule_proposals`` keep what waits for a
second person. Must not import sources, signin, oidc or anything with Flask.
"""
