"""AC-03, AU-12: a form changes what it is for; no field that it does not have is taken, and nobody says of themselves
that they are verified."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Boolean, DateTime, select
from sqlalchemy.orm import Session

from iam import models
from iam.access.model.role import Application
from iam.database.base import Base
from iam.oidc.model import Client
from tests.kit.factories import consortium
from tests.kit.seen import dump
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.admin import Reader, World, hidden
from tests.unit.admin_ui.rules.test_rules import GOOD, NEW, send

CANARY = "mass-assignment-canary"
ID = UUID(int=0xBAD)
MORE = (
    "is_admin",
    "admin",
    "verified",
    "email_verified",
    "phone_number_verified",
    "tenant_id",
    "externalId",
    "permissions",
    "roles",
    "groups",
)


def every_field() -> dict[str, str]:
    """Every column of every table as a form field, with a value that would be seen wherever it were stored."""
    assert models
    found: dict[str, str] = {}
    for table in Base.metadata.tables.values():
        for column in table.columns:
            kind = column.type.python_type if not isinstance(column.type, Boolean | DateTime) else str
            text = str(ID) if kind is UUID else "true" if isinstance(column.type, Boolean) else CANARY
            found[column.name] = found.get(column.name, text)
    return found | dict.fromkeys(MORE, "true")


OWN = {
    "/admin/new-application": {
        "name",
        "owner",
        "template",
        "redirect_uris",
        "post_logout_redirect_uris",
        "entry",
        "csrf_token",
    },
    NEW: {
        *GOOD,
        "name_sv",
        "name_en",
        "act",
        "seen",
        "person",
        "fact",
        "csrf_token",
        "group",
        "group_owner",
        "occupations",
        "code_list",
        "unless",
        "place_under",
        "place_is",
        "scope_organisation",
        "on",
    },
}
"""The fields that forms have themselves."""


@pytest.fixture(scope="module")
def paula(office: World) -> Reader:
    """The administrator of everything."""
    consortium.client(office, "wilma", "wilma")
    return Reader(office, "paula").enter()


def foreign(path: str, own: set[str] = frozenset()) -> dict[str, str]:  # type: ignore[assignment]
    """Every field that is not a form's own."""
    return {name: value for name, value in every_field().items() if name not in own | OWN.get(path, set())}


def clean(world: World) -> None:
    """Fail when a value of a field that no form has was stored anywhere."""
    held = dump(world.engine)
    assert CANARY not in held
    assert ID.hex not in held


def columns(row: Any) -> dict[str, Any]:
    own = {"id", "key", "name", "client_id", "application_id", "audience", "sector"}
    return {
        column.name: getattr(row, attribute.key)
        for attribute in type(row).__mapper__.column_attrs
        for column in attribute.columns
        if column.name not in own
    }


def test_ac_03_there_are_fields_to_try() -> None:
    assert len(every_field()) > 120
    assert {"person_id", "organisation_id", "retired", "permission", "sub", "acr", "hash"} <= set(every_field())


def test_ac_03_an_application_and_its_client_are_what_the_form_says_whatever_else_was_sent(
    office: World, paula: Reader
) -> None:
    path = "/admin/new-application"
    usual = {
        "owner": str(office.ids["MANSIKKALA"]),
        "template": "web",
        "redirect_uris": "https://a.example/cb",
        "entry": "role",
    }
    page = paula.get(path)
    owners = [value for value in ("MANSIKKALA", str(office.ids["MANSIKKALA"])) if f'value="{value}"' in page.text]
    usual["owner"] = owners[0]
    for name, more in (("Yksi", {}), ("Kaksi", foreign(path))):
        made = paula.post(path, path, **(more | usual | {"name": name}))
        assert made.status_code == 200, made.text
    with Session(office.engine) as session:
        rows = {
            row.name["fi"]: row
            for row in session.scalars(select(Application))
            if row.name.get("fi") in ("Yksi", "Kaksi")
        }
        assert columns(rows["Kaksi"]) == columns(rows["Yksi"])
        clients = [
            session.scalars(select(Client).where(Client.application_id == rows[name].id)).one()
            for name in ("Yksi", "Kaksi")
        ]
        assert columns(clients[0]) == columns(clients[1])
    clean(office)


def test_ac_03_no_other_form_of_the_administration_takes_a_field_that_it_does_not_have(
    office: World, paula: Reader
) -> None:
    here, anna = f"/admin/persons/{office.ids['anna']}", str(office.ids["anna KOIVU"])
    forms: list[tuple[str, dict[str, str], set[str]]] = [
        (
            f"{here}/rights",
            {
                "role": "wilma:opettaja",
                "capacity": anna,
                "scope": str(office.ids["KOIVU"]),
                "until": "2036-05-31",
                "reason": "x",
            },
            set(),
        ),
        (
            "/admin/applications/wilma/clients/wilma/claims",
            {},
            {
                "roles",
                "groups",
                "capacity",
                "entitlements",
                "name",
                "given_name",
                "family_name",
                "preferred_username",
                "locale",
                "email",
                "phone_number",
            },
        ),
        ("/admin/applications/wilma/clients/wilma/secret", {"days": "7"}, set()),
        (f"/admin/applications/wilma/organisations/{office.ids['MANSIKKALA']}", {"on": "yes"}, {"q"}),
        (f"{here}/end", {"end_reason": "x"}, set()),
        (f"{here}/restore", {"restore_reason": "x"}, set()),
    ]
    for path, fields, own in forms:
        said = paula.force(path, **(foreign(path, own | {"csrf_token", *fields}) | fields))
        assert said.status_code in (200, 303), (path, said.status_code)
        clean(office)
    seen = hidden(send(paula, NEW, **foreign(NEW) | GOOD), NEW)["seen"]
    assert send(paula, NEW, **(foreign(NEW) | GOOD | {"act": "publish", "seen": seen})).status_code == 303
    clean(office)


def test_ac_03_au_12_my_account_changes_neither_contact_data_nor_anybodys_standing(
    office: World, paula: Reader
) -> None:
    ville = Reader(office, "ville")
    before = dump(
        office.engine, "person", "person_profile", "identifier", "affiliation", "admin_grant", "assignment", "account"
    )
    contact = {
        "email": "ville@evil.example",
        "phone_number": "+358",
        "email_verified": "true",
        "verified": "true",
        "language": "fi",
    }
    for path in ("/account/language", "/account/sessions/end-others", "/account/password"):
        ville.force(path, **(foreign(path, {"csrf_token", "language"}) | contact))
        clean(office)
    assert (
        dump(
            office.engine,
            "person",
            "person_profile",
            "identifier",
            "affiliation",
            "admin_grant",
            "assignment",
            "account",
        )
        == before
    )
    assert "evil.example" not in dump(office.engine)


def test_au_12_nothing_that_a_source_told_is_called_verified(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any
) -> None:
    folder = tmp_path_factory.mktemp("provider")
    (folder / "avain.db").write_bytes(sqlite_template.read_bytes())
    world = oidc_world.build(f"sqlite:///{folder / 'avain.db'}", folder)
    anna, wilma = oidc_world.Browser(world), oidc_world.Application(world)
    anna.sign_in()
    tokens = wilma.redeem(anna.code(scope="openid email phone profile")).get_json()
    told = wilma.userinfo(tokens["access_token"]).get_json()
    assert told["email"] == "anna@example.fi"
    said = {**oidc_world.verified(world, tokens["id_token"], "JWT"), **told}
    assert {name: value for name, value in said.items() if name.endswith("_verified")} == {
        "email_verified": False,
        "phone_number_verified": False,
    }
    world.engine.dispose()
