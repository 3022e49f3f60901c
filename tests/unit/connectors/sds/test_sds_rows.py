"""School Data Sync 2.1: what each row tells, and which rows are rejected alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connectors.contract import ConnectorError, Item, Retryable
from connectors.records import Record
from connectors.sds import SdsConnector
from tests.kit.feeds.csv_inputs import read_all, records, rejected
from tests.kit.feeds.roster import PASSWORDS, archive, bent, folder
from tests.kit.feeds.sds import FILES, KEYS, reading

ROLES = [
    "principal",
    "chair",
    "professor",
    "researcher",
    "adjunct",
    "affiliate",
    "occupationalTherapist",
    "physicalTherapist",
    "speechTherapist",
    "visionTherapist",
    "paraprofessional",
    "specialServices",
    "advisor",
    "proctor",
    "nurse",
    "officeStaff",
    "lecturer",
    "itAdmin",
    "administrator",
    "teacher",
    "faculty",
    "staff",
    "teacherAssistant",
    "assistant",
    "instructor",
    "substitute",
    "coach",
    "alumni",
    "student",
    "other",
]
ORGANISATIONS = [
    "school",
    "department",
    "district",
    "local",
    "state",
    "national",
    "departmentOfEducation",
    "ministryOfEducation",
    "university",
    "college",
    "campus",
    "adultEducation",
    "municipality",
    "academicTrust",
    "localAuthority",
    "region",
    "division",
    "province",
    "researchCenter",
    "program",
]


def bend(name: str, old: str, new: str) -> dict[str, str]:
    return bent(name, old, new, FILES)


def read(path: Path, files: dict[str, str] = FILES) -> list[Item]:
    return read_all(reading(archive(path, files)))


def of(items: list[Item], kind: str) -> dict[str, Record]:
    return {record.key: record for record in records(items) if record.kind == kind}


@pytest.mark.parametrize("write", [folder, archive])
def test_a_bundle_is_read_from_a_folder_and_from_a_zip_file(
    write: Callable[[Path, dict[str, str]], Path], tmp_path: Path
) -> None:
    one = reading(write(tmp_path, FILES))
    found = read_all(one)
    assert [(record.kind, record.key) for record in records(found)] == KEYS
    assert rejected(found) == []
    assert (one.evidence.rows, one.evidence.finished, one.evidence.declared) == (len(KEYS), True, None)
    user = of(found, "user")["huoltaja"]
    assert (user.file, user.line) == ("users.csv", 3)


def test_folder_and_zip_file_give_the_same_evidence(tmp_path: Path) -> None:
    readings = [reading(folder(tmp_path, FILES)), reading(archive(tmp_path, FILES))]
    assert read_all(readings[0]) == read_all(readings[1])
    assert (readings[0].evidence, readings[0].checkpoint) == (readings[1].evidence, readings[1].checkpoint)


def test_a_teacher_of_two_schools_has_a_role_in_each_with_its_own_days(tmp_path: Path) -> None:
    roles = of(read(tmp_path), "role")
    days = ("orgSourcedId", "isPrimary", "roleStartDate", "roleEndDate")
    assert [
        tuple(roles[f"opettaja/{school}/teacher"].fields[name] for name in days) for school in ("koivu", "ranta")
    ] == [
        ("koivu", "true", "2026-08-01", ""),
        ("ranta", "false", "2026-08-01", "2026-12-31"),
    ]
    assert roles["oppilas/koivu/student"].fields["grade"] == "01"


def test_a_password_is_never_read_and_alters_nothing(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert not [item for item in found for password in PASSWORDS if password in repr(item)]
    assert "password" not in SdsConnector.columns["user"]
    assert read(tmp_path, bend("users.csv", "salasana-1", "toinen")) == found


@pytest.mark.parametrize("name", ["demographics.csv", "userFlags.csv"])
def test_what_is_said_of_a_pupil_s_background_is_never_opened(name: str, tmp_path: Path) -> None:
    path = folder(tmp_path, FILES)
    (path / name).unlink(missing_ok=True)
    (path / name).mkdir()
    assert len(records(read_all(reading(path)))) == len(KEYS)


@pytest.mark.parametrize("spell", [str, str.upper, str.title])
@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_the_format_is_read_however_its_capitals(role: str, spell: type[str], tmp_path: Path) -> None:
    found = of(read(tmp_path, bend("roles.csv", "koivu,teacher", f"koivu,{spell(role)}")), "role")
    assert found[f"opettaja/koivu/{role.lower()}"].fields["role"] == role


@pytest.mark.parametrize("word", ORGANISATIONS)
def test_every_type_of_organisation_is_read_however_its_capitals(word: str, tmp_path: Path) -> None:
    found = of(read(tmp_path, bend("orgs.csv", "Rantakoulu,school", f"Rantakoulu,{word.upper()}")), "org")
    assert found["ranta"].fields["type"] == word


@pytest.mark.parametrize("word", ["parent", "relative", "aide", "doctor", "guardian", "child", "other"])
def test_every_relationship_of_the_format_is_read_however_its_capitals(word: str, tmp_path: Path) -> None:
    found = of(
        read(tmp_path, bend("relationships.csv", "huoltaja,guardian", f"huoltaja,{word.upper()}")), "relationship"
    )
    assert found[f"oppilas/huoltaja/{word}"].fields["relationshipRole"] == word


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "column"),
    [
        ("roles.csv", "koivu,student", "koivu,oppilas", None, "role"),
        ("roles.csv", "koivu,student", "koivu,", None, "role"),
        ("roles.csv", "01,true", "01,kyllä", "oppilas/koivu/student", "isPrimary"),
        ("roles.csv", "oppilas,koivu", "kadonnut,koivu", "kadonnut/koivu/student", "userSourcedId"),
        ("roles.csv", "opettaja,ranta", "opettaja,kadonnut", "opettaja/kadonnut/teacher", "orgSourcedId"),
        ("roles.csv", "student,syksy", "student,kadonnut", "oppilas/koivu/student", "sessionSourcedId"),
        ("roles.csv", "opettaja,ranta", "opettaja,", None, "orgSourcedId"),
        ("roles.csv", "opettaja,ranta", "opettaja,koivu", "opettaja/koivu/teacher//2026-08-01", "userSourcedId"),
        ("roles.csv", "syksy,01", "syksy,140381-902E", "oppilas/koivu/student", "grade"),
        ("roles.csv", "oppilas,koivu", "140381-902E,koivu", None, "userSourcedId"),
        ("roles.csv", "oppilas,koivu,", "oppilas,", None, None),
        ("users.csv", "Hilla", "Hi\x07lla", "huoltaja", "givenName"),
        ("users.csv", "opettaja,", "huoltaja,", "huoltaja", "sourcedId"),
        ("users.csv", "opettaja,", ",", None, "sourcedId"),
        ("orgs.csv", "koulu,school,mansikkala\nranta", "koulu,school,kadonnut\nranta", "koivu", "parentSourcedId"),
        ("classes.csv", "1a,koivu", "1a,kadonnut", "1a", "orgSourcedId"),
        ("classes.csv", "1A,syksy", '1A,"syksy,kadonnut"', "1a", "sessionSourcedIds"),
        ("classes.csv", ",mat", ",kadonnut", "1a", "courseSourcedId"),
        ("enrollments.csv", "1a,opettaja", "2b,opettaja", "2b/opettaja", "classSourcedId"),
        ("enrollments.csv", "1a,opettaja", "1a,kadonnut", "1a/kadonnut", "userSourcedId"),
        ("enrollments.csv", "oppilas,student", "oppilas,oppilas", "1a/oppilas", "role"),
        ("enrollments.csv", "1a,opettaja", "1a,oppilas", "1a/oppilas", "classSourcedId"),
        ("relationships.csv", "huoltaja,guardian", "kadonnut,guardian", "oppilas/kadonnut/guardian", "relationshipUserSourcedId"),
        ("relationships.csv", "huoltaja,guardian", "huoltaja,mummo", None, "relationshipRole"),
    ],
)  # fmt: skip
def test_a_bad_row_is_rejected_alone_with_its_remedy(
    name: str, old: str, new: str, key: str | None, column: str | None, tmp_path: Path
) -> None:
    items = read(tmp_path, bend(name, old, new))
    bad = [one for one in rejected(items) if one.problem.file == name]
    assert [(one.key, one.problem.field) for one in bad] == [(key, column)]
    assert bad[0].problem.remedy
    assert not [word for word in ("kadonnut", "140381", "mummo", "Hilla") if word in str(bad[0].problem)]


def test_the_same_role_for_two_times_is_two_roles_and_neither_has_the_key_of_the_other(tmp_path: Path) -> None:
    text = FILES["roles.csv"] + "oppilas,koivu,Student,syksy,02,true,2027-08-10,\n"
    found = [key for key in of(read(tmp_path, FILES | {"roles.csv": text}), "role") if key.startswith("oppilas")]
    assert found == ["oppilas/koivu/student/syksy/2026-08-10", "oppilas/koivu/student/syksy/2027-08-10"]
    head, *rows = text.splitlines()
    turned = "\n".join([head, *reversed(rows)]) + "\n"
    again = [key for key in of(read(tmp_path, FILES | {"roles.csv": turned}), "role") if key.startswith("oppilas")]
    assert sorted(again) == found


@pytest.mark.parametrize("grade", ["140381-902E", "0\x07", '"0', "0,1"])
def test_of_two_times_of_a_role_one_that_cannot_be_read_ends_neither(grade: str, tmp_path: Path) -> None:
    text = FILES["roles.csv"] + f"oppilas,koivu,student,syksy,{grade},true,2027-08-10,\n"
    items = read(tmp_path, FILES | {"roles.csv": text})
    assert [(one.kind, one.key) for one in rejected(items)] == [("role", None)]


def test_the_very_same_role_twice_is_told_once(tmp_path: Path) -> None:
    text = FILES["roles.csv"] + "oppilas,koivu,student,syksy,01,true,2026-08-10,2027-06-05\n"
    items = read(tmp_path, FILES | {"roles.csv": text})
    (bad,) = rejected(items)
    assert bad.key in of(items, "role")
    assert bad.problem.params == {"first": 2}


def test_nobody_s_role_is_that_of_another_whose_id_holds_a_stroke(tmp_path: Path) -> None:
    files = FILES | {
        "users.csv": FILES["users.csv"] + "oppilas/koivu,x@edu.example,Ossi,Outo,,,,,\n",
        "roles.csv": FILES["roles.csv"] + "oppilas/koivu,ranta,student,,,,,\n",
    }
    found = read(tmp_path, files)
    assert rejected(found) == []
    assert "oppilas%2Fkoivu/ranta/student" in of(found, "role")


def test_columns_that_are_left_out_are_empty(tmp_path: Path) -> None:
    files = FILES | {
        "users.csv": "sourcedId,username\noppilas,oona\nhuoltaja,hilla\nopettaja,aino\n",
        "roles.csv": "role,orgSourcedId,userSourcedId\nstudent,koivu,oppilas\n",
    }
    found = read(tmp_path, files)
    assert rejected(found) == []
    user, role = of(found, "user")["oppilas"], of(found, "role")["oppilas/koivu/student"]
    assert tuple(user.fields) == SdsConnector.columns["user"]
    assert (user.fields["givenName"], role.fields["roleEndDate"], role.fields["orgSourcedId"]) == ("", "", "koivu")


def test_a_column_of_the_sender_s_own_is_passed_over_wherever_it_stands(tmp_path: Path) -> None:
    rows = [line.split(",") for line in FILES["enrollments.csv"].splitlines()]
    text = "".join(",".join([row[0], "x", *row[1:]]) + "\n" for row in rows)
    assert of(read(tmp_path, FILES | {"enrollments.csv": text}), "enrollment") == of(read(tmp_path), "enrollment")


def test_a_row_keeps_its_digest_when_only_the_order_of_columns_changes(tmp_path: Path) -> None:
    turned = "".join(",".join(reversed(line.split(","))) + "\n" for line in FILES["roles.csv"].splitlines())
    assert of(read(tmp_path, FILES | {"roles.csv": turned}), "role") == of(read(tmp_path), "role")


@pytest.mark.parametrize("name", ["orgs.csv", "users.csv", "roles.csv", "enrollments.csv", "relationships.csv"])
def test_a_cut_file_leaves_the_evidence_unfinished(name: str, tmp_path: Path) -> None:
    cut = FILES[name].rstrip("\n").rpartition(",")[0]
    one = reading(folder(tmp_path, FILES | {name: cut}))
    read_all(one)
    assert not one.evidence.finished


def test_a_file_that_changes_between_the_two_looks_can_be_tried_again(tmp_path: Path) -> None:
    path = folder(tmp_path, FILES)
    items = iter(reading(path))
    next(items)
    (path / "roles.csv").write_text(FILES["roles.csv"].replace("student", "other"))
    with pytest.raises(Retryable, match="changed"):
        list(items)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(set(FILES) - {"demographics.csv"})),
    st.text(alphabet='koivu,oppilas"\n;/% -0123456789\x07é', max_size=30),
    st.integers(0, 500),
)
def test_whatever_stands_in_a_file_gives_items_with_keys_of_their_own_or_a_connector_error(
    tmp_path: Path, name: str, noise: str, place: int
) -> None:
    at = place % (len(FILES[name]) + 1)
    try:
        found = read(tmp_path, FILES | {name: FILES[name][:at] + noise + FILES[name][at:]})
    except ConnectorError as error:
        assert error.problem.remedy  # noqa: PT017
        return
    names = [(record.kind, record.key) for record in records(found)]
    assert len(names) == len(set(names))
    assert all(one.problem.remedy for one in rejected(found))
