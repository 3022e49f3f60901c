"""The walker: somebody with every permission over one school goes over every page, file and form, and learns nothing of
another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from iam.access.model.role import ApplicationEnabled
from tests.kit.worlds import wide
from tests.kit.worlds.admin import Reader, World
from tests.kit.worlds.wide import CANARIES, Objects, fill, mixed, routes, said

PARTY = {"Mustikkala": "an agreement names its parties: who concluded it with the reader's own is what it is about"}
NAMED_WITH_REASON = dict.fromkeys(
    (
        "admin.agreements",
        "admin.agreements_file",
        "admin.agreement",
        "admin.show_signature",
        "admin.sign",
        "admin.show_notice",
        "admin.notice",
        "admin.show_cancellation",
        "admin.cancel_agreement",
        "admin.agreement_changes",
        "admin.agreement_changes_file",
        "admin.show_restoring",
        "admin.restore_clauses",
        "admin.people_under",
        "admin.show_copy",
        "admin.copy_agreement",
        "admin.show_template_form",
        "admin.make_template_of_agreement",
        "admin.show_new_clause",
        "admin.make_clause",
        "admin.show_clause",
        "admin.alter_clause",
        "admin.show_clause_end",
        "admin.end_clause",
        "admin.agreement_proposal",
        "admin.decide_on_agreement",
    ),
    PARTY,
)
"""By endpoint: the foreign words that a page says, and why."""

STARTS_A_RUN = frozenset({"admin.try_source", "admin.run_source", "admin.accept_source", "admin.test_source"})
"""Forms on a source of one's own that set another system to work; what they show is the page of the source and of its
run."""

FIELDS = {
    "reason": "x",
    "end_reason": "x",
    "restore_reason": "x",
    "purpose": "x",
    "until": "2030-01-01",
    "act": "preview",
    "on": "yes",
}


@pytest.fixture
def here(world: World) -> World:
    """The world with much in it, and lauri, who may do everything in KOIVU."""
    wide.build(world)
    wide.local(world)
    return world


@pytest.fixture
def lauri(here: World, reader: Callable[[str], Reader]) -> Reader:
    return reader("lauri")


@pytest.fixture
def things(here: World) -> tuple[Objects, Objects, Objects]:
    return wide.objects(here)


def named(text: str, endpoint: str) -> list[str]:
    """The foreign words in a text that no reason stands for."""
    return [word for word in CANARIES if word in text and word not in NAMED_WITH_REASON.get(endpoint, {})]


def test_what_is_his_own_opens_and_names_nothing_of_anybody_elses(
    here: World, lauri: Reader, things: tuple[Objects, Objects, Objects]
) -> None:
    own, _, _ = things
    closed, told = {}, {}
    for rule in routes(here, "GET"):
        answer = lauri.get(fill(rule, own))
        closed[str(rule)], told[str(rule)] = answer.status_code, named(answer.text, rule.endpoint)
    assert {rule: status for rule, status in closed.items() if status != 200} == {}
    assert {rule: words for rule, words in told.items() if words} == {}


def test_what_is_anothers_is_answered_as_what_does_not_exist(
    here: World, lauri: Reader, things: tuple[Objects, Objects, Objects]
) -> None:
    own, foreign, missing = things
    told = []
    for method in ("GET", "POST"):
        ask = lauri.get if method == "GET" else lambda path: lauri.force(path, **FIELDS)
        for rule in routes(here, method):
            for there, nowhere in zip(mixed(rule, own, foreign), mixed(rule, own, missing), strict=True):
                answer, nothing = ask(there), ask(nowhere)
                same = said(answer).replace(there, "") == said(nothing).replace(nowhere, "")
                if (answer.status_code, nothing.status_code, same) != (404, 404, True):
                    told.append((method, there, answer.status_code, nothing.status_code))
    assert told == []


def asked(world: World) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Yield addresses with a query that names something foreign, and the same with what nobody is called."""
    ids, nobody = {name: str(id_) for name, id_ in world.ids.items()}, wide.UNKNOWN
    for path in ("/admin/persons", "/admin/persons.csv", "/admin/applications/wilma/token"):
        yield path, {"q": "Kiisunen"}, {"q": "Olematon"}
        yield path, {"q": wide.number_of(world, "kiisu")}, {"q": "99999999"}
    for path in ("/admin/persons", "/admin/persons.csv"):
        yield path, {"organisation": ids["KUUSI"]}, {"organisation": nobody}
        yield path, {"after": ids["kiisu"]}, {"after": nobody}
    for path in ("/admin/organisations", "/admin/organisations.csv"):
        yield path, {"q": "Kuusi"}, {"q": "Olematon"}
    yield "/admin/organisations.csv", {"under": ids["MUSTIKKALA"]}, {"under": nobody}
    for section, canary in (("roles", "kanariarooli"), ("rules", "kanariasaanto"), ("agreements", "kanariasopimus")):
        for path in (f"/admin/{section}", f"/admin/{section}.csv"):
            yield path, {"q": canary}, {"q": "olematon"}
    for path in ("/admin/bulk", "/admin/bulk/give-right"):
        yield path, {"who": "these", "person": ids["kiisu"]}, {"who": "these", "person": nobody}
        yield path, {"who": "all", "in_organisation": ids["KUUSI"]}, {"who": "all", "in_organisation": nobody}
        yield path, {"who": "all", "in_q": "Kiisunen"}, {"who": "all", "in_q": "Olematon"}
    yield f"/admin/groups/{ids['omaryhma']}", {"q": "Kiisunen"}, {"q": "Olematon"}
    yield "/admin/rules", {"role": "kanariasovellus:kanariarooli"}, {"role": "kanariasovellus:olematon"}
    yield "/admin/applications/wilma/token", {"person": ids["kiisu"]}, {"person": nobody}
    yield (
        "/admin/applications/wilma/token",
        {"person": ids["anna"], "capacity": ids["anna KUUSI"]},
        {"person": ids["anna"], "capacity": nobody},
    )
    yield "/admin/applications/wilma/trace", {"client": "kanariasovellus"}, {"client": "olematon"}
    yield "/admin/applications/wilma/organisations", {"q": "Kuusi"}, {"q": "Olematon"}
    here = f"/admin/persons/{ids['anna']}"
    yield here, {"application": "kanariasovellus"}, {"application": "olematon"}
    yield here, {"why_not": "kanariasovellus:kanariarooli"}, {"why_not": "kanariasovellus:olematon"}
    yield f"{here}/rights.csv", {"application": "kanariasovellus"}, {"application": "olematon"}


def test_asking_for_anothers_by_name_number_or_id_is_asking_for_nothing(here: World, lauri: Reader) -> None:
    for path, foreign, nowhere in asked(here):
        told = []
        for query in (foreign, nowhere):
            answer = lauri.get(f"{path}?{urlencode(query)}")
            text = said(answer)
            for value in query.values():
                text = text.replace(value, "")
            told.append((answer.status_code, text))
        assert told[0] == told[1], (path, foreign)


def test_every_tab_and_every_choice_about_his_own_people_keeps_to_the_school(here: World, lauri: Reader) -> None:
    anna, wilma = f"/admin/persons/{here.ids['anna']}", "/admin/applications/wilma"
    paths = [f"{anna}?tab={tab}" for tab in ("rights", "facts", "timeline", "signin", "trace", "log")]
    paths += [f"{anna}?why_not=wilma:avustaja", f"{wilma}/token?person={here.ids['anna']}", f"{wilma}/token?q=virtanen"]
    paths += [wilma, f"{wilma}/trace", f"{wilma}/trace.csv", f"{wilma}/enabled.csv", f"{wilma}/organisations.csv"]
    paths += [
        "/admin/roles/wilma/opettaja",
        "/admin/roles/wilma/opettaja/holders.csv",
        "/admin/rules?role=wilma:opettaja",
    ]
    told = {path: named(lauri.get(path).text, "") for path in paths}
    assert {path: words for path, words in told.items() if words} == {}


def test_no_form_of_his_own_things_takes_or_tells_what_is_anothers(
    here: World, lauri: Reader, things: tuple[Objects, Objects, Objects]
) -> None:
    own, ids = things[0], {name: str(id_) for name, id_ in here.ids.items()}
    given = FIELDS | {
        "capacity": ids["anna KUUSI"],
        "scope": ids["KUUSI"],
        "person": ids["kiisu"],
        "session": wide.UNKNOWN,
        "organisation": ids["KUUSI"],
    }
    for rule in routes(here, "POST"):
        if rule.endpoint not in STARTS_A_RUN:
            answer = lauri.force(fill(rule, own), **given)
            assert (str(rule), answer.status_code < 500, named(answer.text, rule.endpoint)) == (str(rule), True, [])


def test_an_application_of_others_that_is_enabled_here_names_none_of_its_clients(here: World, lauri: Reader) -> None:
    here.write(
        ApplicationEnabled(application_id=here.ids["kanariasovellus"], organisation_id=here.ids["KOIVU"]),
        ApplicationEnabled(application_id=here.ids["oma"], organisation_id=here.ids["KOIVU"]),
    )
    foreign, own = (lauri.get(f"/admin/applications/{key}").text for key in ("kanariasovellus", "oma"))
    assert "Secrets, recent errors" in own
    assert "Secrets, recent errors" not in foreign
