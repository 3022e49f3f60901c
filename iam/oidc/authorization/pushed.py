"""Pushed authorization requests (RFC 9126): kept for the pushing client, used up when an authorization completes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from iam.tokens import one_shot

KIND = "par"
SECONDS = 60
"""How long after the push a browser may first bring the address (RFC 9126 section 2.2)."""
_URN = "urn:ietf:params:oauth:request_uri:"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was pushed."""

    parameters: dict[str, str]
    resources: list[str]


def push(session: Session, client_id: str, asked: Pushed) -> str:
    """Store a request that was found in order and return its ``request_uri``."""
    data = {"parameters": asked.parameters, "resources": asked.resources}
    return _URN + one_shot.issue(session, KIND, SECONDS, data, client_id=client_id)


def read(session: Session, client_id: str, request_uri: str, *, late: bool) -> Pushed | None:
    """Return what this client pushed; None when it did not, when it is too late, or when it was completed before.

    ``late``: a browser that brought the address in time is still on our pages.
    """
    if not request_uri.startswith(_URN):
        return None
    found = one_shot.read(session, KIND, request_uri.removeprefix(_URN), client_id, late=late)
    return Pushed(found.data["parameters"], found.data["resources"]) if found else None


def complete(session: Session, client_id: str, request_uri: str) -> bool:
    """Use the address up; False when another completion was first."""
    return one_shot.complete(session, KIND, request_uri.removeprefix(_URN), client_id)
