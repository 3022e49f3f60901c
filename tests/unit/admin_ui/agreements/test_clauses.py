"""What an agreement allows, on the pages: the effect is seen before it is done, what allows more waits for a second
person of whoever allows it, and either side takes away for itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from iam import clock
from iam.access.model.agreement import AgreementClause, AgreementParty, ClauseContent
from iam.directory.organisation import OrganisationRelation
from tests.kit.held import roles_of
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, hidden, person
from tests.unit.admin_ui.test_catalogue_pages import told

from .sides import in_use

PAGE = "/admin/agreements/sopimus"
NEW, EDIT, END, PROPOSAL = (f"{PAGE}/{rest}" for rest in ("clauses/new", "clauses/1/edit", "clauses/1/end", "proposal"))


@pytest.fixture
def world(world: World) -> World:
    """An agreement in force with one clause, one psychologist under it, and three administrators of parties."""
    catalogue.agreement(world, "sopimus")
    catalogue.comes_under(world, "sopimus", "ville", world.ids["KUUSI"])
    in_use(world)
    return world


def allowed(world: World) -> dict[int, list[tuple[str, str]]]:
    """Position and use of each clause that stands, by its number."""
    query = select(AgreementClause.n, ClauseContent.occupation, ClauseContent.data_group).join(
        ClauseContent, ClauseContent.clause_id == AgreementClause.id
    )
    found: dict[int, list[tuple[str, str]]] = {}
    with Session(world.engine) as session:
        for n, position, group in session.execute(query.where(AgreementClause.closed_by.is_(None))):
            found.setdefault(n, []).append((position, group))
    return {n: sorted(some) for n, some in found.items()}


def enters(world: World, days: int = 0) -> bool:
    with Session(world.engine) as session:
        return bool(roles_of(session, world.ids["ville"], clock.now() + timedelta(days=days)))


def says(world: World, position: str = "kuraattori", *uses: str, **more: str) -> MultiDict[str, str]:
    """The form of a clause between the two."""
    sides = {"grantor": "MANSIKKALA", "grantee": "MUSTIKKALA", "scope": "KOIVU"}
    fields = [(name, str(world.ids[key])) for name, key in sides.items()]
    chosen = [("use", use) for use in uses or ("nimi:read",)]
    return MultiDict(
        [
            *fields,
            ("delegation", "§ 4"),
            ("more_positions", position),
            ("with_descendants", "yes"),
            *chosen,
            *more.items(),
        ]
    )


def send(who: Reader, path: str, act: str, form: MultiDict[str, str], **more: str) -> TestResponse:
    fields = {name: form.getlist(name) for name in form}
    return who.post(path, path, **fields | {"act": act} | more)  # type: ignore[arg-type]


def do(who: Reader, path: str, form: MultiDict[str, str]) -> TestResponse:
    """Look at the effect, then do it."""
    return send(who, path, "do", form, seen=hidden(send(who, path, "look", form), path)["seen"])


def test_a_clause_is_made_by_who_allows_it_and_accepted_by_their_second_person(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili, bertta = reader("aili"), reader("bertta")
    assert f'href="{NEW}"' in aili.get(PAGE).text
    assert do(aili, NEW, says(world, "kuraattori, terveydenhoitaja", "nimi:read", "luokka:read")).location == PROPOSAL
    assert list(allowed(world)) == [1]
    page = told(bertta.get(PROPOSAL).text)
    assert "kuraattori, terveydenhoitaja" in page
    assert "luokka: reading; nimi: reading" in page
    assert bertta.post(PROPOSAL, PROPOSAL, act="accept").location == PAGE
    assert len(allowed(world)[2]) == 4
    assert "What is allowed: clause 2" in told(bertta.get(PAGE).text)


def test_a_clause_is_made_over_an_area_and_its_page_says_so(world: World, reader: Callable[[str], Reader]) -> None:
    relation = {"organisation_id": world.ids["ROOT"], "kind": "covers", "other_id": world.ids["KOIVU"]}
    aili, area = reader("aili"), f"area-{world.ids['ROOT']}"
    form = MultiDict(
        [*((name, one) for name, one in says(world).items(multi=True) if name != "scope"), ("scope", area)]
    )
    assert "does not belong to who allows it" in told(send(aili, NEW, "look", form).text)
    world.write(OrganisationRelation(**relation, **world.lasting()))
    assert f'<option value="{area}"' in aili.get(NEW).text
    assert do(aili, NEW, form).location == PROPOSAL
    bertta = reader("bertta")
    assert "the area of" in told(bertta.get(PROPOSAL).text)
    assert bertta.post(PROPOSAL, PROPOSAL, act="accept").location == PAGE
    assert "the area of" in told(bertta.get(PAGE).text)
    assert f'<option value="{area}" selected>' in aili.get(f"{PAGE}/clauses/2/edit").text


def test_the_other_side_takes_away_for_itself_and_adds_nothing(world: World, reader: Callable[[str], Reader]) -> None:
    kerttu = reader("kerttu")
    assert f'href="{EDIT}"' in kerttu.get(PAGE).text
    page = send(kerttu, EDIT, "look", says(world, "psykologi", "nimi:read", "arviot:write"))
    assert (page.status_code, "Only an administrator of that party may do this." in told(page.text)) == (403, True)
    assert send(kerttu, NEW, "look", says(world)).status_code == 403
    last = (clock.today() + timedelta(days=90)).isoformat()
    assert do(kerttu, EDIT, says(world, "psykologi", valid_to=last)).location == PAGE
    assert allowed(world) == {2: [("psykologi", "nimi")]}


def test_a_clause_is_ended_with_who_loses_what_before_it_is_done(world: World, reader: Callable[[str], Reader]) -> None:
    kerttu, last = reader("kerttu"), clock.today() + timedelta(days=10)
    form = MultiDict([("last_day", last.isoformat()), ("delegation", "§ 4: johtaja voi tehdä teknisiä muutoksia")])
    page = send(kerttu, END, "look", form)
    assert f"The last day in force is {last.day}.{last.month}.{last.year}." in told(page.text)
    assert "1 lose the role" in told(page.text)
    assert do(kerttu, END, form).location == PAGE
    assert not enters(world, 11)
    text = told(kerttu.get(PAGE).text)
    assert f"{last.day}.{last.month}.{last.year}" in text
    assert "By amendment 1: by delegation, § 4: johtaja voi tehdä teknisiä muutoksia" in text
    history = told(kerttu.get(f"{PAGE}/history").text)
    assert "Amendment 1: by delegation, § 4: johtaja voi tehdä teknisiä muutoksia." in history


def test_the_form_holds_what_the_clause_says_and_after_a_fresh_proof_what_was_typed(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili = reader("aili")
    page = aili.get(EDIT).text
    assert 'value="psykologi" checked' in page
    assert 'value="nimi:read" checked' in page
    assert f'<option value="{world.ids["KOIVU"]}" selected>' in page
    again = aili.get(f"{EDIT}?scope={world.ids['KOIVU']}&more_positions=kuraattori&use=luokka:read").text
    assert 'value="kuraattori"' in again
    assert 'value="luokka:read" checked' in again


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"grantor": ""}, "Choose who allows it."),
        ({"grantee": ""}, "Choose to whose people it is allowed."),
        ({"scope": ""}, "Choose where it is allowed."),
        ({"more_positions": " , "}, "The clause allows nothing."),
        ({"use": "nimi"}, "Choose the uses from the list."),
        ({"valid_to": "2020-01-01"}, "That day is over already."),
        ({"valid_from": "x"}, "Write a day."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    world: World, reader: Callable[[str], Reader], fields: dict[str, str], words: str
) -> None:
    form = says(world, relationship_kind="asiakas")
    for name, value in fields.items():
        form[name] = value
    page = send(reader("aili"), NEW, "look", form)
    assert (page.status_code, words in told(page.text)) == (422, True)
    assert 'value="asiakas"' in page.text
    assert list(allowed(world)) == [1]


DECIDED = {"body": "lautakunta", "date": "2026-09-01", "minutes": "3", "amending_case": "KAUP-2026-200"}


def test_what_is_changed_after_both_signed_is_asked_by_which_decision_and_tells_it(
    world: World, reader: Callable[[str], Reader]
) -> None:
    aili, form = reader("aili"), says(world)
    assert "By what it is amended" in told(aili.get(NEW).text)
    form["delegation"] = ""
    page = send(aili, NEW, "look", form)
    assert (page.status_code, "Both sides have signed" in told(page.text)) == (422, True)
    for name, value in DECIDED.items():
        form[name] = value
    assert do(aili, NEW, form).location == PROPOSAL
    line = "lautakunta, 1.9.2026, § 3, KAUP-2026-200"
    assert f"By what it is amended {line}" in told(reader("bertta").get(PROPOSAL).text)
    reader("bertta").post(PROPOSAL, PROPOSAL, act="accept")
    assert f"By amendment 1: {line}" in told(aili.get(PAGE).text)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"delegation": "§ 4", **DECIDED}, "A change is decided on, or made under a delegation."),
        ({"delegation": "", "date": "2026-09-01"}, "An agreement is decided on by a body or by an office holder."),
        ({"delegation": "", "body": "lautakunta"}, "Write a day."),
    ],
)
def test_half_an_amendment_or_two_are_not_taken(
    world: World, reader: Callable[[str], Reader], fields: dict[str, str], words: str
) -> None:
    form = says(world)
    for name, value in fields.items():
        form[name] = value
    page = send(reader("aili"), NEW, "look", form)
    assert (page.status_code, words in told(page.text)) == (422, True)


def test_before_the_signatures_nothing_is_asked_and_no_amendment_is_made(
    world: World, reader: Callable[[str], Reader]
) -> None:
    with Session(world.engine) as session, session.begin():
        session.execute(update(AgreementParty).values(signed_on=None, in_from=None))
    aili, form = reader("aili"), says(world)
    del form["delegation"]
    for path in (NEW, EDIT, END):
        assert "By what it is amended" not in told(aili.get(path).text)
    assert do(aili, NEW, form).location == PAGE
    assert "Amendments" not in told(aili.get(PAGE).text)


def test_a_clause_whose_positions_may_do_different_things_is_not_altered_in_the_form(
    world: World, reader: Callable[[str], Reader]
) -> None:
    row = {"occupation": "kuraattori", "data_group": "luokka", "operation": "read"}
    world.write(ClauseContent(clause_id=world.ids["sopimus clause"], **row))
    aili = reader("aili")
    for answer in (aili.get(EDIT), aili.force(EDIT, act="look", **says(world).to_dict())):
        assert (answer.status_code, "which this form cannot show" in told(answer.text)) == (409, True)
    assert aili.get(END).status_code == 200


def test_what_waits_about_a_clause_that_is_gone_meanwhile_can_only_be_refused(
    world: World, reader: Callable[[str], Reader]
) -> None:
    do(reader("aili"), EDIT, says(world, "psykologi", "nimi:read", "luokka:read"))
    with Session(world.engine) as session, session.begin():
        session.execute(update(AgreementClause).values(closed_by=world.ids["change"]))
    page = reader("bertta").get(PROPOSAL)
    assert (page.status_code, "The agreement has no such clause any more." in told(page.text)) == (200, True)
    assert 'value="accept"' not in page.text
    answer = reader("bertta").force(PROPOSAL, act="accept", seen="x")
    assert (answer.status_code, "no such clause any more" in told(answer.text)) == (404, True)
    assert reader("bertta").post(PROPOSAL, PROPOSAL, act="refuse", reason="poistui").location == PAGE


def test_who_may_not_or_asks_for_a_clause_that_is_gone_finds_nothing(
    world: World, reader: Callable[[str], Reader]
) -> None:
    person(world, "lukija", "Lukija")
    administer(world, "lukija", "MANSIKKALA", "agreements.read")
    lukija = reader("lukija")
    assert "/clauses/" not in lukija.get(PAGE).text
    for path in (NEW, EDIT, END):
        assert lukija.get(path).status_code == 404
    for path in ("clauses/7/edit", "clauses/7/end"):
        assert reader("aili").get(f"{PAGE}/{path}").status_code == 404
