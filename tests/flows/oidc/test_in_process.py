"""Our own administration as a relying party, and the preview of what a token would hold."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM
from iam.errors import Denied
from iam.oidc import in_process
from iam.oidc.in_process import Redeemed
from iam.oidc.issuing.preview import claims_for
from iam.oidc.model import Client, Subject
from iam.oidc.server import provider
from iam.web import extension
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, VERIFIER, Application, Browser, World, answer, verified

CALLBACK = f"{ISSUER}/admin/callback"


def redeem(world: World, code: str, **changes: Any) -> Redeemed:
    values = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER} | changes
    with world.app.test_request_context(), Session(world.engine) as session:
        try:
            return in_process.redeem(session, provider().issuer, code, actor=SYSTEM, **values)
        finally:
            session.commit()


def test_an_administrator_comes_in_without_choosing_a_capacity(world: World, anna: Browser) -> None:
    oidc_world.administrator(world, world.ids["anna"])
    found = answer(anna.authorize("avain-admin", redirect_uri=CALLBACK, scope="openid"))
    redeemed = redeem(world, found["code"])
    assert (redeemed.person_id, redeemed.nonce) == (world.ids["anna"], "n0nce")
    assert verified(world, redeemed.tokens["id_token"], "JWT")["aud"] == "avain-admin"
    with pytest.raises(Denied):
        redeem(world, found["code"])


def test_nobody_else_comes_in(anna: Browser) -> None:
    assert anna.authorize("avain-admin", redirect_uri=CALLBACK, scope="openid").status_code == 403


@pytest.mark.parametrize("changes", [{"code_verifier": "w" * 43}, {"redirect_uri": "https://evil.example"}])
def test_what_the_code_is_bound_to_is_checked_in_process_too(
    world: World, anna: Browser, changes: dict[str, str]
) -> None:
    oidc_world.administrator(world, world.ids["anna"])
    code = answer(anna.authorize("avain-admin", redirect_uri=CALLBACK, scope="openid"))["code"]
    with pytest.raises(Denied):
        redeem(world, code, **changes)
    with pytest.raises(Denied):
        redeem(world, code)


def test_an_administrators_code_cannot_be_redeemed_over_http(world: World, anna: Browser) -> None:
    oidc_world.administrator(world, world.ids["anna"])
    code = answer(anna.authorize("avain-admin", redirect_uri=CALLBACK, scope="openid"))["code"]
    assert Application(world).redeem(code, redirect_uri=CALLBACK).get_json()["error"] == "invalid_grant"
    assert redeem(world, code).person_id == world.ids["anna"]


def test_the_preview_is_what_userinfo_says_later(world: World, anna: Browser) -> None:
    vault = extension.parts_of(world.app).vault
    with Session(world.engine) as session:
        client = session.scalars(select(Client).where(Client.client_id == "wilma")).one()
        arguments = (session, client, world.ids["anna"], world.ids["capacity RANTA"], clock.now())
        before = claims_for(*arguments, scopes=["openid", "profile", "roles", "groups"], vault=vault)
        assert session.scalars(select(Subject)).all() == []
    tokens = Application(world).redeem(anna.code(capacity="RANTA", scope="openid profile roles groups")).get_json()
    said = Application(world).userinfo(tokens["access_token"]).get_json()
    assert before | {"sub": said["sub"]} == said
    assert before["sub"] == "…"


def test_the_preview_of_somebody_who_may_not_enter_is_empty(world: World) -> None:
    berit = oidc_world.person(world, "berit")
    capacity = oidc_world.employ(world, berit, "KOIVU", "Koulusihteeri")
    with Session(world.engine) as session:
        client = session.scalars(select(Client).where(Client.client_id == "wilma")).one()
        assert claims_for(session, client, berit, capacity, clock.now()) == {}
