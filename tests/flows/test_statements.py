"""How many statements each page, list, file and request of the protocol sends to the database: at most as many as stand
here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from iam.oidc.clients import registered
from iam.settings import Egress
from iam.tokens import session as login_sessions
from iam.web import extension
from tests.kit import statement_walks, upstream
from tests.kit.browser import application
from tests.kit.peers import api
from tests.kit.peers.openid_provider import OpenidProvider
from tests.kit.people import add_person, employ
from tests.kit.statement_walks import Meter
from tests.kit.worlds import admin as admin_world, oidc as oidc_world
from tests.kit.worlds.factor import LOGIN, vault_door

MOST: dict[str, int] = {
    "GET /": 0,
    "GET /.well-known/oauth-authorization-server": 0,
    "GET /.well-known/openid-configuration": 0,
    "GET /account": 16,
    "GET /admin/": 20,
    "GET /admin/administrators": 8,
    "GET /admin/administrators.csv": 7,
    "GET /admin/administrators/<uuid:grant_id>": 10,
    "GET /admin/administrators/new": 8,
    "GET /admin/administrators/new/<uuid:person_id>": 8,
    "GET /admin/administrators/waiting/<uuid:proposal_id>": 29,
    "GET /admin/agreements": 10,
    "GET /admin/agreements.csv": 10,
    "GET /admin/agreements/<key>": 18,
    "GET /admin/agreements/<key>/sign": 10,
    "GET /admin/agreements/<key>/notice": 10,
    "GET /admin/agreements/<key>/cancel": 10,
    "GET /admin/programs": 6,
    "GET /admin/new-program": 7,
    "GET /admin/occupations": 9,
    "GET /admin/occupations.csv": 7,
    "GET /admin/occupations/<code>": 6,
    "GET /admin/new-occupation": 6,
    "GET /admin/code-lists": 5,
    "GET /admin/code-lists/<key>": 8,
    "GET /admin/new-code-list": 7,
    "GET /admin/declaration": 7,
    "GET /admin/deputies": 5,
    "GET /admin/new-agreement": 5,
    "GET /admin/agreements/<key>/copy": 9,
    "GET /admin/agreements/<key>/template": 6,
    "GET /admin/agreement-templates": 6,
    "GET /admin/agreement-templates/<key>": 7,
    "GET /admin/agreement-templates/<key>/make": 6,
    "GET /admin/agreements/<key>/people": 17,
    "GET /admin/agreements/<key>/names.csv": 16,
    "GET /admin/agreements/<key>/history": 11,
    "GET /admin/agreements/<key>/history.csv": 11,
    "GET /admin/agreements/<key>/clauses/new": 17,
    "GET /admin/agreements/<key>/clauses/<int:n>/edit": 20,
    "GET /admin/agreements/<key>/clauses/<int:n>/end": 10,
    "GET /admin/agreements/<key>/history/<uuid:change_id>/restore": 18,
    "GET /admin/agreements/<key>/proposal": 46,
    "GET /admin/agreements/<key>/people.csv": 6,
    "GET /admin/applications": 7,
    "GET /admin/applications.csv": 7,
    "GET /admin/applications/<application>/clients/<client_id>": 9,
    "GET /admin/applications/<application>/clients/<client_id>/claims": 5,
    "GET /admin/applications/<application>/clients/<client_id>/errors.csv": 7,
    "GET /admin/applications/<application>/clients/<client_id>/settings.json": 5,
    "GET /admin/applications/<application>/data-groups/<key>": 12,
    "GET /admin/applications/<application>/clients/<client_id>/settings": 5,
    "GET /admin/applications/<application>/new-client": 5,
    "GET /admin/applications/<application>/new-data-group": 12,
    "GET /admin/applications/<application>/new-role": 12,
    "GET /admin/applications/<application>/organisations": 7,
    "GET /admin/applications/<application>/roles": 11,
    "GET /admin/applications/<application>/roles.csv": 7,
    "GET /admin/applications/<application>/settings": 15,
    "GET /admin/applications/<application>/organisations.csv": 7,
    "GET /admin/applications/<application>/trace": 9,
    "GET /admin/applications/<application>/trace.csv": 7,
    "GET /admin/applications/<key>": 10,
    "GET /admin/applications/<key>/enabled.csv": 6,
    "GET /admin/applications/<key>/token": 6,
    "GET /admin/bulk": 5,
    "GET /admin/bulk-rules": 8,
    "GET /admin/bulk/<does>": 8,
    "GET /admin/bulk/waiting/<uuid:bulk_id>": 60,
    "GET /admin/callback": 12,
    "GET /admin/groups": 5,
    "GET /admin/groups/<uuid:group_id>": 8,
    "GET /admin/help-requests": 5,
    "GET /admin/login": 1,
    "GET /admin/new-application": 6,
    "GET /admin/new-group": 5,
    "GET /admin/new-person": 6,
    "GET /admin/organisations": 7,
    "GET /admin/organisations.csv": 7,
    "GET /admin/organisations/<uuid:organisation_id>": 25,
    "GET /admin/organisations/<uuid:organisation_id>/acts/<act>": 9,
    "GET /admin/organisations/<uuid:organisation_id>/sources": 8,
    "GET /admin/organisations/<uuid:organisation_id>/sources/<uuid:opening_id>": 70,
    "GET /admin/persons": 9,
    "GET /admin/persons.csv": 8,
    "GET /admin/persons/<uuid:person_id>/positions": 16,
    "GET /admin/persons/<uuid:person_id> facts": 15,
    "GET /admin/persons/<uuid:person_id> log": 11,
    "GET /admin/persons/<uuid:person_id> rights": 21,
    "GET /admin/persons/<uuid:person_id> seen": 16,
    "GET /admin/persons/<uuid:person_id> signin": 15,
    "GET /admin/persons/<uuid:person_id> timeline": 15,
    "GET /admin/persons/<uuid:person_id> trace": 13,
    "GET /admin/persons/<uuid:person_id>/log.csv": 11,
    "GET /admin/persons/<uuid:person_id>/rights.csv": 17,
    "GET /admin/persons/<uuid:person_id>/seen-by.csv": 15,
    "GET /admin/persons/<uuid:person_id>/trace.csv": 13,
    "GET /admin/roles": 10,
    "GET /admin/roles.csv": 10,
    "GET /admin/roles/<application>/<key>": 16,
    "GET /admin/roles/<application>/<key>/edit": 12,
    "GET /admin/roles/<application>/<key>/holders.csv": 9,
    "GET /admin/roles/<application>/<key>/versions": 9,
    "GET /admin/roles/<application>/<key>/versions.csv": 10,
    "GET /admin/roles/<application>/<key>/versions/<int:n>": 118,
    "GET /admin/rules": 6,
    "GET /admin/rules.csv": 7,
    "GET /admin/rules/<key>": 15,
    "GET /admin/rules/<key>/edit": 15,
    "GET /admin/rules/<key>/name": 8,
    "GET /admin/rules/<key>/proposal": 65,
    "GET /admin/rules/<key>/proposal.csv": 56,
    "GET /admin/rules/<key>/versions.csv": 8,
    "GET /admin/rules/<key>/versions/<int:n>": 82,
    "GET /admin/rules/<key>/versions/<int:n>/effects.csv": 72,
    "GET /admin/rules/<key>/withdraw": 58,
    "GET /admin/rules/<key>/withdraw.csv": 53,
    "GET /admin/rules/new": 12,
    "GET /admin/runs/<uuid:run_id>": 9,
    "GET /admin/runs/<uuid:run_id>/effects": 12,
    "GET /admin/runs/<uuid:run_id>/effects.csv": 9,
    "GET /admin/runs/<uuid:run_id>/rejects": 7,
    "GET /admin/runs/<uuid:run_id>/rejects.csv": 7,
    "GET /admin/runs/<uuid:run_id>/rights": 10,
    "GET /admin/runs/<uuid:run_id>/undo": 13,
    "GET /admin/new-source": 5,
    "GET /admin/new-source/<connector>": 6,
    "GET /admin/sources": 5,
    "GET /admin/sources.csv": 5,
    "GET /admin/sources/<key>": 10,
    "GET /admin/sources/<key>/columns": 8,
    "GET /admin/sources/<key>/sample": 9,
    "GET /admin/sources/<key>/settings": 6,
    "GET /admin/sources/<key>/runs.csv": 6,
    "GET /admin/sources/<key>/unclear": 10,
    "GET /admin/sources/<key>/unclear.csv": 10,
    "GET /admin/undelivered": 9,
    "GET /admin/undelivered.csv": 7,
    "GET /api/v1/openapi.json": 0,
    "GET /api/v1/organisations": 9,
    "GET /api/v1/organisations/<uuid:organisation_id>": 9,
    "GET /api/v1/persons": 9,
    "GET /api/v1/persons/<uuid:person_id>": 16,
    "GET /api/v1/persons/<uuid:person_id>/rights": 16,
    "GET /api/v1/persons/<uuid:person_id>/username": 16,
    "GET /api/v1/roles": 9,
    "GET /api/v1/roles/<application>/<key>": 9,
    "GET /api/v1/rules": 9,
    "GET /api/v1/rules/<key>": 9,
    "GET /api/v1/runs/<uuid:run_id>": 9,
    "GET /api/v1/sources": 9,
    "GET /api/v1/sources/<key>": 9,
    "GET /api/v1/sources/<key>/runs": 9,
    "GET /api/v1/groups": 9,
    "GET /capacity": 0,
    "POST /capacity": 1,
    "GET /consent": 0,
    "POST /consent": 3,
    "GET /factor": 3,
    "POST /factor": 14,
    "GET /factor/codes": 1,
    "GET /factor/passkey": 1,
    "POST /factor/passkey": 9,
    "POST /factor/passkey/options": 3,
    "GET /factor/replace": 4,
    "GET /factor/replace/code": 5,
    "POST /factor/replace/code": 13,
    "GET /factor/replace/stop": 1,
    "GET /factor/set-up": 3,
    "POST /factor/set-up": 15,
    "GET /factor/set-up/code": 5,
    "POST /factor/set-up/code": 17,
    "POST /factor/set-up/options": 7,
    "GET /first-code": 0,
    "GET /forgotten": 0,
    "GET /healthz": 0,
    "GET /logged-out": 0,
    "GET /login": 1,
    "POST /login": 11,
    "GET /login/passkey": 0,
    "POST /login/passkey": 11,
    "POST /login/passkey/options": 1,
    "GET /logout": 1,
    "GET /oauth2/authorize": 12,
    "POST /oauth2/authorize": 0,
    "POST /oauth2/introspect": 4,
    "GET /oauth2/jwks": 1,
    "GET /oauth2/logout": 9,
    "POST /oauth2/logout": 8,
    "POST /oauth2/par": 1,
    "POST /oauth2/register": 12,
    "DELETE /oauth2/register/<client_id>": 6,
    "GET /oauth2/register/<client_id>": 2,
    "PUT /oauth2/register/<client_id>": 8,
    "POST /oauth2/revoke": 4,
    "POST /oauth2/token authorization_code": 12,
    "POST /oauth2/token client_credentials": 1,
    "POST /oauth2/token refresh_token": 7,
    "GET /oauth2/userinfo": 6,
    "POST /oauth2/userinfo": 6,
    "GET /upstream/<key>": 2,
    "GET /upstream/<key>/callback": 12,
    "GET /upstream/link": 6,
    "POST /upstream/link": 10,
    "GET /upstream/unknown": 2,
    "GET /upstream/unlink": 1,
}
"""By method and route, and by tab or grant where a route answers several questions: the most statements it may send."""

WITHOUT = {"GET /static/<path:filename>": "a file of the program, for which nothing is read"}
"""Routes that need no number, and why."""
HELD = ("/oauth2/", "/login")
"""What is sent to these addresses has a number too; any other form is an act, which writes what it does and leads to a
page."""


@contextmanager
def provider_of_a_town(database_url: str, folder: Path) -> Iterator[tuple[Flask, OpenidProvider]]:
    """An application in which Aino signs in, here or at her municipality's own provider."""
    with OpenidProvider() as provider, application(database_url, folder, egress=Egress(hosts=[provider.place])) as app:
        app.add_url_rule("/test/vault", "vault_door", vault_door)
        engine = extension.engine_of(app)
        upstream.add_connection(app, engine, provider, upstream.KEY)
        with Session(engine) as session, session.begin():
            employ(session, add_person(session, extension.parts_of(app).vault, LOGIN), until_days=300)
        yield app, provider


def _administered(database_url: str, folder: Path) -> Meter:
    """What somebody who administers all, somebody who administers a school, and the school's secretary open."""
    world = admin_world.build(database_url, folder)
    statement_walks.fill(world)
    meter = Meter(world.app, world.engine)
    for login in ("paula", "lauri", "sanna"):
        statement_walks.administration(world, login, everything=login != "sanna")
    world.engine.dispose()
    return meter


def _called(database_url: str, folder: Path) -> Meter:
    """What an application reads through the API for the first two of them."""
    world = admin_world.build(database_url, folder, api.fill)
    meter = Meter(world.app, world.engine)
    for login in ("paula", "lauri"):
        statement_walks.called(world, login)
    world.engine.dispose()
    return meter


def _signed_in(database_url: str, folder: Path) -> Meter:
    with provider_of_a_town(database_url, folder) as (app, provider):
        meter = Meter(app, extension.engine_of(app))
        statement_walks.elsewhere(app, provider)
        statement_walks.signing_in(app)
        return meter


def _asked(database_url: str, folder: Path) -> Meter:
    world = oidc_world.build(database_url, folder)
    meter = Meter(world.app, world.engine)
    statement_walks.protocol(world)
    world.engine.dispose()
    return meter


@pytest.fixture(scope="module")
def meters(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Meter]:
    """What was counted on every walk, each in a database of its own.

    Now and then a request asks whether the known clients are still so: which one, a slow machine would decide.
    """
    made = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(registered, "SECONDS", 3600)
        patched.setattr(login_sessions, "SEEN_EVERY", timedelta(hours=1))
        for walk in (_administered, _called, _signed_in, _asked):
            folder = tmp_path_factory.mktemp(walk.__name__)
            made.append(walk(f"sqlite:///{shutil.copy(sqlite_template, folder / 'avain.db')}", folder))
    return made


@pytest.fixture(scope="module")
def sent(meters: list[Meter]) -> dict[str, int]:
    """The most statements that each route was seen to send."""
    names = sorted({name for meter in meters for name in meter.sent if "/test/" not in name})
    return {name: max(len(meter.sent.get(name, ())) for meter in meters) for name in names}


def _routes(meters: list[Meter]) -> set[str]:
    rules = {
        (method, rule.rule)
        for rule in meters[0].app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    return {f"{method} {rule}" for method, rule in rules if method == "GET" or rule.startswith(HELD)}


def test_nothing_sends_more_statements_than_it_is_held_to(sent: dict[str, int]) -> None:
    assert {name: count for name, count in sent.items() if count > MOST.get(name, 0)} == {}


def test_every_route_says_how_many_statements_it_may_send_and_is_opened_here(
    meters: list[Meter], sent: dict[str, int]
) -> None:
    assert _routes(meters) - {" ".join(name.split()[:2]) for name in MOST} - WITHOUT.keys() == set()
    assert MOST.keys() - sent.keys() == set()
