"""Sources made on pages: the form that is made of a connector's settings, what stands beside a field, what is never
shown, and to whom nothing is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from admin_ui.feeds import connector_words
from iam import clock
from iam.apply.export import as_data
from iam.audit.log import AuditEvent
from iam.demo.codes import identity_code
from iam.directory.person import Identifier
from iam.directory.source import Source
from iam.sources.making import commands
from iam.sources.making.hidden import group
from iam.tokens.session import LoginSessionRow
from tests.architecture.test_messages import translations
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person

SECRET = "hunter2hunter2"
CODE = identity_code(date(1980, 5, 1), "-", 951)
LDAP = {
    "settings.url": "ldaps://ldap.example",
    "settings.bind_dn": "cn=avain,dc=example",
    "settings.base_dn": "dc=example",
    "settings.bind_password": SECRET,
}
FORM = {
    "key": "palkat",
    "owner": "MANSIKKALA",
    "purpose": "Palkat",
    "zone": "Europe/Helsinki",
    "priority": "100",
    "deadline": "120",
    "missing_hours": "20",
    "keep_good_rows": "yes",
}


@pytest.fixture
def town(world: World, reader: Callable[[str], Reader]) -> Reader:
    """Whoever looks after the sources of MANSIKKALA, and sees its people."""
    person(world, "tiina", "Tietohallinto")
    administer(world, "tiina", "MANSIKKALA", "sources.read", "sources.run", "sources.write", "persons.read")
    return reader("tiina")


def source(world: World, key: str = "palkat") -> Source:
    with Session(world.engine) as session:
        return session.scalars(select(Source).where(Source.key == key)).one()


def feed(tmp_path: Path, world: World, key: str = "palkat") -> None:
    """A paused source with a file of foreign headers, in which a code stands where none belongs too."""
    path = tmp_path / "hr.csv"
    path.write_text(f"Hlönro;Hetu;Sukunimi;Huom\n7001;{CODE};Puistola;ks. {CODE}\n", encoding="utf-8")
    catalogue.source(world, key, "MANSIKKALA", settings={"path": str(path)}, disabled=True)


def test_the_connectors_that_read_a_system_are_offered_in_words(town: Reader) -> None:
    page = town.get("/admin/new-source").text
    assert "Payroll or HR file" in page
    assert "/admin/new-source/claims" not in page
    assert town.get("/admin/new-source/claims").status_code == 404


def test_every_wrong_field_is_told_beside_it_and_what_was_typed_is_kept(town: Reader) -> None:
    answer = town.force(
        "/admin/new-source/hr", **FORM | {"zone": "Mars", "schedule": "nightly", "settings.path": "hr.csv"}
    )
    assert answer.status_code == 422
    for field in ("zone", "schedule"):
        assert f'id="{field}-error"' in answer.text
    assert 'value="nightly"' in answer.text
    assert 'value="hr.csv"' in answer.text
    assert 'value="Palkat"' in answer.text


def test_a_setting_of_the_connector_is_told_beside_its_field(town: Reader) -> None:
    answer = town.force("/admin/new-source/hr", **FORM | {"settings.path": "hr.csv", "settings.fixed_width": "{x"})
    assert 'id="settings.fixed_width-error"' in answer.text
    answer = town.force("/admin/new-source/hr", **FORM | {"settings.path": "hr.csv"})
    assert 'id="settings.path-error"' in answer.text


def test_a_source_is_made_and_its_page_says_what_is_left(world: World, town: Reader) -> None:
    assert town.force("/admin/new-source/ldap", **FORM | LDAP).status_code == 303
    made = source(world)
    assert made.disabled
    assert made.settings == {name.removeprefix("settings."): value for name, value in LDAP.items()} | {
        "starttls": False
    }
    assert "Steps that are left" in town.get("/admin/sources/palkat").text


def test_no_page_and_no_event_ever_shows_a_secret_not_even_of_a_form_that_is_wrong(world: World, town: Reader) -> None:
    pages = [town.force("/admin/new-source/ldap", **FORM | LDAP | {"zone": "Mars"}).text]
    town.force("/admin/new-source/ldap", **FORM | LDAP)
    pages += [town.get(f"/admin/sources/palkat{path}").text for path in ("", "/settings", "/columns", "/sample")]
    changed = FORM | LDAP | {"settings.bind_password": "another secret", "zone": "Mars"}
    pages.append(town.force("/admin/sources/palkat/settings", **changed).text)
    assert [page for page in pages if SECRET in page or "another secret" in page] == []
    with Session(world.engine) as session:
        assert all(SECRET not in str(one.envelope) for one in session.scalars(select(AuditEvent)))


def test_an_empty_secret_leaves_the_one_that_is_there(world: World, town: Reader) -> None:
    town.force("/admin/new-source/ldap", **FORM | LDAP)
    changed = FORM | LDAP | {"settings.bind_password": "", "settings.base_dn": "ou=town,dc=example"}
    assert town.force("/admin/sources/palkat/settings", **changed).status_code == 303
    assert source(world).settings["bind_password"] == SECRET
    assert source(world).settings["base_dn"] == "ou=town,dc=example"


def test_an_owner_outside_the_part_is_refused(town: Reader) -> None:
    answer = town.force("/admin/new-source/ldap", **FORM | LDAP | {"owner": "MUSTIKKALA"})
    assert answer.status_code == 422
    assert 'id="owner-error"' in answer.text


def test_what_is_made_elsewhere_is_not_there(world: World, town: Reader, reader: Callable[[str], Reader]) -> None:
    town.force("/admin/new-source/ldap", **FORM | LDAP)
    person(world, "mauri", "Muualla")
    administer(world, "mauri", "MUSTIKKALA", "sources.read", "sources.run", "sources.write", "persons.read")
    mauri = reader("mauri")
    for path in ("settings", "columns", "sample"):
        assert mauri.get(f"/admin/sources/palkat/{path}").status_code == 404
    for path in ("settings", "columns", "values", "pause", "resume"):
        assert mauri.force(f"/admin/sources/palkat/{path}", **FORM | LDAP).status_code == 404


def test_who_may_not_write_gets_no_way_to(world: World, town: Reader, reader: Callable[[str], Reader]) -> None:
    town.force("/admin/new-source/ldap", **FORM | LDAP)
    person(world, "katri", "Katsoja")
    administer(world, "katri", "ROOT", "sources.read")
    katri = reader("katri")
    page = katri.get("/admin/sources/palkat").text
    assert "/admin/sources/palkat/settings" not in page
    assert "/admin/sources/palkat/resume" not in page
    assert "/admin/new-source" not in katri.get("/admin/sources").text


def test_a_sample_shows_rows_and_covers_every_identity_code(world: World, town: Reader, tmp_path: Path) -> None:
    feed(tmp_path, world)
    page = town.get("/admin/sources/palkat/sample").text
    assert "Puistola" in page
    assert CODE not in page
    with Session(world.engine) as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.type == "source:sample:seen"))
        assert event.envelope == {"source": "palkat", "rows": 1}


def test_who_may_not_see_the_persons_sees_no_rows(
    world: World, reader: Callable[[str], Reader], tmp_path: Path
) -> None:
    feed(tmp_path, world)
    person(world, "teppo", "Tekniikka")
    administer(world, "teppo", "MANSIKKALA", "sources.read", "sources.write")
    administer(world, "teppo", "MUSTIKKALA", "persons.read")
    teppo = reader("teppo")
    for path in ("sample", "columns"):
        assert teppo.get(f"/admin/sources/palkat/{path}").status_code == 404
    for path in ("columns", "values"):
        assert teppo.force(f"/admin/sources/palkat/{path}").status_code == 404


def test_columns_that_are_missing_are_told_beside_their_field_and_the_others_kept(
    world: World, town: Reader, tmp_path: Path
) -> None:
    feed(tmp_path, world)
    answer = town.force(
        "/admin/sources/palkat/columns",
        **{"employment.person.key": "Hlönro", "employment.affiliation.from": "Sukunimi"},
    )
    assert answer.status_code == 422
    assert 'id="employment.affiliation.from-error"' in answer.text
    assert 'id="employment.key-error"' in answer.text
    assert '<option value="Hlönro" selected>' in answer.text


def test_a_file_that_becomes_one_of_fixed_width_forgets_the_names_of_its_columns(world: World, town: Reader) -> None:
    names = {"henkilonumero": "Hlönro", "palvelussuhdenumero": "Nro", "alkamispvm": "Alkupvm"}
    settings = {"path": "/srv/feeds/hr.csv", "columns": names}
    catalogue.source(world, "palkat", "MANSIKKALA", settings=settings, disabled=True)
    form = FORM | {"settings.path": "/srv/feeds/hr.csv", "purpose": "Muu"}
    assert town.force("/admin/sources/palkat/settings", **form).status_code == 303
    assert source(world).settings["columns"] == names
    fields = "\n".join(f"{{name: {name}, start: {n * 10 + 1}, length: 10}}" for n, name in enumerate(names))
    assert town.force("/admin/sources/palkat/settings", **form | {"settings.fixed_width": fields}).status_code == 303
    assert set(source(world).settings) == {"path", "fixed_width"}
    assert "{name: henkilonumero, start: 1, length: 10}" in town.get("/admin/sources/palkat/settings").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_setting_of_our_connectors_has_a_label_and_a_translated_hint(world: World) -> None:
    ours = {name: one for name, one in commands.offered().items() if one.__module__.startswith("connectors.")}
    models = [(one.settings_model, "") for one in ours.values()]
    models += [
        (group(one.settings_model.model_fields[name].annotation), f"{name}.")
        for one in ours.values()
        for name in connector_words.GROUPS & set(one.settings_model.model_fields)
    ]
    fields = [(f"{above}{name}", info) for model, above in models for name, info in model.model_fields.items()]
    assert [name for name, _ in fields if name not in connector_words.LABELS] == []
    known = {message[0] for message in translations("fi")}
    hinted = [info.description for name, info in fields if info.description and name != "columns"]
    assert [one for one in hinted if one not in known] == []
    assert set(ours) <= set(connector_words.CONNECTORS)


def test_the_row_of_somebody_protected_is_left_out_for_who_may_not_know_of_them(
    world: World, town: Reader, reader: Callable[[str], Reader], tmp_path: Path
) -> None:
    feed(tmp_path, world)
    world.write(
        Identifier(
            person_id=world.ids["oona"], kind="employee-number", issuer="palkat", value="7001", **world.lasting()
        )
    )
    assert "Puistola" not in town.get("/admin/sources/palkat/sample").text
    assert "Puistola" in reader("paula").get("/admin/sources/palkat/sample").text


def test_the_change_limits_are_told_with_the_usual_ones_and_what_lets_more_through_is_marked(
    world: World, town: Reader
) -> None:
    town.post("/admin/new-source/ldap", "/admin/new-source/ldap", **FORM, **LDAP)
    page = town.get("/admin/sources/palkat").text
    assert "more than 5 losses, or 1 %" in page
    assert "more than 20 % of a group of 5 or more" in page
    assert "Wider than usual" not in page
    form = "/admin/sources/palkat/settings"
    fewer = FORM | {"missing_hours": "0"}
    assert town.post(form, form, **fewer, **LDAP).status_code == 303
    page = town.get("/admin/sources/palkat").text
    assert "Wider than usual" in page
    assert re.search(r'id="missing_hours"[^>]* value="0"', town.get(form).text)
    assert "usually: in a second complete run, at least 20 hours later" in page
    (told,) = world.events("source:config:changed")
    assert told.envelope["fields"] == ["missing_hours"]


def test_what_the_page_said_of_the_limits_is_what_a_declaration_says(world: World, town: Reader) -> None:
    stricter = {name: text for name, text in FORM.items() if name != "keep_good_rows"} | {"missing_hours": "48"}
    town.post("/admin/new-source/ldap", "/admin/new-source/ldap", **stricter, **LDAP)
    with Session(world.engine) as session:
        (said,) = [one for one in as_data(session)["sources"] if one["key"] == "palkat"]
    assert (said["missing_hours"], said["keep_good_rows"]) == (48, False)


def test_limits_are_changed_only_by_whoever_proved_just_now_who_they_are(world: World, town: Reader) -> None:
    town.post("/admin/new-source/ldap", "/admin/new-source/ldap", **FORM, **LDAP)
    with Session(world.engine) as session, session.begin():
        session.execute(update(LoginSessionRow).values(auth_time=clock.now() - timedelta(hours=1)))
    form = "/admin/sources/palkat/settings"
    town.post(form, form, **FORM | {"missing_hours": "0"}, **LDAP)
    assert source(world).missing_hours == 20


def test_a_source_is_called_by_its_name_in_the_readers_language_on_every_page_that_names_it(
    world: World, town: Reader
) -> None:
    named = {"name_fi": "Palkkajärjestelmä", "name_sv": "Lönesystemet"}
    assert town.force("/admin/new-source/ldap", **FORM | LDAP | named).status_code == 303
    full = {"fi": "Palkkajärjestelmä", "sv": "Lönesystemet", "en": "Palkkajärjestelmä"}
    assert source(world).name == full
    assert '<a href="/admin/sources/palkat">Lönesystemet</a>' in town.get("/admin/sources?lang=sv").text
    for path in ("", "/settings"):
        assert "Palkkajärjestelmä" in town.get(f"/admin/sources/palkat{path}?lang=fi").text, path
    assert "Lönesystemet" in town.get("/admin/?lang=sv").text
    told = town.get("/admin/sources.csv?lang=sv").text
    assert "Lönesystemet" in told
    assert "palkat" in told
    form = town.get("/admin/sources/palkat/settings").text
    assert 'value="Lönesystemet"' in form
    assert town.force("/admin/sources/palkat/settings", **FORM | LDAP | {"name_fi": "Palkat"}).status_code == 303
    assert source(world).name == {"fi": "Palkat", "sv": "Palkat", "en": "Palkat"}
    assert town.force("/admin/sources/palkat/settings", **FORM | LDAP).status_code == 303
    assert source(world).name is None
    assert '<a href="/admin/sources/palkat">palkat</a>' in town.get("/admin/sources").text


def test_a_name_of_a_source_without_finnish_is_told_beside_it(town: Reader) -> None:
    answer = town.force("/admin/new-source/ldap", **FORM | LDAP | {"name_sv": "Löner"})
    assert answer.status_code == 422
    assert 'href="#name_fi"' in answer.text
    assert 'value="Löner"' in answer.text


def test_facts_and_rules_name_a_source_by_its_name(world: World, reader: Callable[[str], Reader]) -> None:
    with world.transaction() as session:
        session.execute(update(Source).where(Source.key == "hr").values(name={"fi": "Palkat", "sv": "Löner"}))
    pattern = {
        "bind": {"m": {"membership": {"source": "hr"}}},
        "gives": {"role": "wilma:opettaja", "scope": {"organisation": "KOIVU"}},
    }
    catalogue.rule(world, "ryhmalle", pattern=pattern)
    paula, anna = reader("paula"), f"/admin/persons/{world.ids['anna']}"
    for tab in ("facts", "rights"):
        text = paula.get(f"{anna}?tab={tab}&lang=sv").text
        assert "Löner" in text, tab
        assert ">hr<" not in text, tab
    assert "Löner" in paula.get("/admin/rules/ryhmalle?lang=sv").text
    assert "Löner" in paula.get(f"{anna}/rights.csv?lang=sv").text
