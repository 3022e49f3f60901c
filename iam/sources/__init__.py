"""Sources: what an outside system says becomes staged facts, and a run's plan.

Flow: ``runner`` takes the lease, opens the connector, ``staging`` reads and stages (``columns`` says what a row means, a digest skips
what is unchanged) -> ``completeness`` -> ``correlation`` (one, none, or ambiguous: a human decides) -> ``plans`` (effects, guard, apply)
-> checkpoint, run record and audit event in the one transaction. Must not import oidc, other edges, or name a connector.
"""
