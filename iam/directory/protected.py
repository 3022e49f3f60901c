"""The single release of what tells where a person is. Everything else sees ``Protected``, which prints as "…"."""

from __future__ import annotations

from iam.database.types import Protected

PURPOSES = frozenset(
    {"own data", "administration of a person without protection", "administration with protected data", "claims"}
)


def release(value: Protected | None, *, protected: bool, purpose: str) -> str | None:
    """Return the text of ``value``, or None where it must not be told: the person is protected and the purpose is not among
    those that may see it (the person's own data, administration with protected data). Raises ``ValueError`` for an unknown purpose.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"unknown purpose {purpose}")
    if value is None or (protected and purpose not in ("own data", "administration with protected data")):
        return None
    return str.__str__(value)
