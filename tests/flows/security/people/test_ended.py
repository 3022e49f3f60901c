"""C-10, C-11, SE-04: what an application was given ends at once with the person's access and with everything else it
stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from iam.access.model.assignment import Assignment
from iam.access.model.role import Application as ApplicationRow, ApplicationEnabled, Role
from iam.change import SYSTEM
from iam.directory.affiliation import Affiliation
from iam.lifecycle import leave
from iam.oidc.model import Client
from iam.signin.accounts import ending
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World

SCOPE = "openid profile roles offline_access"
GRANTS = {"authorization_code", "refresh_token", "client_credentials"}
"""What discovery offers; the last is for the application itself, whoever its people are."""


End = Callable[[World, str], Callable[[], None] | None]
"""Ends something of a person's, or for everybody; what it returns puts it back."""


class Given:
    """What an application holds of a person: a code that waits, tokens, and the person's browser."""

    def __init__(self, world: World, name: str, client_id: str) -> None:
        self.world, self.client_id = world, client_id
        self.application = Application(world, client_id)
        self.browser = Browser(world)
        self.browser.sign_in(name)
        self.tokens = self.application.redeem(self._code()).get_json()
        self.waiting = self._code()

    def _code(self) -> str:
        scope = SCOPE if self.client_id == "wilma" else "openid roles"
        return oidc_world.answer(self.browser.informed(self.browser.authorize(self.client_id, scope=scope)))["code"]

    def opens(self, *, use_up: bool = True) -> dict[str, bool]:
        """What of it still gives something; ``use_up`` tries what works once, too."""
        access, refresh = self.tokens["access_token"], self.tokens.get("refresh_token")
        told = self.application.post("/oauth2/introspect", {"token": access})
        found = {
            "introspection": '"active": true' in told.text or '"active":true' in told.text,
            "userinfo": '"sub"' in self.application.userinfo(access).text,
            "authorize": "code=" in self.browser.authorize(self.client_id).headers.get("Location", ""),
        }
        if use_up:
            found["code"] = "access_token" in self.application.redeem(self.waiting).text
        if use_up and refresh:
            found["refresh"] = "access_token" in self.application.refresh(refresh).text
        return found


def _person(world: World, name: str) -> None:
    person = oidc_world.person(world, name)
    capacity = oidc_world.employ(world, person, "KOIVU", "Opettaja")
    oidc_world.give(world, person, "opettaja", "KOIVU", capacity)


def _end_access(world: World, name: str) -> None:
    with Session(world.engine) as session, session.begin():
        leave.end_now(session, world.ids[name], "epäily", SYSTEM)


def _end_sessions(world: World, name: str) -> None:
    with Session(world.engine) as session, session.begin():
        ending.end(session, SYSTEM, "ended by an administrator", world.ids[name])


def _end_capacity(world: World, name: str) -> None:
    world.change(Affiliation, Affiliation.person_id == world.ids[name], valid_to=oidc_world.instant(0))


def _end_right(world: World, name: str) -> None:
    world.change(Assignment, Assignment.person_id == world.ids[name], valid_to=oidc_world.instant(0))


def _retire(model: Any, column: Any, key: str) -> End:
    def end(world: World, _: str) -> Callable[[], None]:
        world.change(model, column == key, retired=True)
        return lambda: world.change(model, column == key, retired=False)

    return end


def _disable(application: str) -> End:
    def end(world: World, _: str) -> Callable[[], None]:
        with Session(world.engine) as session, session.begin():
            these = ApplicationEnabled.application_id == world.ids[application]
            session.execute(delete(ApplicationEnabled).where(these))
        return lambda: world.write(
            ApplicationEnabled(application_id=world.ids[application], organisation_id=world.ids["KUNTA"])
        )

    return end


ENDINGS: dict[str, tuple[str, End]] = {
    "the person's access": ("wilma", _end_access),
    "the person's sessions": ("wilma", _end_sessions),
    "the capacity": ("wilma", _end_capacity),
    "the right": ("wilma", _end_right),
    "the organisation's use of an application for everyone": ("verso", _disable("verso")),
    "the organisation's use of an application entered by a role": ("wilma", _disable("wilma")),
    "the role": ("wilma", _retire(Role, Role.key, "opettaja")),
    "the client": ("verso", _retire(Client, Client.client_id, "verso")),
    "the application": ("wilma", _retire(ApplicationRow, ApplicationRow.key, "wilma")),
}
"""What is disabled while tokens live, and whose tokens; what concerns everybody is put back afterwards."""


@pytest.fixture(scope="module")
def held(provider: World) -> dict[str, Given]:
    """Somebody's tokens for every ending, all of them living."""
    found = {}
    for n, (what, (client_id, _)) in enumerate(ENDINGS.items()):
        _person(provider, f"henkilo{n}")
        found[what] = Given(provider, f"henkilo{n}", client_id)
    control = Given(provider, "henkilo0", "wilma")
    assert set(control.opens().values()) == {True}
    return found


def test_c_11_se_04_whatever_a_grant_stands_on_is_felt_at_every_door_at_once(
    provider: World, held: dict[str, Given]
) -> None:
    for n, (what, (_, end)) in enumerate(ENDINGS.items()):
        given = held[what]
        assert set(given.opens(use_up=False).values()) == {True}, what
        restore = end(provider, f"henkilo{n}")
        opens = given.opens()
        assert opens == dict.fromkeys(opens, False), f"after the end of {what}"
        if restore is not None:
            restore()


def test_c_10_no_grant_is_offered_that_was_not_tried(provider: World) -> None:
    told = provider.app.test_client().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert set(told["grant_types_supported"]) == GRANTS
