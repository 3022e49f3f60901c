"""C-02: whatever stands where a way on could stand, the browser stays with us or goes to an address that an application
registered."""

from __future__ import annotations

import re
from itertools import cycle
from urllib.parse import urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from iam.signin.factors import levels
from iam.web import flow
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World

NAMES = (
    "next",
    "back",
    "return",
    "return_to",
    "returnTo",
    "returnUrl",
    "redirect",
    "redirect_to",
    "redirect_url",
    "url",
    "uri",
    "target",
    "dest",
    "destination",
    "continue",
    "goto",
    "to",
    "r",
    "u",
    "rurl",
    "service",
    "RelayState",
    "flow",
    "handle",
    "pending",
    "post_logout_redirect_uri",
    "initiate_login_uri",
    "path",
)
EVIL = (
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:\\\\evil.example",
    "//evil.example/%2f..",
    "/%09/evil.example",
    "/.evil.example@evil.example",
    "//evil.example\\@localhost",
    "https://localhost:8080@evil.example",
    "https://localhost:8080.evil.example",
    "javascript:alert(1)//evil.example",
    "data:text/html,evil.example",
    "/\r\nLocation: https://evil.example",
    "\u2028//evil.example",
    "//evil\u3002example",
    "/ /evil.example",
    ";//evil.example",
    "?//evil.example",
    "#//evil.example",
)


def ours(location: str) -> bool:
    """Whether a browser that follows this stays with us, however it reads slashes and blanks."""
    read = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return (read.startswith("/") and not read.startswith("//")) or read.startswith(f"{ISSUER}/")


def stays(response: TestResponse, what: object) -> None:
    """Neither the answer nor a link or form on its page leads away."""
    assert ours(response.headers.get("Location", "/")), (what, response.headers.get("Location"))
    assert "Refresh" not in response.headers, what
    for href in re.findall(r'<(?:a|form|link|script|iframe)\b[^>]*?(?:href|action|src)="([^"]*)"', response.text):
        parts = urlsplit(href.replace("\\", "/"))
        assert "evil" not in parts.netloc, (what, href)
        assert parts.scheme not in ("javascript", "data"), (what, href)


def routes(world: World) -> list[str]:
    """Every address that can be opened and has no argument."""
    return sorted(
        {
            str(rule.rule)
            for rule in world.app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and not rule.arguments
        }
    )


def enter(browser: Browser, evil: str) -> list[TestResponse]:
    """Open the administration by its own sign-in, with a way on of the stranger's; return every answer on the way."""
    answers = [browser.get("/admin/login?" + urlencode({"next": evil}))]
    while "Location" in answers[-1].headers and len(answers) < 5:
        answers.append(browser.get(answers[-1].location.removeprefix(ISSUER)))
    return answers


@pytest.fixture(scope="module")
def outi(world: World) -> Browser:
    """The browser of an administrator of everything, who has opened the administration."""
    oidc_world.administrator(world, oidc_world.person(world, "outi"))
    browser = Browser(world)
    browser.sign_in("outi", levels.PASSKEY)
    assert enter(browser, "/admin/")[-1].status_code == 200
    return browser


def test_c_02_no_address_of_ours_takes_a_way_on_from_its_query(world: World, outi: Browser) -> None:
    """Every parameter that such addresses have had elsewhere, all at once; the vectors take turns."""
    turns, paths = cycle(EVIL), routes(world)
    assert len(paths) > 30
    for browser, held in ((Browser(world), ()), (outi, ("flow", "handle", "pending"))):
        for path in paths:
            query = {name: next(turns) for name in NAMES if name not in held}
            said = browser.get(f"{path}?{urlencode(query)}")
            assert said.status_code < 500, path
            stays(said, path)


def test_c_02_the_administration_goes_on_to_its_own_pages_only(outi: Browser) -> None:
    for evil in EVIL[::3]:
        answers = enter(outi, evil)
        assert answers[-1].status_code in (200, 404), evil
        for said in answers:
            stays(said, evil)


def test_c_02_the_way_on_after_signing_in_is_a_path_of_ours(world: World) -> None:
    """A handle can only be ours, and even in one that is, a way out is none."""
    with world.app.test_request_context():
        for evil in EVIL:
            kept = flow.read(flow.start(flow.Flow(evil)))
            assert kept is not None
            assert ours(kept.path), evil


def test_c_02_after_signing_out_nobody_is_taken_to_an_address_that_was_not_registered(
    world: World, anna: Browser
) -> None:
    hint = Application(world).redeem(anna.code()).get_json()["id_token"]
    registered = "https://wilma.example/bye?x=1"
    near = [
        f"{registered}#x",
        f"{registered}&y=1",
        registered.replace("wilma", "WILMA"),
        registered + "/",
        "https://wilma.example/bye",
        f"{registered}\\@evil.example",
    ]
    for evil in (*EVIL, *near):
        query = {"id_token_hint": hint, "post_logout_redirect_uri": evil}
        said = anna.get("/oauth2/logout?" + urlencode(query))
        assert (said.status_code, "Location" in said.headers) == (400, False), evil
        asked = anna.get("/oauth2/logout?" + urlencode({"client_id": "wilma", "post_logout_redirect_uri": evil}))
        assert "Location" not in asked.headers, evil
        stays(asked, evil)
    assert (
        anna.get(
            "/oauth2/logout?" + urlencode({"id_token_hint": hint, "post_logout_redirect_uri": registered})
        ).location
        == registered
    )
