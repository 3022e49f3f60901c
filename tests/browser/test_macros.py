"""The parts of pages that docs/macros.md shows, as a browser does; its picture is taken here
(``AVAIN_SCREENSHOTS=docs/images``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, Route

from iam.web import guard
from tests.kit.browser import application
from tests.kit.servers.chromium import Chromium, axe, watch_complaints
from tests.unit.web.test_macros import EXAMPLES, IMPORTS

pytestmark = pytest.mark.browser

HOST = "http://localhost:8080"
SHOWN = "".join(f'<section><h2 class="small">{call.partition("(")[0]}</h2>{text}</section>' for call, text in EXAMPLES)
TEMPLATE = (
    f'{{% extends "base.html" %}}{IMPORTS}{{% block title %}}Parts of pages{{% endblock %}}'
    f'{{% block main %}}<div class="sheet"><h1>Parts of pages</h1>{SHOWN}</div>{{% endblock %}}'
)


@guard.public
def parts() -> str:
    return render_template_string(TEMPLATE)


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application with a page that holds every example."""
    with application(f"sqlite:///{sqlite_template}", tmp_path) as made:
        made.add_url_rule("/test/parts", "parts", parts)
        yield made


def test_every_part_of_pages_is_accessible_and_keeps_to_the_security_policy(
    app: Flask, chromium: Chromium, save_screenshot: Callable[[Page, str], Path]
) -> None:
    client, page = app.test_client(), chromium.context(language="en-GB").new_page()
    complaints = watch_complaints(page)

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        got = client.get(path, base_url=HOST, headers={"Accept-Language": "en", "Accept": "text/html"})
        route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.data)

    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/test/parts")
    assert page.locator("main section > h2").count() == len(EXAMPLES)
    assert axe(page) == []
    page.set_viewport_size({"width": 900, "height": 600})
    save_screenshot(page, "macros")
    page.context.close()
    assert complaints == []
