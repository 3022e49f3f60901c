"""Signing in by an upstream OpenID provider as people do it: declared with ``iam apply``, served by ``iam serve``, in a
browser; OI-07."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.kit.peers.openid_provider import CLIENT, SECRET, OpenidProvider
from tests.kit.servers.avain import Avain
from tests.kit.servers.chromium import axe

PASSWORD = "kolmas-koivu-kasvaa-1001"
DECLARED = """
organisations:
  - {{key: kunta, kind: municipality, name: {{fi: Koivula}}, legal_entity: true}}
persons:
  - {{login: aino.esimerkki, given_names: Aino, family_name: Esimerkki, password: {password},
     affiliations: [{{organisation: kunta, kind: employee}}]}}
connections:
  - {{key: kunta, owner: kunta, name: {{fi: Kunnan tili}}, issuer: "{issuer}", client_id: {client}, secret: "{secret}", domains: [kunta.example]}}
"""


@pytest.fixture
def provider() -> Iterator[OpenidProvider]:
    """The municipality's own provider."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path, provider: OpenidProvider) -> Iterator[Avain]:
    """The service, with Aino and the provider declared; what is kept of it on each database, the flows show."""
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'avain.db')}"
    server = Avain(url, tmp_path, {"IAM_EGRESS__HOSTS": json.dumps([provider.place])})
    file = tmp_path / "declared.yaml"
    file.write_text(DECLARED.format(password=PASSWORD, issuer=provider.issuer, client=CLIENT, secret=SECRET))
    done = server.iam("apply", "-f", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    with server:
        yield server


def test_a_person_connects_the_account_once_and_then_comes_in_by_it_alone(
    served: Avain, provider: OpenidProvider, page: Page
) -> None:
    page.goto(f"{served.issuer}/login")
    page.get_by_label("Käyttäjätunnus").fill("aino@kunta.example")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/upstream/unknown**")
    assert provider.asked[0]["login_hint"] == "aino@kunta.example"
    assert axe(page) == []
    page.locator("#connect").click()
    page.get_by_label("Käyttäjätunnus").fill("aino.esimerkki")
    page.get_by_label("Salasana", exact=True).fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/upstream/link**")
    assert axe(page) == []
    page.locator("button[value=connect]").click()
    page.wait_for_url("**/account")
    assert "Kunnan tili" in page.locator("#linked").inner_text()
    assert axe(page) == []
    page.context.clear_cookies()
    page.goto(f"{served.issuer}/login")
    page.get_by_role("link", name="Kunnan tili").click()
    page.wait_for_url("**/account")
    assert "Aino" in page.inner_text("header")


def test_without_scripts_it_works_as_well(served: Avain, provider: OpenidProvider, page_without_scripts: Page) -> None:
    page = page_without_scripts
    page.goto(f"{served.issuer}/login")
    page.get_by_label("Käyttäjätunnus").fill("aino@kunta.example")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/upstream/unknown**")
