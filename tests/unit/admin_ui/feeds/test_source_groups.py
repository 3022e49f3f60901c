"""Settings that are a group, on the pages of a source: each is typed in a field of its own, and its secrets go nowhere
else than they were meant for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.export import as_data, in_yaml
from iam.directory.source import Source
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.feeds.test_new_source import FORM, SECRET

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUfZ2a4aSN9oTzDdjWMLzrkkpcjJ2QGh9kL0lJ6Qx4G"
SFTP = {
    "settings.pattern": "hr_*.csv",
    "settings.sftp.host": "sftp.palkat.example",
    "settings.sftp.port": "22",
    "settings.sftp.username": "mansikkala",
    "settings.sftp.folder": "ulos",
    "settings.sftp.host_key": KEY,
    "settings.sftp.password": SECRET,
    "settings.sftp.deadline_seconds": "300",
}
SAID = {"host": "sftp.palkat.example", "username": "mansikkala", "folder": "ulos", "host_key": KEY}


@pytest.fixture
def town(world: World, reader: Callable[[str], Reader]) -> Reader:
    """Whoever looks after the sources of MANSIKKALA."""
    person(world, "tiina", "Tietohallinto")
    administer(world, "tiina", "MANSIKKALA", "sources.read", "sources.run", "sources.write", "persons.read")
    return reader("tiina")


def settings(world: World) -> dict[str, Any]:
    with Session(world.engine) as session:
        return session.scalars(select(Source.settings).where(Source.key == "palkat")).one()


def test_a_folder_of_another_server_is_typed_field_by_field(world: World, town: Reader) -> None:
    assert 'name="settings.sftp.host_key"' in town.get("/admin/new-source/hr").text
    assert town.force("/admin/new-source/hr", **FORM | SFTP).status_code == 303
    assert settings(world) == {"pattern": "hr_*.csv", "sftp": {**SAID, "password": SECRET}}
    form = town.get("/admin/sources/palkat/settings").text
    assert 'value="sftp.palkat.example"' in form


def test_each_wrong_field_of_a_group_is_told_beside_it(town: Reader) -> None:
    wrong = {"settings.sftp.host_key": "MD5:aa", "settings.sftp.port": "22"}
    answer = town.force("/admin/new-source/hr", **FORM | SFTP | wrong)
    assert answer.status_code == 422
    assert 'id="settings.sftp.host_key-error"' in answer.text
    missing = {name: text for name, text in SFTP.items() if name != "settings.sftp.username"}
    assert 'id="settings.sftp.username-error"' in town.force("/admin/new-source/hr", **FORM | missing).text


def test_a_group_in_which_nothing_is_typed_is_not_there(world: World, town: Reader) -> None:
    only_usual = {"settings.sftp.port": "22", "settings.sftp.deadline_seconds": "300"}
    folder = {"settings.path": "/tmp/hr.csv"}  # outside the folder of the owner, which is told, and nothing else
    answer = town.force("/admin/new-source/hr", **FORM | folder | only_usual)
    assert 'id="settings.path-error"' in answer.text
    assert "settings.sftp.host-error" not in answer.text


def test_a_secret_of_a_group_is_never_shown_and_stays_when_it_is_left_empty(world: World, town: Reader) -> None:
    town.force("/admin/new-source/hr", **FORM | SFTP)
    pages = [town.get(f"/admin/sources/palkat{path}").text for path in ("", "/settings")]
    changed = SFTP | {"settings.sftp.password": "", "settings.sftp.folder": "muualla"}
    assert town.force("/admin/sources/palkat/settings", **FORM | changed).status_code == 303
    assert settings(world)["sftp"] == {**SAID, "folder": "muualla", "password": SECRET}
    assert [page for page in pages if SECRET in page] == []
    assert "sftp.palkat.example" in pages[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", "sftp.muualla.example"),
        ("port", "2222"),
        ("username", "muu"),
        ("host_key", "SHA256:" + "A" * 43),
    ],
)
def test_a_secret_stays_only_while_it_goes_to_the_same_server_as_the_same_user(
    name: str, value: str, world: World, town: Reader
) -> None:
    town.force("/admin/new-source/hr", **FORM | SFTP)
    changed = SFTP | {"settings.sftp.password": "", f"settings.sftp.{name}": value}
    answer = town.force("/admin/sources/palkat/settings", **FORM | changed)
    assert answer.status_code == 422
    assert 'id="settings.sftp.private_key-error"' in answer.text
    assert settings(world)["sftp"] == {**SAID, "password": SECRET}


def test_a_file_of_a_secret_in_a_group_lies_in_the_folder_of_the_owner_too(town: Reader) -> None:
    elsewhere = SFTP | {"settings.sftp.password": "", "settings.sftp.password_file": "/etc/shadow"}
    answer = town.force("/admin/new-source/hr", **FORM | elsewhere)
    assert answer.status_code == 422
    assert 'id="settings.sftp.password_file-error"' in answer.text


def test_the_trailer_of_lines_of_fixed_width_is_typed_field_by_field(world: World, town: Reader) -> None:
    fields = "\n".join(
        f"{{name: {name}, start: {start}, length: 10}}"
        for name, start in (("henkilonumero", 1), ("palvelussuhdenumero", 11), ("alkamispvm", 21))
    )
    trailer = {"settings.trailer.mark": "LOPPU", "settings.trailer.start": "6", "settings.trailer.length": "7"}
    assert (
        town.force("/admin/new-source/hr", **FORM | SFTP | trailer | {"settings.fixed_width": fields}).status_code
        == 303
    )
    assert settings(world)["trailer"] == {"mark": "LOPPU", "start": "6", "length": "7"}


def test_what_is_taken_home_of_a_source_lacks_only_the_secret(world: World, town: Reader) -> None:
    town.force("/admin/new-source/hr", **FORM | SFTP)
    with Session(world.engine) as session:
        text = in_yaml(as_data(session))
    (said,) = [one for one in yaml.safe_load(text)["sources"] if one["key"] == "palkat"]
    assert said["settings"]["sftp"] == SAID
    assert SECRET not in text


CHOSEN = {
    "employment.person.key": "Hlönro",
    "employment.affiliation.from": "Alkupvm",
    "employment.affiliation.organisations.otherwise": "Yksikkö",
    "everybody": "employee",
}


def foreign(world: World, folder: Path) -> None:
    """A paused source with a file that has no number for each employment, and days that could be two."""
    (path := folder / "hr.csv").write_text("Hlönro;Alkupvm;Yksikkö\n7001;01/02/2026;KOIVU\n", encoding="utf-8")
    catalogue.source(world, "palkat", "MANSIKKALA", settings={"path": str(path)}, disabled=True)


def test_the_page_asks_how_days_are_written_only_where_they_could_be_two(
    world: World, town: Reader, tmp_path: Path
) -> None:
    foreign(world, tmp_path)
    page = town.get("/admin/sources/palkat/columns").text
    assert "d/m/yyyy: 01/02/2026 = 1.2.2026" in page
    assert "m/d/yyyy: 01/02/2026 = 2.1.2026" in page
    (tmp_path / "hr.csv").write_text("Hlönro;Alkupvm;Yksikkö\n7001;1.2.2026;KOIVU\n", encoding="utf-8")
    assert "settings.day_form" not in town.get("/admin/sources/palkat/columns").text


def test_the_page_lets_a_key_be_made_and_days_be_told_and_shows_what_was_chosen(
    world: World, town: Reader, tmp_path: Path
) -> None:
    foreign(world, tmp_path)
    answer = town.force("/admin/sources/palkat/columns", **CHOSEN)
    assert answer.status_code == 422
    assert 'id="settings.day_form-error"' in answer.text
    answer = town.force("/admin/sources/palkat/columns", **CHOSEN | {"settings.day_form": "d/m/yyyy"})
    assert 'id="employment.key-error"' in answer.text
    without_person = {"settings.day_form": "d/m/yyyy", "settings.key_of": "alkamispvm"}
    answer = town.force("/admin/sources/palkat/columns", **CHOSEN | without_person)
    assert 'id="settings.key_of-error"' in answer.text
    both = {"settings.day_form": "d/m/yyyy", "settings.key_of": ["henkilonumero", "alkamispvm"]}
    assert town.force("/admin/sources/palkat/columns", **CHOSEN | both).status_code == 303
    said = settings(world)
    assert (said["day_form"], said["key_of"]) == ("d/m/yyyy", ["henkilonumero", "alkamispvm"])
    page = town.get("/admin/sources/palkat/columns").text
    assert 'value="alkamispvm" checked' in page
    assert 'value="yksikko_koodi" checked' not in page
