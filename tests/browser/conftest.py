"""Fixtures of the browser tests: one Chromium a worker, one clean context a page."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.kit.servers.chromium import Chromium, screenshot, watch_complaints


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser itself; ask for ``context`` where a test needs two people at once or another language."""
    with Chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A page in Finnish, as a first visitor sees it; a script error or a breach of its security policy fails the
    test."""
    context = chromium.context()
    page = context.new_page()
    complaints = watch_complaints(page)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def page_without_scripts(chromium: Chromium) -> Iterator[Page]:
    """A page in a browser that runs no scripts: everything a person must be able to do works here too."""
    context = chromium.context(scripts=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def save_screenshot() -> Callable[[Page, str], object]:
    """Save a page as a picture into the folder named by AVAIN_SCREENSHOTS; without one nobody looks, and none is
    taken."""
    named = os.environ.get("AVAIN_SCREENSHOTS")
    if not named:
        return lambda page, name: None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return lambda page, name: screenshot(page, folder, name)
