"""Whatever is sent to the API, its document says what comes back; nobody breaks it or learns of another's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.kit.peers import api
from tests.kit.peers.api import PROGRAM, Caller, Program
from tests.kit.worlds import wide
from tests.kit.worlds.admin import World, build
from tests.kit.worlds.wide import CANARIES

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUICK = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The consortium, one for all who ask: what they are given is random, so they change nothing."""
    folder = tmp_path_factory.mktemp("document")
    made = build(f"sqlite:///{shutil.copy(sqlite_template, folder / 'avain.db')}", folder, api.fill)
    made.app.testing = False
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("login", ["paula", "lauri", "nelli", PROGRAM])
def test_every_answer_is_one_that_the_document_tells(world: World, login: str) -> None:
    caller, told = Program(world) if login == PROGRAM else Caller(world, login), list[str]()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app)
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) > 15
    for operation in operations:
        _ask(operation, caller, _own(world, operation), told)
    assert len(told) > 30
    if login != "paula":
        assert [word for word in CANARIES if any(word in text for text in told)] == []


def _ask(operation: Any, caller: Caller, own: dict[str, str], told: list[str]) -> None:
    """Send what the document allows, and something beside it, about anything; and reading, about one's own."""

    @QUICK
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        for values in [case.path_parameters, own] if operation.method == "get" and own else [case.path_parameters]:
            case.path_parameters = values
            response = case.call(headers={"Authorization": f"Bearer {caller.token}"})
            case.validate_response(response, checks=CHECKS)
            told.append(response.text)

    ask()


def _own(world: World, operation: Any) -> dict[str, str]:
    """What lauri's own is called in the path of an operation."""
    return dict(wide.objects(world)[0].get(operation.path.split("/")[3], {})) if "{" in operation.path else {}
