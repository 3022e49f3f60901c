"""A forgotten password as people live it: the page, the mail, the code, the new password; without scripts, and by axe's
rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.kit.peers.mail import MailServer
from tests.kit.servers.avain import Avain
from tests.kit.servers.chromium import axe
from tests.kit.servers.ports import HOST

pytestmark = [pytest.mark.browser, pytest.mark.services]

LOGIN, OLD, NEW = "aino.esimerkki", "kolmas-koivu-kasvaa-1001", "neljäs kuusi kaatuu vuonna"
DECLARED = f"""
persons:
  - {{login: {LOGIN}, given_names: Aino, family_name: Esimerkki, email: aino@marjala.example, password: {OLD}}}
"""


@pytest.fixture
def post() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def served(database_url: str, tmp_path: Path, post: MailServer) -> Iterator[Avain]:
    """The service with Aino declared, its worker inside, and mail to the test's own server."""
    server = Avain(
        database_url,
        tmp_path,
        {
            "IAM_EGRESS__HOSTS": json.dumps([post.place]),
            "IAM_MAIL__HOST": HOST,
            "IAM_MAIL__PORT": str(post.port),
            "IAM_MAIL__SECURITY": "none-for-loopback",
            "IAM_MAIL__SENDER": "avain@marjala.example",
            "IAM_CONSORTIUM": "Marjala",
        },
    )
    file = tmp_path / "declared.yaml"
    file.write_text(DECLARED, encoding="utf-8")
    done = server.iam("apply", "-f", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    with server:
        yield server


def submit(page: Page) -> None:
    page.locator("main form button[type=submit]").first.click()


def code_of(post: MailServer, count: int) -> str:
    """The code of a mail, as its reader copies it."""
    found = re.search(r"\b[2-9A-Z]{5}-[2-9A-Z]{5}\b", post.took(count)[-1].text)
    assert found is not None
    return found[0]


def ask(served: Avain, page: Page) -> None:
    page.goto(f"{served.issuer}/login")
    page.get_by_role("link", name="Olen unohtanut salasanani").click()
    page.get_by_label("Käyttäjätunnus").fill(LOGIN)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_person_who_forgot_the_password_gets_in_again_with_scripts_and_without(
    served: Avain, post: MailServer, page: Page, page_without_scripts: Page
) -> None:
    for n, one in enumerate((page_without_scripts, page), 1):
        looked = axe if one is page else lambda _page: []
        ask(served, one)
        assert looked(one) == []
        submit(one)
        one.wait_for_selector("#asked")
        assert looked(one) == []
        one.get_by_label("Kertakoodi").fill(code_of(post, n))
        submit(one)
        one.wait_for_selector("#new_password")
        assert looked(one) == []
        one.get_by_label("Uusi salasana", exact=True).fill(f"{NEW} {n}")
        one.get_by_label("Uusi salasana uudelleen").fill(f"{NEW} {n}")
        submit(one)
        one.wait_for_url("**/account")
        assert "Aino" in one.inner_text("header, main")
