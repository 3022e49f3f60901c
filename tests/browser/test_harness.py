"""The browser fixtures show what a person would meet, and notice what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.kit.servers.chromium import Chromium, axe, screenshot, watch_complaints

_GOOD = "<!doctype html><html lang='fi'><title>Avain</title><main><h1>Tervetuloa</h1></main></html>"
_STRICT = "<meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\">"


def test_a_sound_page_breaks_no_accessibility_rule(page: Page) -> None:
    page.set_content(_GOOD)
    assert axe(page) == []


def test_a_picture_without_words_and_pale_text_are_reported_with_their_elements(page: Page) -> None:
    page.set_content(_GOOD.replace("</h1>", "</h1><img src='data:,'><p style='color: #ccc'>vaalea</p>"))
    assert [(violation.rule, violation.targets) for violation in axe(page)] == [
        ("color-contrast", ("p",)),
        ("image-alt", ("img",)),
    ]


def test_what_cannot_be_read_in_the_dark_alone_is_reported_and_the_page_is_light_again(page: Page) -> None:
    dim = "<style>@media (prefers-color-scheme: dark) { p { color: #444; background: #222 } }</style>"
    page.set_content(_GOOD.replace("</h1>", f"</h1>{dim}<p>hämärä</p>"))
    assert [(violation.rule, violation.targets) for violation in axe(page)] == [("color-contrast in the dark", ("p",))]
    assert not page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_accessibility_is_checked_under_a_strict_security_policy(page: Page) -> None:
    page.set_content(_GOOD.replace("<title>", _STRICT + "<title>"))
    assert axe(page) == []


def test_a_page_without_scripts_shows_what_is_meant_for_it_and_cannot_be_checked(page_without_scripts: Page) -> None:
    page_without_scripts.set_content(
        _GOOD.replace("</h1>", "</h1><script>document.title='x'</script><noscript>ei</noscript>")
    )
    assert page_without_scripts.title() == "Avain"
    assert page_without_scripts.inner_text("main") == "Tervetuloa\nei"
    with pytest.raises(ValueError, match="runs scripts"):
        axe(page_without_scripts)


def test_a_script_error_and_a_breach_of_the_security_policy_are_noticed(chromium: Chromium) -> None:
    with chromium.context() as context:
        page = context.new_page()
        complaints = watch_complaints(page)
        page.set_content(_GOOD.replace("</h1>", "</h1><script>throw new Error('first')</script>"))
        page.set_content(_GOOD.replace("<title>", _STRICT + "<title>").replace("</h1>", "</h1><script>2</script>"))
        assert len(complaints) == 2
        assert "first" in complaints[0]
        assert "Content Security Policy" in complaints[1]


def test_the_browser_finds_nothing_outside_the_loopback(chromium: Chromium) -> None:
    with chromium.context() as context, pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        context.new_page().goto("http://koivula.example/")


def test_a_screenshot_is_a_picture_of_the_whole_page(page: Page, tmp_path: Path) -> None:
    page.set_content(_GOOD)
    assert screenshot(page, tmp_path, "welcome").read_bytes().startswith(b"\x89PNG")
