"""A real browser: Debian's Chromium, driven by Playwright, and the accessibility rules of axe-core."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

EXECUTABLE = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""Where it is installed, the same browser without windows: that draws no frame around pages that nobody sees."""
PATIENCE = 30_000
"""Milliseconds that a page may take for one step."""

_OFF = [
    # What Playwright turns off itself: a second list would replace its own.
    *["AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"],
    *["HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AimEnabled"],
    *["AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch"],
    # Nobody sees the address bar: each window would get two more pages ready for what it shows when typed into.
    *["WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"],
    # Each page would have a process ready for another site, to which none of them goes.
    "SpareRendererForSitePerProcess",
]
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    f"--disable-features={','.join(_OFF)}",
    # No page runs long enough to earn what the compilers of the last bit of speed cost: a quarter of an axe-core run.
    "--js-flags=--no-turbofan --no-maglev",
    # Whatever a page asks for, the browser finds only the loopback.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
_AXE = next((Path(__file__).parents[2] / "browser" / "vendor").glob("axe-core-*/axe.min.js"))
_BROKEN = """
tags => {
  document.getAnimations().forEach(one => one.finish());
  return axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(it => it.violations);
}
"""
"""What axe-core is asked: of what a page keeps it need write nothing down."""
_DIM = """
() => {
  document.getAnimations().forEach(one => one.finish());
  return axe.run(document, {runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}, resultTypes: ['violations']})
    .then(it => it.violations);
}
"""
"""What it is asked of the same page in the dark: colours are all that differs."""
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Violation(NamedTuple):
    """A rule of WCAG 2.2 level A or AA that a page breaks, and the elements (CSS selectors) that break it."""

    rule: str
    help: str
    targets: tuple[str, ...]


class Chromium:
    """One browser with an empty profile; every page opens in a private context of its own. Start it from the main
    thread."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._home = Path()

    def start(self) -> Self:
        """Launch the browser; raises ``playwright.sync_api.Error`` with its log when it does not come up."""
        self._home = Path(tempfile.mkdtemp(prefix="avain-chromium-"))
        try:
            self._playwright = sync_playwright().start()
            # Debian's launcher and the crash reporter write into the home folder, whatever the profile.
            surroundings = {**os.environ, "HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home)}
            self._browser = self._playwright.chromium.launch(
                executable_path=EXECUTABLE, args=_FLAGS, env=dict(surroundings)
            )
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Close the browser and its driver; may be called at any time, more than once."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None
        if self._playwright is not None:
            self._playwright.stop()
            self._playwright = None
        if self._home != Path():
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = Path()

    def context(self, *, scripts: bool = True, language: str = "fi-FI") -> BrowserContext:
        """A context without cookies or storage, in the time zone of Helsinki; the caller closes it."""
        if self._browser is None:
            raise RuntimeError("the browser is not started")
        context = self._browser.new_context(java_script_enabled=scripts, locale=language, timezone_id="Europe/Helsinki")
        context.set_default_timeout(PATIENCE)
        return context

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def axe(page: Page) -> list[Violation]:
    """What axe-core finds on the page as it stands, at WCAG 2.0, 2.1 and 2.2 levels A and AA; and of its colours where
    the reader's system is dark, once it is sound in the light. Empty means nothing.

    A page that is still arriving is waited for. Injected once a page, past its content security policy, so it is tested
    as it is served. Raises ``ValueError`` for a page that runs no scripts, on which axe-core would never end.
    """
    page.wait_for_load_state()
    if page.evaluate("matchMedia('(scripting: none)').matches"):
        raise ValueError("axe-core needs a page that runs scripts")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    violations = page.evaluate(_BROKEN, _WCAG) or _in_the_dark(page)
    return [
        Violation(
            found_rule["id"],
            found_rule["help"],
            tuple(" ".join(map(str, node["target"])) for node in found_rule["nodes"]),
        )
        for found_rule in violations
    ]


def _in_the_dark(page: Page) -> list[dict[str, Any]]:
    page.emulate_media(color_scheme="dark")
    found: list[dict[str, Any]] = page.evaluate(_DIM)
    page.emulate_media(color_scheme="light")
    return [one | {"id": f"{one['id']} in the dark"} for one in found]


def watch_complaints(page: Page) -> list[str]:
    """Return a list that grows by every uncaught script error and every breach of the content security policy."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
    )
    return complaints


def screenshot(page: Page, folder: Path, name: str) -> Path:
    """Save the whole page as ``name``.png in the folder and return the file's path."""
    picture = folder / f"{name}.png"
    page.screenshot(path=picture, full_page=True)
    return picture
