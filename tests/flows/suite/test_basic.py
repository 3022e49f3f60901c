"""The plan Basic OP (oidcc-basic-certification-test-plan) with declared clients."""

from __future__ import annotations

from tests.flows.suite.basic_modules import BasicModules


class TestBasic(BasicModules):
    """Answers come in the query."""
