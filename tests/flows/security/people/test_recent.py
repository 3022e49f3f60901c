"""SE-06: credentials, keys, rules and roles are changed by somebody who has proved lately who they are, on every page
there is."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule

from iam import clock
from iam.tokens.one_shot import OneShot
from iam.tokens.session import LoginSessionRow
from tests.kit.factories import consortium
from tests.kit.seen import dump
from tests.kit.worlds import catalogue, wide
from tests.kit.worlds.admin import ISSUER, Reader, World, hidden
from tests.unit.admin_ui.rules.test_rules import GOOD, NEW, published

GIVES = {
    "rules.write",
    "organisations.write",
    "sources.write",
    "rights.grant",
    "applications.write",
    "agreements.sign",
    "codes.issue",
    "factors.reset",
    "config.apply",
    "administrators.write",
    "persons.write",
}
"""Permissions whose forms give somebody something: power, a secret, a way in."""
OTHER = {
    "access.end",
    "sessions.end",
    "persons.code",
    "persons.read",
    "persons.export",
    "sources.run",
    "sources.accept",
    "applications.read",
    "agreements.write",
    "administers",
}
"""Permissions whose forms take away, look, or let a source speak: what they do is held by a reason, a purpose or the
guard."""
GIVES_NOTHING = {
    "admin.retire_client",
    "admin.end_right",
    "admin.end_program",
    "admin.stop_rule",
    "admin.try_again",
    "admin.try_mail_again",
    "admin.make_source",
    "admin.disable_source",
}
"""Forms of the first kind that take away (whoever stops a misuse is not stopped on the way), send again what was
decided before, or make what is out of use at first."""
GIVES_TOO = {
    "admin.restore",
    "admin.press",
    "admin.lift",
    "admin.make_clause",
    "admin.alter_clause",
    "admin.restore_clauses",
    "admin.do_bulk_act",
    "admin.decide_on_bulk_act",
}
"""Forms of other permissions that give: an access that was ended, what another administrator asked for, what a
suspended agreement gave, and what an agreement allows."""
DONE_AT_LAST = {
    "admin.act_on_organisation",
    "admin.change_code_list",
    "admin.make_code_list",
    "admin.sign",
    "admin.make_clause",
    "admin.alter_clause",
    "admin.restore_clauses",
    "admin.appoint",
    "admin.lengthen_administrator",
    "admin.end_administrator",
    "admin.make_program",
}
"""Forms that show an effect first: only doing it gives."""
CHANGED = (
    "assignment",
    "rule",
    "rule_version",
    "application",
    "application_enabled",
    "client",
    "client_secret",
    "totp",
    "passkey",
)


def forms(world: World) -> list[tuple[Rule, str]]:
    """Every form of the administration pages with its permission."""
    found = []
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.startswith("admin.") and "POST" in (rule.methods or ()):
            found.append((rule, str(getattr(world.app.view_functions[rule.endpoint], "avain_access"))))  # noqa: B009
    return found


def gives(world: World) -> list[Rule]:
    """The forms that give somebody something."""
    return [
        rule
        for rule, permission in forms(world)
        if (permission in GIVES and rule.endpoint not in GIVES_NOTHING) or rule.endpoint in GIVES_TOO
    ]


def made(world: World) -> list[str]:
    """The secrets that were made, by kind; a form that is kept for its sender is none."""
    with Session(world.engine) as session:
        return list(session.scalars(select(OneShot.kind).where(OneShot.kind != "form").order_by(OneShot.hash)))


def age(world: World, reader: Reader, minutes: float) -> None:
    """Let the last proof of an administrator be so many minutes old."""
    at = clock.now() - timedelta(minutes=minutes)
    with Session(world.engine) as session, session.begin():
        session.execute(update(LoginSessionRow).where(LoginSessionRow.id == reader.session_id).values(auth_time=at))


@pytest.fixture(scope="module")
def paula(office: World) -> Reader:
    """The administrator of everything."""
    catalogue.rule(office, "vanha")
    consortium.client(office, "wilma", "wilma")
    return Reader(office, "paula").enter()


def address(world: World, rule: Rule) -> str:
    """The address of a form about what is there."""
    ids = {
        "person_id": str(world.ids["anna"]),
        "assignment_id": str(world.ids["anna right KOIVU"]),
        "application": "wilma",
        "client_id": "wilma",
        "organisation_id": str(world.ids["KOIVU"]),
        "key": "vanha",
        "code": "opettaja",
        "connector": "hr",
        "request_id": str(uuid4()),
        "guardian_id": str(world.ids["anna"]),
        "opening_id": str(uuid4()),
        "change_id": str(uuid4()),
        "fact_id": str(uuid4()),
        "group_id": str(uuid4()),
        "n": "1",
        "grant_id": str(wide.grant_of(world, "sanna")),
        "proposal_id": str(uuid4()),
        "act": "rename",
        "does": "give-right",
        "bulk_id": str(uuid4()),
    }
    built = rule.build({name: ids[name] for name in rule.arguments})
    assert built is not None
    return str(built[1])


def test_se_06_every_form_of_the_administration_pages_gives_or_does_not(office: World) -> None:
    unknown = {rule.rule: permission for rule, permission in forms(office) if permission not in GIVES | OTHER}
    assert unknown == {}, "say in GIVES or OTHER what forms of these permissions do"
    assert len(gives(office)) >= 10


def test_se_06_whoever_proved_it_more_than_five_minutes_ago_proves_it_again_before_giving_anything(
    office: World, paula: Reader
) -> None:
    token = hidden(
        paula.get(f"/admin/persons/{office.ids['anna']}?tab=signin"),
        f"/admin/persons/{office.ids['anna']}/sign-in-code",
    )
    age(office, paula, 5.02)
    before, secrets = dump(office.engine, *CHANGED), made(office)
    for rule in gives(office):
        act = "do" if rule.endpoint in DONE_AT_LAST else "publish"
        path, data = address(office, rule), {"act": act, "on": "yes", "days": "7", **token}
        asked = paula.http.post(path, base_url=ISSUER, data=data, headers={"Accept": "text/html"})
        assert (asked.status_code, (asked.location or "").partition("=")[0]) == (303, "/factor?flow"), (
            f"{path} gives without a fresh proof"
        )
        program = paula.http.post(path, base_url=ISSUER, data=data, headers={"Accept": "application/json"})
        assert (program.status_code, program.get_json()["type"]) == (401, "urn:avain:problem:step-up-needed"), path
    assert dump(office.engine, *CHANGED) == before
    assert made(office) == secrets
    # Looking needs no fresh proof, and neither do the first steps of writing a rule.
    for path in ("/admin/", "/admin/rules", "/admin/applications/wilma/clients/wilma", "/admin/rules/vanha/edit", NEW):
        assert paula.get(path).status_code == 200, path
    assert paula.post(NEW, NEW, **GOOD).status_code == 200


def test_se_06_a_rule_that_was_written_is_not_lost_by_the_proof_and_is_published_after_it(
    office: World, paula: Reader
) -> None:
    age(office, paula, 0)
    written = {**GOOD, "place_kind": "", "place_under": "MANSIKKALA", "unless": "yes"}
    kinds = ["employee", "substitute"]

    def send(**more: str) -> object:
        data = MultiDict({**hidden(paula.get(NEW), NEW), **written, **more})
        data.setlist("kinds", kinds)
        return paula.http.post(
            NEW, base_url=ISSUER, data=data, headers={"Accept": "text/html", "Accept-Language": "en"}
        )

    seen = hidden(send(), NEW)["seen"]  # type: ignore[arg-type]
    age(office, paula, 6)
    asked = send(act="publish", seen=seen)
    assert published(office, "opettaja-wilmaan") == []
    age(office, paula, 0)
    back = paula.get(asked.location)  # type: ignore[attr-defined]
    assert back.location.startswith(f"{NEW}?")
    page = paula.get(back.location)
    for value in (
        'value="Opettaja Wilmaan"',
        'value="employee" checked',
        'value="substitute" checked',
        'value="MANSIKKALA"',
    ):
        assert value in page.text, value
    done = send(act="publish", seen=seen)
    assert done.location == "/admin/rules/opettaja-wilmaan"  # type: ignore[attr-defined]
    assert published(office, "opettaja-wilmaan") == [(1, "published")]


def test_se_06_a_rule_that_stands_keeps_its_owner_whatever_the_way_back_says(office: World, paula: Reader) -> None:
    page = paula.get("/admin/rules/vanha/edit?role=wilma:opettaja&owner=KUUSI&key=other&kinds=student")
    assert page.status_code == 200
    assert 'value="student" checked' in page.text
    assert "KUUSI" not in page.text.partition('name="owner"')[2][:200]
