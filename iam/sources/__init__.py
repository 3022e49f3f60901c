"""Sources: what an outside system says becomes staged facts, and a run's plan.

Flow: ``runner`` takes the ``lease``, opens the connector, ``reading.staging`` reads and stages (``columns`` says what a
row means, what is ``known`` of a record skips what is unchanged as long as its ``meaning`` is, ``staged_rows`` copies
the rest in) -> ``judgement`` (``completeness``, the guard, and the ``acceptance`` of a second administrator) ->
``identity.correlation`` (one, none, or ambiguous, as where evidence is a ``contradiction``: a human decides) ->
``lifecycle.facts`` compares -> ``plans`` (guard, apply) -> checkpoint, run record and audit event in the one
transaction. Must not import oidc, other edges, or name a connector.
"""
