"""Fixtures of the tests of the HTTP edge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.kit.browser import Browser, application


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's database."""
    with application(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A browser that has never been here."""
    return Browser(app)
