"""OneRoster 1.1: one role a user, in users.csv; it gives what a 1.2 bundle of the same facts gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connectors.contract import ConnectorError, Item, Malformed
from connectors.oneroster import OneRosterConnector, OneRosterSettings
from connectors.records import Deleted, Record
from tests.kit.feeds.csv_inputs import read_all, records, rejected
from tests.kit.feeds.roster import FILES, FILES_1_1, PASSWORDS, archive, bent, folder, roster

USERS, OLD_USERS = FILES["users.csv"], FILES_1_1["users.csv"]
HEADER = OLD_USERS.partition("\n")[0].split(",")


def old(name: str, text: str, new: str) -> dict[str, str]:
    """The 1.1 bundle with something else in a file."""
    return bent(name, text, new, FILES_1_1)


def read(path: Path, files: dict[str, str] = FILES_1_1) -> list[Item]:
    return read_all(roster(archive(path, files)))


def of(items: list[Item], kind: str) -> dict[str, Record]:
    return {record.key: record for record in records(items) if record.kind == kind}


def facts(items: list[Item]) -> list[tuple[object, ...]]:
    """What the records say, but for the ids of roles, which 1.1 has not, and where it stands."""
    keyless = [
        (item, item.kind == "role", {k: v for k, v in item.fields.items() if item.kind != "role" or k != "sourcedId"})
        for item in records(items)
    ]
    return sorted((item.kind, "" if role else item.key, tuple(fields.items())) for item, role, fields in keyless)


def test_a_bundle_of_1_1_gives_what_one_of_1_2_gives_of_the_same_facts(tmp_path: Path) -> None:
    new = {**FILES, "users.csv": USERS.replace(",koivu,\n", ",,\n")}
    (tmp_path / "new").mkdir()
    assert facts(read(tmp_path)) == facts(read_all(roster(folder(tmp_path / "new", new))))


def test_users_and_classes_have_the_digests_that_they_have_in_1_2(tmp_path: Path) -> None:
    new = {**FILES, "users.csv": USERS.replace(",koivu,\n", ",,\n")}
    found = [
        {(r.kind, r.key): r.digest for r in records(items) if r.kind != "role"}
        for items in (read(tmp_path), read_all(roster(folder(tmp_path, new))))
    ]
    assert found[0] == found[1]


def test_folder_and_zip_file_give_the_same_evidence(tmp_path: Path) -> None:
    readings = [roster(folder(tmp_path, FILES_1_1)), roster(archive(tmp_path, FILES_1_1))]
    assert read_all(readings[0]) == read_all(readings[1])
    assert readings[0].evidence == readings[1].evidence
    assert (readings[0].evidence.rows, readings[0].evidence.finished) == (10, True)


def test_a_password_is_never_read(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert not [item for item in found for password in PASSWORDS if password in repr(item)]
    assert all("password" not in record.fields for record in records(found))
    again = read(tmp_path, old("users.csv", "salasana-1", "toinen"))
    assert again == found


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("sourcedId", "x1", {"sourcedId": "x1"}),
        ("status", "active", {"status": "active"}),
        ("dateLastModified", "2026-08-01", {"dateLastModified": "2026-08-01"}),
        ("enabledUser", "FALSE", {"enabledUser": "false"}),
        ("username", "ensio", {"username": "ensio"}),
        ("userIds", "{learner-number:1}", {"userIds": "{learner-number:1}"}),
        ("givenName", "Ensio", {"givenName": "Ensio", "preferredGivenName": ""}),
        ("familyName", "Uusi", {"familyName": "Uusi", "preferredFamilyName": ""}),
        ("middleName", "Aatos", {"middleName": "Aatos", "preferredMiddleName": ""}),
        ("identifier", "17", {"identifier": "17", "userMasterIdentifier": ""}),
        ("email", "e@example.fi", {"email": "e@example.fi"}),
        ("sms", "040 1", {"sms": "040 1"}),
        ("phone", "09 1", {"phone": "09 1"}),
        ("agentSourcedIds", "huoltaja", {"agentSourcedIds": "huoltaja"}),
        ("grades", "09", {"grades": "09", "primaryOrgSourcedId": "", "pronouns": ""}),
    ],
)
def test_every_column_of_users_csv_is_told_as_in_1_2(
    column: str, value: str, told: dict[str, str], tmp_path: Path
) -> None:
    row = dict.fromkeys(HEADER, "") | {"sourcedId": "uusi", "enabledUser": "true", "orgSourcedIds": "koivu"}
    row |= {"role": "student", column: value}
    items = read(tmp_path, {**FILES_1_1, "users.csv": OLD_USERS + ",".join(row.values()) + "\n"})
    assert rejected(items) == []
    found = of(items, "user")[row["sourcedId"]]
    assert found.fields.items() >= told.items()
    assert tuple(found.fields) == OneRosterConnector.columns["user"]


@pytest.mark.parametrize(
    "role", ["administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"]
)
@pytest.mark.parametrize("spell", [str, str.upper, str.title])
def test_every_role_of_the_standard_is_read_however_its_capitals(role: str, spell: type[str], tmp_path: Path) -> None:
    items = read(tmp_path, old("users.csv", "koivu,teacher", f"koivu,{spell(role)}"))
    assert rejected(items) == []
    found = of(items, "role")["opettaja/koivu"].fields
    assert (found["role"], found["roleType"], found["orgSourcedId"]) == (role, "primary", "koivu")
    assert tuple(found) == OneRosterConnector.columns["role"]


@pytest.mark.parametrize(
    ("column", "told"), [("orgs.csv", "org"), ("classes.csv", "class"), ("enrollments.csv", "enrollment")]
)
def test_the_other_files_are_as_in_1_2(column: str, told: str, tmp_path: Path) -> None:
    assert FILES[column] == FILES_1_1[column]
    (tmp_path / "new").mkdir()
    assert of(read(tmp_path), told) == of(read_all(roster(archive(tmp_path / "new"))), told)


@pytest.mark.parametrize("file", ["academicSessions", "classes", "courses", "enrollments", "orgs", "users"])
def test_the_manifest_names_every_file_that_is_read(file: str, tmp_path: Path) -> None:
    text = FILES_1_1["manifest.csv"]
    line = next(each for each in text.splitlines() if each.startswith(f"file.{file},"))
    with pytest.raises(Malformed, match=f"file.{file}"):
        read(tmp_path, old("manifest.csv", line, f"file.{file},delta"))


@pytest.mark.parametrize("file", ["categories", "classResources", "demographics", "lineItems", "resources", "results"])
def test_files_of_the_standard_that_are_not_asked_for_may_be_there(file: str, tmp_path: Path) -> None:
    files = old("manifest.csv", "file.categories,absent\n", f"file.{file},bulk\n") | {f"{file}.csv": "sourcedId\nx\n"}
    assert len(records(read(tmp_path, files))) == 10


def test_a_user_of_two_schools_has_a_role_in_each(tmp_path: Path) -> None:
    items = read(tmp_path, old("users.csv", "koivu,teacher", '"koivu, mansikkala,koivu",teacher'))
    assert list(of(items, "role")) == ["oppilas/koivu", "opettaja/koivu", "opettaja/mansikkala"]


def test_who_has_no_school_has_no_role_and_is_a_person_all_the_same(tmp_path: Path) -> None:
    items = read(tmp_path)
    assert "huoltaja" in of(items, "user")
    assert not [key for key in of(items, "role") if key.startswith("huoltaja")]


@pytest.mark.parametrize("role", ["student", "teacher", ""])
def test_a_pupil_without_a_school_is_told_and_ends_nobody(role: str, tmp_path: Path) -> None:
    (bad,) = rejected(read(tmp_path, old("users.csv", "koivu,student", f",{role}")))
    assert (bad.kind, bad.key, bad.problem.field) == ("role", None, "orgSourcedIds")
    assert bad.problem.remedy


@pytest.mark.parametrize(
    ("text", "new", "bad"),
    [
        ("koivu,student", "koivu,oppilas", [("role", "oppilas/koivu", "role")]),
        ("koivu,student", "koivu,", [("role", "oppilas/koivu", "role")]),
        ("koivu,student", "kadonnut,student", [("role", "oppilas/kadonnut", "orgSourcedIds")]),
        ("koivu,teacher", '"koivu,kadonnut",teacher', [("role", "opettaja/kadonnut", "orgSourcedIds")]),
        ("huoltaja,opettaja", "huoltaja,kadonnut", [("user", "oppilas", "agentSourcedIds")]),
        ("Oona", "140381-902E", [("user", "oppilas", "givenName")]),
        ("true,koivu,student", "ehkä,koivu,student", [("user", "oppilas", "enabledUser")]),
        ("oppilas,,", "oppilas,inactive,", [("user", "oppilas", "status"), ("role", "oppilas/koivu", "status")]),
        ("opettaja,,,", "oppilas,,,", [("user", "oppilas", "sourcedId"), ("role", "oppilas/koivu", "sourcedId")]),
        ("opettaja,,,", ",,,", [("user", None, "sourcedId"), ("role", None, "sourcedId")]),
        (
            "koivu,student",
            "140381-902E,student",
            [("user", "oppilas", "orgSourcedIds"), ("role", None, "orgSourcedIds")],
        ),
        ("aino,,Aino", "aino,Aino", [("user", None, None), ("role", None, None)]),
    ],
)
def test_what_cannot_be_read_is_rejected_alone_with_whose_it_is(
    text: str, new: str, bad: list[tuple[str, str | None, str | None]], tmp_path: Path
) -> None:
    found = rejected(read(tmp_path, old("users.csv", text, new)))
    places = [(one.kind, one.key, one.problem.field) for one in found if one.problem.file == "users.csv"]
    assert set(places) - set(bad) <= {("user", "oppilas", "agentSourcedIds")}, "only what refers to it besides"
    assert set(bad) <= set(places)
    assert all(one.problem.remedy and "140381" not in f"{one.problem} {one.key}" for one in found)


def test_a_quote_that_is_left_open_takes_the_role_only_where_it_swallows_it(tmp_path: Path) -> None:
    items = read(tmp_path, old("users.csv", "Aino,Malli", '"Aino,Malli'))
    assert ("user", "opettaja") in [(one.kind, one.key) for one in rejected(items)]
    assert "opettaja/koivu" in of(items, "role")
    items = read(tmp_path, old("users.csv", "koivu,teacher", '"koivu,teacher'))
    assert ("role", None) in [(one.kind, one.key) for one in rejected(items)]


def test_a_rejected_user_keeps_the_role_which_waits(tmp_path: Path) -> None:
    items = read(tmp_path, old("users.csv", "huoltaja,opettaja", "kadonnut"))
    assert "oppilas" not in of(items, "user")
    assert "oppilas/koivu" in of(items, "role")


def test_a_user_who_is_to_be_deleted_is_told_as_deleted_with_every_role(tmp_path: Path) -> None:
    items = read(tmp_path, old("users.csv", "oppilas,,", "oppilas,ToBeDeleted,"))
    assert [item for item in items if isinstance(item, Deleted)] == [
        Deleted("user", "oppilas"),
        Deleted("role", "oppilas/koivu"),
    ]


@pytest.mark.parametrize(
    ("files", "file", "told", "other"),
    [
        (FILES_1_1 | {"roles.csv": FILES["roles.csv"]}, "roles.csv", "1.1", "1.2"),
        (FILES_1_1 | {"userProfiles.csv": "sourcedId\n"}, "userProfiles.csv", "1.1", "1.2"),
        (FILES_1_1 | {"users.csv": USERS}, "users.csv", "1.1", "1.2"),
        (FILES | {"users.csv": OLD_USERS}, "users.csv", "1.2", "1.1"),
    ],
)
def test_a_bundle_of_two_versions_is_refused_in_words(
    files: dict[str, str], file: str, told: str, other: str, tmp_path: Path
) -> None:
    with pytest.raises(Malformed) as caught:
        read(tmp_path, files)
    assert str(caught.value).startswith(f"{file}: The manifest says OneRoster {told}, but this file is of {other}.")
    assert caught.value.problem.remedy
    assert OneRosterConnector(OneRosterSettings(path=tmp_path / "bundle.zip")).test() == [caught.value.problem]


def test_a_bundle_of_1_1_without_a_manifest_is_asked_for_it(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES_1_1.items() if name != "manifest.csv"}
    with pytest.raises(Malformed, match="no manifest"):
        read(tmp_path, files)


@pytest.mark.parametrize("name", sorted(FILES_1_1))
def test_another_word_in_any_file_is_another_input(name: str, tmp_path: Path) -> None:
    digests = []
    for text in (FILES_1_1[name], FILES_1_1[name].rstrip("\n") + " \n"):
        one = roster(archive(tmp_path, {**FILES_1_1, name: text}))
        read_all(one)
        digests.append(one.evidence.digest)
    assert digests[0] != digests[1]


@pytest.mark.parametrize("name", ["users.csv", "enrollments.csv"])
def test_a_cut_file_leaves_the_evidence_unfinished(name: str, tmp_path: Path) -> None:
    cut = FILES_1_1[name].rstrip("\n").rpartition(",")[0].rpartition(",")[0]
    reading = roster(archive(tmp_path, {**FILES_1_1, name: cut}))
    read_all(reading)
    assert not reading.evidence.finished


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet='koivu,mansikala"\n;{}:./% -0123456789\x07é', max_size=40), st.integers(0, 400))
def test_whatever_stands_in_users_csv_gives_items_with_keys_of_their_own_or_a_connector_error(
    tmp_path: Path, noise: str, place: int
) -> None:
    at = len(OLD_USERS.partition("\n")[0]) + 1 + place % (len(OLD_USERS) - len(OLD_USERS.partition("\n")[0]) - 1)
    path = archive(tmp_path, {**FILES_1_1, "users.csv": OLD_USERS[:at] + noise + OLD_USERS[at:]})
    try:
        found = read_all(roster(path))
    except ConnectorError as error:
        assert error.problem.remedy  # noqa: PT017
        return
    names = [(record.kind, record.key) for record in records(found)]
    assert len(names) == len(set(names))
