"""Signing out in a real browser: its frames reach the applications, and the person comes back, with scripts and
without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from iam import clock
from iam.ephemeral import SqlGenerations
from iam.oidc.claims import subjects as subject
from iam.oidc.issuer import Issuer
from iam.oidc.model import Client
from iam.settings import Settings
from iam.tokens import jose, session as login_sessions
from iam.tokens.grant import GrantRow
from iam.vault import Vault
from tests.kit.factories import facts
from tests.kit.peers.relying_party import RelyingParty
from tests.kit.servers.avain import Avain
from tests.kit.worlds import oidc as oidc_world

pytestmark = [pytest.mark.browser, pytest.mark.services]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Anna is signed in to wilma: the secret for her cookie, what wilma asks when she signs out, its name for the
    session."""

    secret: str
    logout: str
    sid: str


@pytest.fixture
def wilma() -> Iterator[RelyingParty]:
    with RelyingParty() as server:
        yield server


@pytest.fixture
def anna(database_url: str, tmp_path: Path, wilma: RelyingParty) -> Iterator[SignedIn]:
    world = oidc_world.build(database_url, tmp_path)
    back = f"http://{wilma.host}/back"
    world.change(
        Client,
        Client.client_id == "wilma",
        frontchannel_logout_uri=f"http://{wilma.host}/out",
        post_logout_redirect_uris=[back],
    )
    with Avain(database_url, tmp_path) as server:
        settings = Settings(issuer=server.issuer, vault={"key_file": tmp_path / "vault.key"})
        issuer, now = Issuer(settings, Vault.open(settings.vault.key_file), SqlGenerations()), clock.now()
        with Session(world.engine, expire_on_commit=False) as session, session.begin():
            login, secret = login_sessions.start(
                session, world.ids["anna"], facts.WORKING_DAY, acr="urn:avain:acr:password", amr=["pwd"], agent="test"
            )
            session.add(
                GrantRow(
                    person_id=world.ids["anna"],
                    client_id="wilma",
                    session_id=login.id,
                    scope="openid",
                    auth_time=now,
                    acr="",
                    created_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )
            sid = issuer.sid("wilma.example", login.id)
            said = {
                "iss": server.issuer,
                "exp": int(clock.now().timestamp()),
                "aud": "wilma",
                "sid": sid,
                "sub": subject.give(session, "wilma.example", world.ids["anna"]),
            }
            hint = jose.sign(issuer.keyring.signer(session, "RS256"), "JWT", said)
        query = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": back, "state": "st"})
        yield SignedIn(secret, f"{server.issuer}/oauth2/logout?{query}", sid)
    world.engine.dispose()


def open_logout(page: Page, anna: SignedIn) -> None:
    """Arrive at the end session endpoint as Anna."""
    page.context.add_cookies([{"name": "avain", "value": anna.secret, "domain": "localhost", "path": "/"}])
    page.goto(anna.logout, wait_until="commit")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_application_is_told_in_a_frame_and_the_browser_goes_back_to_it(
    page: Page, wilma: RelyingParty, anna: SignedIn
) -> None:
    open_logout(page, anna)
    expect(page).to_have_url(f"http://{wilma.host}/back?state=st")
    assert [urlsplit(one).path for one in wilma.asked][:2] == ["/out", "/back"]
    assert parse_qs(urlsplit(wilma.asked[0]).query)["sid"] == [anna.sid]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_scripts_the_person_follows_the_link(
    page_without_scripts: Page, wilma: RelyingParty, anna: SignedIn
) -> None:
    page = page_without_scripts
    open_logout(page, anna)
    link = page.locator("#continue")
    expect(link).to_be_visible()
    page.wait_for_load_state("load")
    assert [urlsplit(one).path for one in wilma.asked] == ["/out"]
    link.click()
    expect(page).to_have_url(f"http://{wilma.host}/back?state=st")
