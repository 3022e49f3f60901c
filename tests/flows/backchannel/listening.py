"""Signing in to an application that listens for logouts, and the messages that it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.database.engine import make_sessions
from iam.delivery.outbox import Message
from iam.ephemeral import SqlGenerations
from iam.jobs import Worker
from iam.oidc.issuer import Issuer
from iam.oidc.logout.backchannel import Backchannel
from iam.oidc.model import Client
from iam.settings import Settings
from iam.tokens import sign_out
from iam.web import extension
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World, form


def worker_of(world: World, folder: Path, *hosts: str) -> Worker:
    """A worker over the world's database that may go to these hosts."""
    settings = Settings(issuer=ISSUER, vault={"key_file": folder / "vault.key"}, egress={"hosts": list(hosts)})
    issuer = Issuer(settings, extension.parts_of(world.app).vault, SqlGenerations())
    return Worker(make_sessions(world.engine), {sign_out.KIND: Backchannel(issuer, settings.egress)})


def listen(world: World, client_id: str, url: str | None) -> None:
    """Register a client's back-channel address."""
    world.change(Client, Client.client_id == client_id, backchannel_logout_uri=url)


def signed_in(world: World, client_id: str = "wilma", name: str = "anna") -> tuple[Browser, UUID, dict[str, Any]]:
    """Sign a person in to an application; return the browser, the session's id and the ID token's claims."""
    browser = Browser(world)
    session_id = browser.sign_in(name)
    answer = Application(world, client_id).redeem(browser.code(client_id)).get_json()
    return browser, session_id, oidc_world.verified(world, answer["id_token"], "JWT")


def sign_off(browser: Browser) -> None:
    """Sign out at /logout."""
    fields = form(browser.get("/logout"))
    assert browser.http.post("/logout", base_url=ISSUER, data=fields | {"decision": "sign-out"}).status_code == 303


def messages(world: World) -> list[Message]:
    """The outbox, oldest first."""
    with Session(world.engine) as session:
        return list(session.scalars(select(Message).order_by(Message.id)))
