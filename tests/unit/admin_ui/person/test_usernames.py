"""Usernames on the pages: one person's, an organisation's rule, and who has none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.person import PersonProfile
from iam.signin.accounts.account import Account, Credential
from iam.signin.accounts.username import FormerUsername, UsernameRule
from tests.kit.worlds.admin import Reader, World, administer, employ, person


def login(world: World, name: str) -> str | None:
    with Session(world.engine) as session:
        return session.scalar(select(Account.login).where(Account.person_id == world.ids[name]))


def newcomer(world: World, name: str, school: str = "KOIVU", **more: object) -> None:
    """Somebody whom a source brought, with no username."""
    person(world, name, "Väisänen")
    employ(world, name, school, "Opettaja", number=name, **more)
    with Session(world.engine) as session, session.begin():
        session.execute(delete(Account).where(Account.person_id == world.ids[name]))


def tab(world: World, name: str) -> str:
    return f"/admin/persons/{world.ids[name]}?tab=signin"


def give(world: World, reader: Reader, name: str, text: str) -> int:
    return reader.post(f"/admin/persons/{world.ids[name]}/username", tab(world, name), username=text).status_code


def test_a_school_gives_a_new_employee_the_username_that_her_names_make(
    world: World, reader: Callable[[str], Reader]
) -> None:
    newcomer(world, "uusi")
    sanna = reader("sanna")
    page = sanna.get(tab(world, "uusi")).text
    assert 'value="uusi.vaisanen"' in page
    assert "One-time code" not in page
    assert give(world, sanna, "uusi", "Uusi.Vaisanen") == 303
    assert login(world, "uusi") == "uusi.vaisanen"
    assert "Give a one-time code" in sanna.get(tab(world, "uusi")).text
    (event,) = world.events("person:account:created")
    assert (event.subject_id, event.actor_id) == (world.ids["uusi"], world.ids["sanna"])


def test_who_gets_another_username_signs_in_with_that_and_is_told_and_the_old_one_is_nobody_else_s(
    world: World, reader: Callable[[str], Reader]
) -> None:
    newcomer(world, "uusi")
    sanna = reader("sanna")
    here = f"/admin/persons/{world.ids['oona']}"
    assert sanna.post(f"{here}/sign-in-code", tab(world, "oona")).status_code == 200
    assert give(world, sanna, "oona", "oona.oppilas") == 303
    assert login(world, "oona") == "oona.oppilas"
    assert world.events("person:username:changed")[0].subject_id == world.ids["oona"]
    with Session(world.engine) as session:
        assert session.scalars(select(FormerUsername.login)).all() == ["oona"]
    refused = sanna.post(f"/admin/persons/{world.ids['uusi']}/username", tab(world, "uusi"), username="Oona")
    assert refused.status_code == 422
    assert "is or was somebody else" in refused.text
    assert 'value="Oona"' in refused.text
    assert login(world, "uusi") is None
    assert give(world, sanna, "oona", "oona") == 303, "it is still the one's who had it"


def test_what_cannot_be_a_username_is_refused_beside_the_field(world: World, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")
    for text in ("", "oona oppilas", "010190-952L", "o\u0007na", "x" * 201, "oona"):
        assert give(world, sanna, "oona", text) == 422, text
    assert login(world, "oona") == "oona"


def test_a_school_alone_changes_no_username_of_who_works_elsewhere_too(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sanna = reader("sanna")
    path = f"/admin/persons/{world.ids['anna']}/username"
    assert f'action="{path}"' not in sanna.get(tab(world, "anna")).text
    assert sanna.force(path, username="valittu").status_code == 403
    assert login(world, "anna") == "anna"
    asked = sanna.post(f"{path}/ask", tab(world, "anna"), help_reason_username="new name")
    assert asked.status_code == 303
    (request,) = world.events("person:help:asked")
    paula = reader("paula")
    press = f"/admin/persons/{world.ids['anna']}/help/{request.envelope['request']}"
    assert paula.post(press, "/admin/help-requests").status_code == 303
    assert give(world, sanna, "anna", "valittu") == 303
    assert login(world, "anna") == "valittu"


def test_an_administrator_of_more_and_who_sees_only_get_no_way_to_a_username(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "liisa", "Lukija")
    employ(world, "liisa", "KOIVU", "Opettaja", number="l")
    administer(world, "liisa", "KOIVU", "persons.read")
    liisa = reader("liisa")
    assert "/username" not in liisa.get(tab(world, "oona")).text
    assert liisa.force(f"/admin/persons/{world.ids['oona']}/username", username="uusi").status_code == 404
    administer(world, "oona", "ROOT", "persons.read")
    assert reader("sanna").force(f"/admin/persons/{world.ids['oona']}/username", username="uusi").status_code == 403


def test_a_person_who_is_declared_keeps_the_username_that_the_declaration_names(
    world: World, reader: Callable[[str], Reader]
) -> None:
    with Session(world.engine) as session, session.begin():
        mine = PersonProfile.person_id == world.ids["oona"]
        session.execute(update(PersonProfile).where(mine).values(source_id=None))
    assert give(world, reader("sanna"), "oona", "muu") == 409
    assert login(world, "oona") == "oona"


def form(world: World, key: str = "KOIVU") -> tuple[str, str]:
    here = f"/admin/organisations/{world.ids[key]}"
    return f"{here}/usernames", here


def test_a_school_says_on_its_page_which_usernames_people_get_and_gives_them_to_those_who_are_here(
    world: World, reader: Callable[[str], Reader]
) -> None:
    newcomer(world, "uusi")
    newcomer(world, "toinen", valid_from=clock.now() + timedelta(days=90))
    newcomer(world, "muualla", "KUUSI")
    administer(world, "sanna", "KOIVU", "organisations.read")
    sanna, (path, here) = reader("sanna"), form(world)
    assert "Give them usernames" not in sanna.get(here).text
    assert sanna.post(path, here, usernames_employee="given.family", usernames_student="none").status_code == 303
    with Session(world.engine) as session:
        rules = session.execute(select(UsernameRule.kind, UsernameRule.form).order_by(UsernameRule.kind)).all()
    assert rules == [("employee", "given.family"), ("student", "none")]
    assert world.events("admin:usernames:ruled")[0].organisation_id == world.ids["KOIVU"]
    assert login(world, "uusi") is None, "nothing is given before it was asked for"
    assert sanna.post(f"{path}/give", here).status_code == 303
    assert [login(world, one) for one in ("uusi", "toinen", "muualla")] == ["uusi.vaisanen", "toinen.vaisanen", None]
    assert "Give them usernames" not in sanna.get(here).text


def test_who_is_elsewhere_too_gets_no_username_by_the_press_of_one_school(
    world: World, reader: Callable[[str], Reader]
) -> None:
    newcomer(world, "uusi")
    employ(world, "uusi", "KUUSI", "Opettaja", number="elsewhere")
    administer(world, "sanna", "KOIVU", "organisations.read")
    sanna, (path, here) = reader("sanna"), form(world)
    sanna.post(path, here, usernames_employee="given.family")
    assert "Give them usernames" not in sanna.get(here).text
    sanna.force(f"{path}/give")
    assert login(world, "uusi") is None


def test_what_the_municipality_says_of_usernames_is_told_at_the_school_and_who_may_not_say_it_sees_no_form(
    world: World, reader: Callable[[str], Reader]
) -> None:
    path, here = form(world, "MANSIKKALA")
    assert reader("paula").post(path, here, usernames_employee="given.family").status_code == 303
    assert "as above: firstname.surname" in reader("paula").get(form(world)[1]).text
    administer(world, "ville", "ROOT", "organisations.read")
    administer(world, "ville", "KUUSI", "codes.issue")
    ville = reader("ville")
    assert "usernames_employee" not in ville.get(here).text
    assert ville.force(path, usernames_employee="none").status_code == 404


def waiting(world: World, reader: Reader) -> tuple[str | None, list[str]]:
    """How many without a username the overview tells, and whom of the newcomers the list names that it leads to."""
    tile = re.search(r'username=none"><span class="tile__number">([\d+]+)</span>', reader.get("/admin/").text)
    listed = reader.get("/admin/persons?username=none").text
    return (tile[1] if tile else None), [one for one in ("uusi", "muualla", "lapsi") if str(world.ids[one]) in listed]


def test_the_overview_lists_who_came_and_has_no_username_but_for_whom_a_rule_wants_none(
    world: World, reader: Callable[[str], Reader]
) -> None:
    newcomer(world, "uusi")
    newcomer(world, "muualla", "KUUSI")
    newcomer(world, "lapsi", kind="student")
    sanna, paula = reader("sanna"), reader("paula")
    assert waiting(world, sanna) == ("2", ["uusi", "lapsi"])
    assert waiting(world, paula) == ("3", ["uusi", "muualla", "lapsi"])
    path, here = form(world, "MANSIKKALA")
    paula.post(path, here, usernames_student="none")
    assert waiting(world, sanna) == ("1", ["uusi"])
    assert give(world, sanna, "uusi", "uusi") == 303
    assert waiting(world, sanna) == (None, [])
    assert waiting(world, paula) == ("1", ["muualla"])


def test_a_protected_person_is_not_found_by_lacking_a_username_where_their_place_may_not_be_known(
    world: World, reader: Callable[[str], Reader]
) -> None:
    for name in ("uusi", "muualla", "lapsi"):
        newcomer(world, name)
        with Session(world.engine) as session, session.begin():
            mine = PersonProfile.person_id == world.ids[name]
            session.execute(update(PersonProfile).where(mine).values(protected=name == "uusi"))
    assert waiting(world, reader("sanna")) == ("2", ["muualla", "lapsi"])
    administer(world, "sanna", "KOIVU", "persons.code")
    assert waiting(world, reader("sanna")) == ("3", ["uusi", "muualla", "lapsi"])


def test_where_a_directory_keeps_the_password_the_page_says_that_the_username_must_be_the_one_there(
    world: World, reader: Callable[[str], Reader]
) -> None:
    data = {"source": "ad", "record_key": "1"}
    world.write(Credential(person_id=world.ids["oona"], kind="directory", data=data, changed_at=clock.now()))
    sanna = reader("sanna")
    assert "must be the one that the directory knows" in sanna.get(tab(world, "oona")).text
    assert give(world, sanna, "oona", "oona.uusi") == 303, "it was changed there"
