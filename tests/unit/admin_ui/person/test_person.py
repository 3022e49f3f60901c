"""The page of one person: what it tells, what it records, and what may be done there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import Assignment
from iam.directory.person import Hold, Identifier, PersonKey, VaultItem
from iam.tokens import session as login_sessions
from iam.vault import seal
from iam.web import extension
from tests.kit.worlds.admin import Reader, World, administer, employ, person

CODE = "010190-9023"


def page_of(world: World, login: str) -> str:
    return f"/admin/persons/{world.ids[login]}"


def give_code(world: World, login: str) -> None:
    vault = extension.parts_of(world.app).vault
    key, wrapped = vault.new_key()
    world.write(
        Identifier(
            person_id=world.ids[login],
            kind="identity-code",
            value_mac=vault.mac("identity-code", "", CODE),
            **world.lasting(),
        ),
        PersonKey(person_id=world.ids[login], wrapped_key=wrapped),
        VaultItem(person_id=world.ids[login], kind="identity-code", ciphertext=seal(key, "identity-code", CODE)),
    )


def test_opening_the_page_is_one_event_each_time(world: World, reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    paula.get(page_of(world, "anna"))
    paula.get(page_of(world, "anna") + "?tab=facts")
    found = [(event.actor_id, event.subject_id, event.envelope) for event in world.events("person:page:opened")]
    who = (world.ids["paula"], world.ids["anna"])
    assert found == [(*who, {"tab": "rights"}), (*who, {"tab": "facts"})]


def test_a_right_tells_why_and_until_when(world: World, reader: Callable[[str], Reader]) -> None:
    text = reader("paula").get(page_of(world, "anna")).text
    assert "Wilma: Opettaja" in text
    assert "Granted by hand: project" in text
    assert "Luokanopettaja · Koivu en" in text
    assert "hr.csv line 7" in text
    assert "Ends first: the end that was set by hand" in text


def test_granting_and_ending_are_buttons_for_who_may_and_the_file_stands_below(
    world: World, reader: Callable[[str], Reader]
) -> None:
    text = reader("paula").get(page_of(world, "anna")).text
    head = text[text.index('<div class="page-actions">') : text.index("</main>")].split('class="tabs"')[0]
    assert re.findall(r'hds-button--([\w-]+)" href="[^"?]+(\?act=\w+#\w+)"', head) == [
        ("primary", "?act=grant#grant"),
        ("quiet-danger", "?act=end#end"),
    ]
    assert "rights.csv" not in head
    opened = reader("paula").get(page_of(world, "anna") + "?act=grant").text
    assert re.search(r'<div id="grant">\s*<details class="disclosure" open>', opened)
    assert "?act=" not in reader("sanna").get(page_of(world, "anna")).text


def test_rights_are_shown_for_another_day_and_one_service(world: World, reader: Callable[[str], Reader]) -> None:
    paula, here = reader("paula"), page_of(world, "anna")
    assert "No rights on this day" in paula.get(f"{here}?at=2020-01-01").text
    assert "Rights on 1.1.2020" in paula.get(f"{here}?at=2020-01-01").text
    assert "Rights today" in paula.get(f"{here}?at=nonsense").text
    assert "No rights on this day" in paula.get(f"{here}?application=other").text
    assert "Granted by hand" in paula.get(f"{here}?application=wilma").text


def test_why_not_says_that_no_rule_gives_the_role_or_that_it_is_held(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula = reader("paula")
    assert "No rule gives this role" in paula.get(page_of(world, "ville") + "?why_not=wilma:opettaja").text
    assert "The person has this role" in paula.get(page_of(world, "anna") + "?why_not=wilma:opettaja").text


def test_facts_name_their_source_file_and_line(world: World, reader: Callable[[str], Reader]) -> None:
    text = reader("paula").get(page_of(world, "anna") + "?tab=facts").text
    assert "Employee · Luokanopettaja · Koivu en" in text
    assert "hr.csv line 7" in text
    assert "Telephone: +358401234567" in text


def test_the_timeline_tells_what_was_written_and_what_it_replaced(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, here = reader("paula"), page_of(world, "anna")
    paula.post(f"{here}/end", here, end_reason="lost phone")
    paula.post(f"{here}/restore", here, restore_reason="found it")
    text = paula.get(f"{here}?tab=timeline").text
    assert "Ended access: lost phone" in text
    assert "found it" in text
    assert "before:" in text


def test_a_protected_persons_class_and_school_read_protected_to_who_may_not_know(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sanna, paula = reader("sanna"), reader("paula")
    for tab in ("rights", "facts", "timeline"):
        text = sanna.get(f"{page_of(world, 'oona')}?tab={tab}").text
        body = text.split("<main", 1)[1]
        assert "4B" not in body
        assert "Koivu en" not in body
    assert "Class · protected · protected" in sanna.get(f"{page_of(world, 'oona')}?tab=facts").text
    assert "Class · 4B · Koivu en" in paula.get(f"{page_of(world, 'oona')}?tab=facts").text


def test_end_now_needs_a_reason_ends_everything_and_can_be_undone(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, here, anna = reader("paula"), page_of(world, "anna"), Reader(world, "anna")
    refused = paula.post(f"{here}/end", here, end_reason=" ")
    assert refused.status_code == 422
    assert 'href="#end_reason"' in refused.text
    assert paula.post(f"{here}/end", here, end_reason="lost phone").status_code == 303
    assert anna.get("/account").status_code == 303
    ended = paula.get(here).text
    assert "The access was ended on" in ended
    assert "lost phone" in ended
    assert "No rights on this day" in ended
    assert paula.force(f"{here}/end", end_reason="again").status_code == 409
    assert paula.post(f"{here}/restore", here, restore_reason="found").status_code == 303
    assert "Wilma: Opettaja" in paula.get(here).text
    (event,) = world.events("person:access:ended")
    assert (event.actor_id, event.subject_id) == (world.ids["paula"], world.ids["anna"])
    with Session(world.engine) as session:
        assert session.scalar(select(Hold).where(Hold.closed_by.is_(None), Hold.valid_to > clock.now())) is None


def test_a_right_is_granted_by_hand_and_ended(world: World, reader: Callable[[str], Reader]) -> None:
    paula, here = reader("paula"), page_of(world, "ville")
    until = (clock.today() + timedelta(days=30)).isoformat()
    fields = {
        "role": "wilma:opettaja",
        "capacity": str(world.ids["ville KUUSI"]),
        "scope": str(world.ids["KUUSI"]),
        "until": until,
    }
    incomplete = paula.post(f"{here}/rights", here, role="wilma:opettaja")
    assert incomplete.status_code == 422
    for name in ("capacity", "scope", "until", "reason"):
        assert f'href="#{name}"' in incomplete.text
    assert '<option value="wilma:opettaja" selected>' in incomplete.text
    assert paula.post(f"{here}/rights", here, **fields, reason="a project").status_code == 303
    page = paula.get(here).text
    assert "Granted by hand: a project" in page
    path = re.search(rf'action="({here}/rights/[^"]+/end)"', page)
    assert path is not None
    assert paula.post(path[1], here, reason="over").status_code == 303
    assert "No rights on this day" in paula.get(here).text
    assert len(world.events("right:hand:granted")) == len(world.events("right:hand:ended")) == 1


def test_nobody_grants_a_right_to_themselves(world: World, reader: Callable[[str], Reader]) -> None:
    employ(world, "paula", "KOIVU", "Pääkäyttäjä")
    paula, here = reader("paula"), page_of(world, "paula")
    until = (clock.today() + timedelta(days=30)).isoformat()
    fields = {
        "role": "wilma:opettaja",
        "capacity": str(world.ids["paula KOIVU"]),
        "scope": str(world.ids["KOIVU"]),
        "until": until,
    }
    answer = paula.post(f"{here}/rights", here, **fields, reason="why not")
    assert answer.status_code == 422
    assert "Nobody grants rights to themselves" in answer.text


def test_a_right_is_not_granted_outside_the_granters_part(world: World, reader: Callable[[str], Reader]) -> None:
    administer(world, "sanna", "KOIVU", "rights.grant")
    sanna, here = reader("sanna"), page_of(world, "anna")
    until = (clock.today() + timedelta(days=30)).isoformat()
    for capacity, scope in (("anna KOIVU", "KUUSI"), ("anna KUUSI", "KOIVU")):
        fields = {
            "capacity": str(world.ids[capacity]),
            "scope": str(world.ids[scope]),
            "role": "wilma:opettaja",
            "until": until,
        }
        assert sanna.force(f"{here}/rights", **fields, reason="x").status_code == 422
    assert "No role may be granted by hand in your part." in sanna.get(here).text
    assert sanna.force(f"{here}/rights/{world.ids['anna right KUUSI']}/end", reason="x").status_code == 404
    with Session(world.engine) as session:
        assert len(list(session.scalars(select(Assignment).where(Assignment.person_id == world.ids["anna"])))) == 2


def test_the_identity_code_is_shown_for_a_purpose_in_that_answer_only(
    world: World, reader: Callable[[str], Reader]
) -> None:
    give_code(world, "anna")
    paula, here = reader("paula"), page_of(world, "anna")
    facts = f"{here}?tab=facts"
    assert "Personal identity code · known, not shown here" in paula.get(facts).text
    assert CODE not in paula.get(facts).text
    assert paula.post(f"{here}/code", facts, purpose=" ").status_code == 422
    shown = paula.post(f"{here}/code", facts, purpose="payroll asks")
    assert CODE in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert CODE not in paula.get(facts).text
    (event,) = world.events("person:code:shown")
    assert event.envelope == {"purpose": "payroll asks"}


def test_the_secretary_gives_a_pupil_a_one_time_code(world: World, reader: Callable[[str], Reader]) -> None:
    sanna, here = reader("sanna"), page_of(world, "oona")
    answer = sanna.post(f"{here}/sign-in-code", f"{here}?tab=signin")
    code = re.search(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", answer.text)
    assert code is not None
    assert code[1] not in sanna.get(f"{here}?tab=signin").text
    assert [event.subject_id for event in world.events("signin:code:issued")] == [world.ids["oona"]]


def test_nobody_gets_a_code_for_an_administrator_of_more_than_they_administer(
    world: World, reader: Callable[[str], Reader]
) -> None:
    employ(world, "paula", "KOIVU", "Pääkäyttäjä")
    sanna, here = reader("sanna"), page_of(world, "paula")
    assert sanna.force(f"{here}/sign-in-code").status_code == 403
    assert world.events("signin:code:issued") == []


def test_sessions_are_listed_and_ended_one_by_one_or_all(world: World, reader: Callable[[str], Reader]) -> None:
    """SE-05: by an administrator."""
    sanna, here = reader("sanna"), page_of(world, "anna")
    phones = [Reader(world, "anna") for _ in range(3)]
    tab = f"{here}?tab=signin"
    assert sanna.get(tab).text.count('name="session"') == 3
    first = sanna.force(f"{here}/sessions/end", session=str(phones[0].session_id))
    assert first.location == tab
    assert phones[0].get("/account").status_code == 303
    assert phones[1].get("/account").status_code == 200
    assert sanna.force(f"{here}/sessions/end", session=str(sanna.session_id)).status_code == 404
    assert sanna.force(f"{here}/sessions/end", session="nonsense").status_code == 404
    sanna.force(f"{here}/sessions/end")
    with Session(world.engine) as session:
        assert login_sessions.living(session, world.ids["anna"]) == []


def test_the_log_is_for_who_may_search_it_and_reading_it_is_recorded(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sanna, paula, here = reader("sanna"), reader("paula"), page_of(world, "anna")
    assert "The person&#39;s page was opened" not in sanna.get(f"{here}?tab=log").text
    text = paula.get(f"{here}?tab=log").text
    assert "Sanna Sihteeri" in text
    assert "page was opened" in text
    taken = paula.get(f"{here}/log.csv").get_data().decode()
    assert '"person:page:opened";"Sanna Sihteeri"' in taken
    assert len(world.events("admin:log:searched")) == 2


def test_every_tab_takes_the_same_number_of_statements_however_much_there_is_to_tell(
    world: World, reader: Callable[[str], Reader]
) -> None:
    paula, here = reader("paula"), page_of(world, "anna")
    counts = {}
    for round_ in range(2):
        for tab in ("rights", "facts", "timeline", "signin", "log"):
            with world.counted() as statements:
                paula.get(f"{here}?tab={tab}")
            counts.setdefault(tab, []).append(len(statements))
        for n in range(20 if round_ == 0 else 0):
            key = f"{n}-{round_}"
            person(world, key, "Muu")
            employ(world, "anna", "RANTA", f"Tehtävä {n}", number=key)
            Reader(world, "anna")
    assert {tab: seen for tab, seen in counts.items() if seen[0] != seen[1]} == {}
