"""What is found of a connector: each finding is a sentence of the contract that holds, or that it breaks."""

from __future__ import annotations

from collections.abc import Callable

from connectors.conformance.exhibit import Exhibit


class Nonconforming(AssertionError):
    """The connector breaks the contract; the message says which sentence of it."""


def expect(holds: bool, sentence: str) -> None:
    """Raise ``Nonconforming`` with the sentence unless it holds."""
    if not holds:
        raise Nonconforming(sentence)


def refused(call: Callable[[], object]) -> bool:
    """Whether a call raises ``RuntimeError``."""
    try:
        call()
    except RuntimeError:
        return True
    return False


def shows(exhibit: Exhibit, *texts: str) -> bool:
    """Whether a text holds a secret or a personal value of the exhibit."""
    return any(value in text for value in (*exhibit.secrets, *exhibit.personal) for text in texts)
