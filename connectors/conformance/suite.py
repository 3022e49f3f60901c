"""Which checks belong to a connector: those of every connector, and those of each capability it has."""

from __future__ import annotations

from connectors.conformance import changing, continuing, reading, settings, signing_in, testing
from connectors.conformance.exhibit import Check
from connectors.contract import Authenticates, Connector, ReadsAfter, ReadsAll, ReadsChanges, Testable

_OF_ABSENCE: tuple[Check, ...] = (
    settings.validate_does_not_touch_the_system,
    testing.an_absent_system_is_a_problem_with_a_remedy,
    reading.reading_an_absent_system_raises_a_connector_error,
)
_BY_CAPABILITY: tuple[tuple[type, tuple[Check, ...]], ...] = (
    (Testable, testing.CHECKS),
    (ReadsAll, reading.CHECKS),
    (ReadsAfter, continuing.CHECKS),
    (ReadsChanges, changing.CHECKS),
    (Authenticates, signing_in.CHECKS),
)


def checks(connector: type[Connector], *, in_process: bool = False) -> tuple[Check, ...]:
    """Return the checks that belong to the capabilities of ``connector``, in a stable order.

    ``in_process`` leaves out those of a system that is not there, which a source inside the process never is.
    """
    found: list[Check] = list(settings.CHECKS)
    for capability, its_checks in _BY_CAPABILITY:
        if issubclass(connector, capability):
            found.extend(its_checks)
    return tuple(check for check in found if not (in_process and check in _OF_ABSENCE))
