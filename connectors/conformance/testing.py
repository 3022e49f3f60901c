"""Of a connector that is ``Testable``: it tells a sound system from none, and says what to do."""

from __future__ import annotations

from connectors.conformance.asking import tested
from connectors.conformance.exhibit import Check, Exhibit
from connectors.conformance.verdict import expect, shows


def a_sound_system_tests_well(exhibit: Exhibit) -> None:
    """``test`` finds no problem in a sound system."""
    problems = tested(exhibit.connector())
    expect(problems == [], f"test finds no problem in a sound system, not {[str(problem) for problem in problems]}")


def an_absent_system_is_a_problem_with_a_remedy(exhibit: Exhibit) -> None:
    """``test`` returns a problem, with a remedy and without a secret, where the system is not there; it does not
    raise."""
    problems = tested(exhibit.unreachable())
    expect(bool(problems), "test finds that the system is not there")
    expect(all(problem.remedy for problem in problems), "every problem has a remedy")
    expect(not shows(exhibit, *map(str, problems)), "no problem shows a secret")


CHECKS: tuple[Check, ...] = (
    a_sound_system_tests_well,
    an_absent_system_is_a_problem_with_a_remedy,
)
