"""The same arguments give the same bytes; more people leave the others alone; the files hold what they promise."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from iam.demo import profiles
from iam.demo.codes import is_test_identity_code
from iam.demo.feeds.hr import HEADER
from iam.demo.feeds.oneroster import HEADERS
from tests.unit.demo.conftest import Written, day

HR_HEADER = (
    "henkilonumero;hetu;etunimet;kutsumanimi;sukunimi;palvelussuhdenumero;palvelussuhteen_laji;sijaistettava;tehtavanimike_koodi;"
    "nimike;toimiala;yksikko_koodi;kustannuspaikka;toimipisteet;esihenkilo_henkilonumero;alkamispvm;paattymispvm;keskeytys_alku;"
    "keskeytys_loppu;keskeytys_syy;sopimusala;viikkotunnit;tyopuhelin;paivitetty"
)
ROSTER_HEADERS = {
    "manifest": "propertyName,value",
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "users": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,"
    "phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,"
    "primaryOrgSourcedId,pronouns",
    "roles": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
    "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
    "academicSessions": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
    "courses": "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
}
EXAMPLE = [
    "1001;140381-902E;Aino "
    "Maria;Aino;Esimerkki;P1001-1;maaraaikainen;;luokanopettaja;Luokanopettaja;sivistys;KOIVU;3100;"
    "KOIVU:60|RANTA:40;1000;1.8.2026;31.5.2027;;;;OVTES;24;;10.9.2026",
    "1001;140381-902E;Aino "
    "Maria;Aino;Esimerkki;P1001-2;tuntityo;;tuntiopettaja;Tuntiopettaja;sivistys;OPISTO;3300;OPISTO:100;1009;"
    "1.9.2026;18.12.2026;;;;OVTES;6;;10.9.2026",
    "1002;301175-9153;Eero;Eero;Malli;P1002-1;vakinainen;;rehtori;Rehtori;sivistys;KOIVU;3100;KOIVU:100;;1.8.2019;;;;;OVTES;37;;10.9.2026",
]


def test_the_same_arguments_give_the_same_bytes(small: Written, write: Callable[..., Written]) -> None:
    assert write("small").bytes() == small.bytes()


def test_another_seed_gives_other_people_and_keeps_those_of_the_table(
    small: Written, write: Callable[..., Written]
) -> None:
    other = write("small", "another seed")
    assert other.bytes()["hr.csv"] != small.bytes()["hr.csv"]
    named = {row["sukunimi"] for row in other.hr() if int(row["henkilonumero"]) <= 1011}
    assert named == {row["sukunimi"] for row in small.hr() if int(row["henkilonumero"]) <= 1011}


def test_another_day_moves_dates_and_changes_nobody(small: Written, write: Callable[..., Written]) -> None:
    later = write("small", today=date(2027, 2, 3))
    who = [
        (row["henkilonumero"], row["hetu"], row["etunimet"], row["sukunimi"], row["yksikko_koodi"])
        for row in small.hr()
    ]
    assert [
        (row["henkilonumero"], row["hetu"], row["etunimet"], row["sukunimi"], row["yksikko_koodi"])
        for row in later.hr()
    ] == who
    assert [row["alkamispvm"] for row in later.hr()] != [row["alkamispvm"] for row in small.hr()]


def test_one_more_person_and_family_change_nobody_else(
    small: Written, write: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    bigger = replace(profiles.PROFILES["small"], employees=39, employments=44, family_rounds=2, moving=4)
    monkeypatch.setitem(profiles.PROFILES, "small", bigger)
    more = write("small")
    assert more.hr()[: len(small.hr())] == small.hr()
    assert len(more.hr()) == len(small.hr()) + 1
    old, new = ({row["sourcedId"]: row for row in one.roster("users")} for one in (small, more))
    assert all(new[key] == row for key, row in old.items())


def test_the_rows_of_the_worked_example_are_there(small: Written) -> None:
    lines = (small.folder / "hr.csv").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("1001;", "1002;"))] == EXAMPLE


def test_the_header_of_the_hr_file_is_exact(small: Written) -> None:
    assert (small.folder / "hr.csv").read_text(encoding="utf-8").split("\n", 1)[0] == HR_HEADER == ";".join(HEADER)


def test_the_headers_of_the_bundle_are_exact(small: Written) -> None:
    assert set(ROSTER_HEADERS) == {"manifest", *HEADERS}
    for name, header in ROSTER_HEADERS.items():
        first = (small.folder / "oneroster" / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
        assert first.strip() == header


def test_the_manifest_names_the_files_that_are_there(small: Written) -> None:
    said = {row["propertyName"]: row["value"] for row in small.roster("manifest")}
    assert (said["manifest.version"], said["oneroster.version"]) == ("1.0", "1.2")
    there = {path.stem for path in (small.folder / "oneroster").glob("*.csv")} - {"manifest"}
    assert {name[5:] for name, value in said.items() if value == "bulk"} == there


def test_every_identity_code_is_a_test_code_and_no_other_file_holds_one(normal: Written) -> None:
    codes = [row["hetu"] for row in normal.hr() if row["hetu"]]
    assert all(map(is_test_identity_code, codes))
    shape = re.compile(rb"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]")
    assert not any(shape.search(content) for name, content in normal.bytes().items() if name != "hr.csv")


def test_one_code_is_one_person(normal: Written) -> None:
    pairs = {(row["hetu"], row["henkilonumero"]) for row in normal.hr() if row["hetu"]}
    assert len({code for code, _ in pairs}) == len(pairs) == len({number for _, number in pairs})


def test_every_manager_and_replaced_person_is_in_the_file(normal: Written) -> None:
    known = {row["henkilonumero"] for row in normal.hr()}
    for row in normal.hr():
        assert {row["esihenkilo_henkilonumero"], row["sijaistettava"]} - {""} <= known
        assert row["esihenkilo_henkilonumero"] != row["henkilonumero"]


def test_the_chain_of_managers_has_one_hole_besides_the_top_of_each_employer(normal: Written) -> None:
    entities = _entities(normal)
    tops = [row for row in normal.hr() if not row["esihenkilo_henkilonumero"]]
    assert [row["henkilonumero"] for row in tops if row["henkilonumero"] == "1002"] == ["1002"]
    employers = [entities[row["yksikko_koodi"]] for row in tops if row["henkilonumero"] != "1002"]
    assert sorted(employers) == sorted({entities[row["yksikko_koodi"]] for row in normal.hr()})


def test_every_unit_and_workplace_is_an_organisation_and_shares_make_a_whole(normal: Written) -> None:
    known = {row["key"] for row in normal.consortium()["organisations"]}
    for row in normal.hr():
        places = [place.split(":") for place in row["toimipisteet"].split("|")]
        assert {row["yksikko_koodi"], *(key for key, _ in places)} <= known
        assert sum(int(share) for _, share in places) == 100


def test_nobody_is_employed_before_growing_up_and_no_end_comes_before_its_start(normal: Written) -> None:
    for row in normal.hr():
        start = day(row["alkamispvm"])
        assert not row["paattymispvm"] or day(row["paattymispvm"]) >= start
        assert day(row["paivitetty"]) <= normal.today
        if row["hetu"]:
            century = 19 if row["hetu"][6] in "-YXWVU" else 20
            assert start.year - int(f"{century}{row['hetu'][4:6]}") >= 17


def test_every_reference_of_the_bundle_leads_to_a_row(normal: Written) -> None:
    ids = {name: {row["sourcedId"] for row in normal.roster(name)} for name in HEADERS}
    targets = {
        "agentSourcedIds": "users",
        "userSourcedId": "users",
        "classSourcedId": "classes",
        "courseSourcedId": "courses",
        "orgSourcedId": "orgs",
        "primaryOrgSourcedId": "orgs",
        "schoolSourcedId": "orgs",
        "schoolYearSourcedId": "academicSessions",
        "termSourcedIds": "academicSessions",
    }
    for name in HEADERS:
        rows = normal.roster(name)
        assert len(ids[name]) == len(rows)
        for column, target in (targets | {"parentSourcedId": name}).items():
            for row in rows:
                assert not row.get(column) or set(row[column].split(",")) <= ids[target]


def test_schools_of_the_bundle_carry_the_keys_of_organisations(normal: Written) -> None:
    known = {row["key"] for row in normal.consortium()["organisations"]}
    assert {row["identifier"] for row in normal.roster("orgs")} <= known


def test_numbers_of_other_systems_stand_in_user_ids_and_employee_numbers_are_in_the_hr_file(normal: Written) -> None:
    employees = {row["henkilonumero"] for row in normal.hr()}
    for row in normal.roster("users"):
        numbers = [("employee-number", row["identifier"]), ("learner-number", row["userMasterIdentifier"])]
        assert row["userIds"] == ",".join(f"{{{kind}:{value}}}" for kind, value in numbers if value)
        assert row["identifier"] in employees or not row["identifier"]
    assert sum(row["userIds"].startswith("{employee-number:") for row in normal.roster("users")) > 100


@pytest.mark.parametrize(
    "today",
    [date(2026, 8, 1), date(2026, 8, 4), date(2026, 12, 31), date(2027, 5, 31), date(2027, 7, 31), date(2028, 2, 29)],
)
def test_what_holds_today_holds_on_any_day_of_the_year(write: Callable[..., Written], today: date) -> None:
    written = write("small", today=today)
    jobs = {row["palvelussuhdenumero"]: row for row in written.hr()}
    for number in ("P1001-1", "P1001-2", "P1003-1"):
        assert day(jobs[number]["alkamispvm"]) <= today <= day(jobs[number]["paattymispvm"])
    assert day(jobs["P1001-1"]["paattymispvm"]) >= today + timedelta(days=30)
    assert (
        sum(day(row["paattymispvm"]) == today - timedelta(days=1) for row in written.hr() if row["paattymispvm"]) == 1
    )
    assert all(day(row["alkamispvm"]) <= day(row["keskeytys_alku"]) for row in written.hr() if row["keskeytys_alku"])
    for name in ("roles", "enrollments"):
        assert all(row["beginDate"] <= row["endDate"] for row in written.roster(name) if row["endDate"])
    welfare = next(one for one in written.consortium()["agreements"] if one["key"] == "opiskeluhuolto-2026")
    assert welfare["in_force"]["from"] <= today <= welfare["in_force"]["to"]


def _entities(written: Written) -> dict[str, str]:
    """Return the legal entity of every organisation by key."""
    rows = {row["key"]: row for row in written.consortium()["organisations"]}

    def entity(key: str) -> str:
        return key if rows[key].get("legal_entity") else entity(rows[key]["parent"])

    return {key: entity(key) for key in rows}
