"""The counts and special cases that the normal profile promises."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta

from tests.unit.demo.conftest import Rows, Written, day

COUNTY = "hva-opiskeluhuolto"


def _by_person(written: Written) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in written.hr():
        found[row["henkilonumero"]].append(row)
    return found


def _covers(row: dict[str, str], today: date) -> bool:
    return day(row["alkamispvm"]) <= today and (not row["paattymispvm"] or day(row["paattymispvm"]) >= today)


def _length(row: dict[str, str]) -> int:
    return (day(row["paattymispvm"]) - day(row["alkamispvm"])).days + 1


def test_there_are_1200_employees_with_1450_employments_and_37_welfare_workers_of_the_county(normal: Written) -> None:
    own = [row for row in normal.hr() if row["yksikko_koodi"] != COUNTY]
    assert (len({row["henkilonumero"] for row in own}), len(own)) == (1200, 1450)
    county = [row for row in normal.hr() if row["yksikko_koodi"] == COUNTY]
    assert len({row["henkilonumero"] for row in county}) == len(county) == 37
    assert {row["tehtavanimike_koodi"] for row in county} == {"psykologi", "kuraattori", "terveydenhoitaja"}


def test_sixty_people_have_concurrent_employments_and_25_of_them_two_employers(normal: Written) -> None:
    current = {who: [row for row in rows if _covers(row, normal.today)] for who, rows in _by_person(normal).items()}
    several = {who: rows for who, rows in current.items() if len(rows) > 1}
    assert len(several) == 60
    college = {"OPISTO", "SATAMA", "VALMA", "kky-hallinto"}
    assert sum(len({row["yksikko_koodi"] in college for row in rows}) == 2 for rows in several.values()) == 25


def test_thirty_teachers_share_an_employment_between_schools(normal: Written) -> None:
    assert sum("|" in row["toimipisteet"] for row in normal.hr()) == 30


def test_forty_substitutes_work_one_to_three_days_and_all_of_them_today(normal: Written) -> None:
    short = [row for row in normal.hr() if row["palvelussuhteen_laji"] == "sijainen" and _length(row) <= 3]
    assert len(short) == 40
    assert {_length(row) for row in short} == {1, 2, 3}
    assert all(_covers(row, normal.today) and row["sijaistettava"] for row in short)


def test_eight_people_are_on_a_long_leave_and_each_has_a_replacement(normal: Written) -> None:
    absent = {
        row["henkilonumero"]
        for row in normal.hr()
        if row["keskeytys_alku"] and day(row["keskeytys_loppu"]) - day(row["keskeytys_alku"]) > timedelta(days=30)
    }
    replacing = {
        row["sijaistettava"] for row in normal.hr() if row["palvelussuhteen_laji"] == "sijainen" and _length(row) > 30
    }
    assert len(absent) == 8
    assert replacing == absent


def test_twelve_ended_yesterday_five_start_tomorrow_and_three_ends_came_late(normal: Written) -> None:
    ends = [row for row in normal.hr() if row["paattymispvm"]]
    yesterday, tomorrow = (normal.today + timedelta(days=step) for step in (-1, 1))
    assert sum(day(row["paattymispvm"]) == yesterday for row in ends) == 12
    assert sum(day(row["alkamispvm"]) == tomorrow for row in normal.hr()) == 5
    assert sum(day(row["paattymispvm"]) < yesterday and day(row["paivitetty"]) == normal.today for row in ends) == 3


def test_two_pairs_of_codes_differ_in_the_separator_only(normal: Written) -> None:
    same: dict[str, set[str]] = defaultdict(set)
    for row in normal.hr():
        if row["hetu"]:
            same[row["hetu"][:6] + row["hetu"][7:]].add(row["hetu"])
    pairs = [codes for codes in same.values() if len(codes) > 1]
    assert {"140381-902E", "140381Y902E"} in pairs
    assert {"090275-9115", "090275Y9115"} in pairs


def test_two_pairs_have_the_same_names_and_birth_date_and_are_different_people(normal: Written) -> None:
    who = {
        row["henkilonumero"]: (row["etunimet"], row["sukunimi"], row["hetu"][:7]) for row in normal.hr() if row["hetu"]
    }
    assert sum(count == 2 for count in Counter(who.values()).values()) >= 2


def test_two_people_have_no_identity_code_yet(normal: Written) -> None:
    assert len({row["henkilonumero"] for row in normal.hr() if not row["hetu"]}) == 2


def test_two_people_are_known_by_a_former_name_in_the_schools(normal: Written) -> None:
    hr = {row["henkilonumero"]: row["sukunimi"] for row in normal.hr()}
    differing = [
        row for row in normal.roster("users") if row["identifier"] and row["familyName"] != hr[row["identifier"]]
    ]
    assert len(differing) == 2


def test_some_taught_until_the_summer_in_the_school_that_was_merged(normal: Written) -> None:
    moved = {row["henkilonumero"] for row in normal.hr() if row["yksikko_koodi"] == "VANHAKYLA"}
    assert moved
    for who in moved:
        assert {row["yksikko_koodi"] for row in _by_person(normal)[who]} == {"VANHAKYLA", "KOIVU"}


def test_there_are_6000_pupils_and_9000_guardian_links(normal: Written) -> None:
    students = {row["userSourcedId"] for row in normal.roster("roles") if row["role"] == "student"}
    users = [row for row in normal.roster("users") if row["sourcedId"] in students]
    assert len({row["userMasterIdentifier"] for row in users}) == 6000
    assert sum(len(row["agentSourcedIds"].split(",")) for row in users if row["agentSourcedIds"]) == 9000
    assert normal.summary.pupils == 6000
    assert normal.summary.guardian_links == 9000


def test_two_students_have_two_cards_with_one_learner_number(normal: Written) -> None:
    numbers = Counter(row["userMasterIdentifier"] for row in normal.roster("users") if row["userMasterIdentifier"])
    assert sum(count == 2 for count in numbers.values()) == 2


def test_forty_pupils_come_or_go_within_the_month(normal: Written) -> None:
    near = [(normal.today + timedelta(days=step)).isoformat() for step in range(-14, 16)]
    students = [row for row in normal.roster("roles") if row["role"] == "student"]
    assert sum(row["endDate"] in near for row in students) == 20
    assert sum(row["beginDate"] in near for row in students) == 20


def test_guardians_are_parents_appointed_teachers_or_no_longer_guardians(normal: Written) -> None:
    roles: dict[str, set[str]] = defaultdict(set)
    for row in normal.roster("roles"):
        roles[row["userSourcedId"]].add(row["role"])
    agents = {agent for row in normal.roster("users") for agent in row["agentSourcedIds"].split(",") if agent}
    assert sum("guardian" in kinds for kinds in roles.values()) >= 2
    assert sum({"parent", "teacher"} <= kinds for kinds in roles.values()) == 3
    assert [kinds for kinds in roles.values() if len(kinds) == 3] == [{"parent", "teacher", "student"}]
    ended = {row["userSourcedId"] for row in normal.roster("roles") if row["role"] == "parent" and row["endDate"]}
    assert len(ended) == 2
    assert not ended & agents


def test_a_guardian_teaches_the_class_of_her_own_child(normal: Written) -> None:
    enrolled = {(row["classSourcedId"], row["userSourcedId"]): row["role"] for row in normal.roster("enrollments")}
    agents = {row["sourcedId"]: row["agentSourcedIds"].split(",") for row in normal.roster("users")}
    found = {
        agent
        for (room, user), role in enrolled.items()
        if role == "student"
        for agent in agents[user]
        if enrolled.get((room, agent)) == "teacher"
    }
    assert {"henkilo-1780", "henkilo-1781"} <= found


def test_pupils_are_of_every_grade_from_pre_primary_to_the_end(normal: Written) -> None:
    students = {row["userSourcedId"] for row in normal.roster("roles") if row["role"] == "student"}
    grades = {row["grades"] for row in normal.roster("users") if row["sourcedId"] in students}
    assert grades == {"KG", *(f"{grade:02d}" for grade in range(1, 13))}


def test_the_consortium_has_its_municipalities_and_forty_schools_with_codes_of_their_own(normal: Written) -> None:
    rows = normal.consortium()["organisations"]
    kinds = Counter(row["kind"] for row in rows)
    assert (kinds["municipality"], kinds["consortium"]) == (6, 1)
    assert all(
        kinds[kind] == 1
        for kind in ("wellbeing-county", "employment-area", "joint-authority", "company", "private-provider")
    )
    schools = [row for row in rows if "oph_oid" in row]
    assert (
        len(schools) == len({row["oph_oid"] for row in schools}) == len({row["school_code"] for row in schools}) == 40
    )
    assert all(
        row["oph_oid"].startswith("1.2.246.562.99.") and 99001 <= int(row["school_code"]) <= 99099 for row in schools
    )
    assert {row["key"] for row in schools if "to" in row} == {"VANHAKYLA", "LOUHI"}


def test_every_parent_comes_before_its_children_and_there_is_one_root(normal: Written) -> None:
    seen: set[str] = set()
    for row in normal.consortium()["organisations"]:
        assert ("parent" not in row) == (row["kind"] == "consortium")
        assert row.get("parent") is None or row["parent"] in seen
        seen.add(row["key"])
    assert all({row["organisation"], row["other"]} <= seen for row in normal.consortium()["relations"])


def test_there_are_eight_agreements_one_unsigned_one_ending_soon_and_one_that_expired_yesterday(
    normal: Written,
) -> None:
    agreements = normal.consortium()["agreements"]
    assert len(agreements) == 8
    assert [one["key"] for one in agreements if any("signed" not in party for party in one["parties"])] == [
        "tyollisyys-haapanotko"
    ]
    ends = [one["in_force"]["to"] for one in agreements]
    assert sum(end == normal.today - timedelta(days=1) for end in ends) == 1
    assert sum(normal.today < end < normal.today + timedelta(days=90) for end in ends) == 1


def test_every_employee_of_the_city_at_work_today_is_in_the_directory_once(normal: Written) -> None:
    text = (normal.folder / "directory.ldif").read_text(encoding="ascii")
    people = [line for line in text.splitlines() if line.startswith("dn: uid=")]
    assert len(people) == len(set(people)) == normal.summary.directory_people > 500


def test_groups_of_the_directory_name_people_and_groups_that_are_in_it(normal: Written) -> None:
    lines = (normal.folder / "directory.ldif").read_text(encoding="ascii").splitlines()
    names = {line[4:] for line in lines if line.startswith("dn: ")}
    members = {line[8:] for line in lines if line.startswith("member: ")}
    assert members <= names
    assert any(member.startswith("cn=") for member in members)


def test_the_large_profile_has_100000_people_with_150000_affiliations(write: Callable[..., Written]) -> None:
    written = write("large")
    assert (written.summary.employees, written.summary.affiliations) == (100_000, 150_000)
    assert sum(kind["kind"] == "municipality" for kind in written.consortium()["organisations"]) == 12
