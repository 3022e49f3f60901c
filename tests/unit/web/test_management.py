"""The management port: alive, ready, measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client import REGISTRY
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from iam.change import SYSTEM
from iam.database.engine import make_engine
from iam.tokens import keys
from iam.vault import Vault
from iam.web.edge import management
from tests.kit.browser import Browser
from tests.kit.servers.ports import HOST, free_port


@pytest.fixture
def address(engine: Engine) -> Iterator[str]:
    port = free_port()
    server = management.start(HOST, port, management.application(engine, REGISTRY))
    yield f"http://{HOST}:{port}"
    server.shutdown()
    server.server_close()


def test_it_is_ready_once_keys_exist_and_not_when_the_database_is_gone(
    address: str, engine: Engine, tmp_path: Path
) -> None:
    assert requests.get(f"{address}/healthz", timeout=5).status_code == 200
    waiting = requests.get(f"{address}/readyz", timeout=5)
    assert (waiting.status_code, waiting.text) == (503, "keys\n")
    with Session(engine) as session, session.begin():
        keys.ensure(session, Vault.open(tmp_path / "vault.key"), SYSTEM)
    assert requests.get(f"{address}/readyz", timeout=5).status_code == 200
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE signing_key RENAME TO gone"))
    assert requests.get(f"{address}/readyz", timeout=5).text == "database\n"
    assert requests.get(f"{address}/healthz", timeout=5).status_code == 200


def test_a_database_without_our_schema_is_not_ready(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    assert management.Readiness(engine).missing() == "migration"
    engine.dispose()


def test_measures_count_requests_by_endpoint_and_addresses_that_do_not_exist_share_one(
    address: str, browser: Browser
) -> None:
    for path in ("/login", "/does-not-exist", "/nor-this"):
        browser.get(path)
    text_ = requests.get(f"{address}/metrics", timeout=5).text
    assert 'avain_requests_total{endpoint="signin.login",method="GET",status="200"}' in text_
    assert 'endpoint="none",method="GET",status="404"' in text_
    assert "does-not-exist" not in text_


def test_anything_else_is_not_found(address: str) -> None:
    assert requests.get(f"{address}/login", timeout=5).status_code == 404
