"""OneRoster bundles: what is read, what refers to nothing, and which bundles are refused as a whole."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from connectors.contract import ConnectorError, Malformed, Retryable, Unreachable
from connectors.oneroster import OneRosterConnector, OneRosterSettings
from connectors.records import Deleted
from tests.kit.feeds.csv_inputs import read_all, records, rejected
from tests.kit.feeds.roster import FILES, PASSWORDS, archive, bent, folder, roster

KEYS = [
    ("org", "koivu"),
    ("org", "mansikkala"),
    ("user", "oppilas"),
    ("user", "huoltaja"),
    ("user", "opettaja"),
    ("role", "r1"),
    ("role", "r2"),
    ("class", "1a"),
    ("enrollment", "e1"),
    ("enrollment", "e2"),
]


def malformed(path: Path) -> Malformed:
    with pytest.raises(Malformed) as caught:
        read_all(roster(path))
    assert caught.value.problem.remedy
    return caught.value


@pytest.mark.parametrize("write", [folder, archive])
def test_a_bundle_is_read_from_a_folder_and_from_a_zip_file(write: Callable[[Path], Path], tmp_path: Path) -> None:
    reading = roster(write(tmp_path))
    found = records(read_all(reading))
    assert [(record.kind, record.key) for record in found] == KEYS
    assert found[2].fields["agentSourcedIds"] == "huoltaja,opettaja"
    assert (found[2].file, found[2].line) == ("users.csv", 2)
    assert (reading.evidence.rows, reading.evidence.finished, reading.evidence.declared) == (10, True, None)


def test_folder_and_zip_file_give_the_same_evidence(tmp_path: Path) -> None:
    readings = [roster(folder(tmp_path)), roster(archive(tmp_path))]
    assert read_all(readings[0]) == read_all(readings[1])
    assert readings[0].evidence == readings[1].evidence


def test_a_password_is_never_read(tmp_path: Path) -> None:
    found = read_all(roster(folder(tmp_path)))
    assert not [item for item in found for password in PASSWORDS if password in repr(item)]
    assert all("password" not in record.fields for record in records(found))


def test_another_password_changes_no_digest(tmp_path: Path) -> None:
    first = read_all(roster(folder(tmp_path)))
    assert read_all(roster(archive(tmp_path, bent("users.csv", "salasana-1", "toinen")))) == first


def test_an_extension_column_is_passed_over(tmp_path: Path) -> None:
    files = {
        **FILES,
        "orgs.csv": FILES["orgs.csv"]
        .replace("Id\n", "Id,metadata.x\n")
        .replace("kala\n", "kala,1\n")
        .replace(",,\n", ",,,2\n"),
    }
    assert [record.fields for record in records(read_all(roster(folder(tmp_path, files))))][:2] == [
        record.fields for record in records(read_all(roster(archive(tmp_path))))
    ][:2]


def test_a_row_to_be_deleted_is_told_as_deleted(tmp_path: Path) -> None:
    reading = roster(folder(tmp_path, bent("enrollments.csv", "e2,,", "e2,tobedeleted,")))
    assert read_all(reading)[-1] == Deleted("enrollment", "e2")
    assert reading.evidence.rows == 9


@pytest.mark.parametrize(
    ("name", "old", "new", "kind", "line", "field"),
    [
        ("orgs.csv", "KOIVU,mansikkala", "KOIVU,kadonnut", "org", 2, "parentSourcedId"),
        ("users.csv", "huoltaja,opettaja", "huoltaja,kadonnut", "user", 2, "agentSourcedIds"),
        ("users.csv", ",,,koivu,\nhuoltaja", ",,,kadonnut,\nhuoltaja", "user", 2, "primaryOrgSourcedId"),
        ("roles.csv", "oppilas", "kadonnut", "role", 2, "userSourcedId"),
        ("roles.csv", "teacher,,,koivu", "teacher,,,kadonnut", "role", 3, "orgSourcedId"),
        ("classes.csv", "syksy", "kadonnut", "class", 2, "termSourcedIds"),
        ("classes.csv", ",koivu", ",kadonnut", "class", 2, "schoolSourcedId"),
        ("enrollments.csv", "e1,,,1a", "e1,,,kadonnut", "enrollment", 2, "classSourcedId"),
        ("enrollments.csv", "opettaja", "kadonnut", "enrollment", 3, "userSourcedId"),
        ("users.csv", "opettaja,,", "huoltaja,,", "user", 4, "sourcedId"),
        ("users.csv", "opettaja,,", ",,", "user", 4, "sourcedId"),
        ("roles.csv", "r2,,", "r2,inactive,", "role", 3, "status"),
        ("users.csv", "Hilla", "140381-902E", "user", 3, "givenName"),
        ("users.csv", "Hilla", "Hi\x07lla", "user", 3, "givenName"),
    ],
)
def test_a_bad_row_is_rejected_with_file_line_and_field(
    name: str, old: str, new: str, kind: str, line: int, field: str, tmp_path: Path
) -> None:
    bad = rejected(read_all(roster(folder(tmp_path, bent(name, old, new)))))
    places = [(each.kind, each.problem.file, each.problem.line, each.problem.field) for each in bad]
    assert (kind, name, line, field) in places
    assert all(each.problem.remedy for each in bad)
    assert not [each for each in bad for value in ("kadonnut", "140381", "Hilla") if value in str(each.problem)]


def test_a_reference_to_a_row_that_is_to_be_deleted_leads_nowhere(tmp_path: Path) -> None:
    bad = rejected(read_all(roster(folder(tmp_path, bent("classes.csv", "1a,,", "1a,tobedeleted,")))))
    assert [(each.key, each.problem.field) for each in bad] == [("e1", "classSourcedId"), ("e2", "classSourcedId")]


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("manifest.csv", "file.users,bulk", "file.users,delta", "delta"),
        ("manifest.csv", "file.users,bulk\n", "", "users.csv as bulk"),
        ("manifest.csv", "file.users,bulk", "file.users,absent", "calls absent"),
        ("manifest.csv", "file.users,bulk", "file.users,all", "bulk, delta or absent"),
        ("manifest.csv", "file.courses,absent", "file.courses,bulk", "lacks"),
        ("manifest.csv", "oneroster.version,1.2", "oneroster.version,2.0", "oneroster.version is 1.1 / 1.2"),
        ("manifest.csv", "manifest.version,1.0\n", "", "manifest.version is 1.0"),
        ("manifest.csv", "file.orgs,bulk", "file.orgs,bulk\nfile.orgs,absent", "twice"),
        ("manifest.csv", "source.systemName,Testi\n", "source.sys", "may be cut"),
        ("users.csv", "sourcedId,status", "sourcedid,status", "lacks sourcedId"),
        ("enrollments.csv", "primary,beginDate", "beginDate,primary", "order"),
        ("roles.csv", FILES["roles.csv"][FILES["roles.csv"].index("r1") :], "", "no rows"),
    ],
)
def test_a_bundle_that_cannot_be_trusted_as_a_whole_is_malformed_before_any_record(
    name: str, old: str, new: str, words: str, tmp_path: Path
) -> None:
    path = folder(tmp_path, bent(name, old, new))
    with pytest.raises(Malformed, match=words):
        next(iter(roster(path)))
    assert OneRosterConnector(OneRosterSettings(path=path)).test()


def test_a_bundle_without_a_manifest_is_malformed(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name != "manifest.csv"}
    assert "no manifest" in str(malformed(archive(tmp_path, files)))


def _manifest(change: Callable[[list[list[str]]], list[list[str]]], delimiter: str = ",") -> dict[str, str]:
    """The bundle with another manifest that names the same."""
    table = change([line.split(",") for line in FILES["manifest.csv"].splitlines()])
    return {**FILES, "manifest.csv": "".join(delimiter.join(row) + "\n" for row in table)}


@pytest.mark.parametrize(
    "files",
    [
        _manifest(lambda table: [[value, name] for name, value in table]),
        _manifest(lambda table: [table[0], *reversed(table[1:])]),
        _manifest(lambda table: [["note", *table[0]], *(["", *row] for row in table[1:])]),
        _manifest(lambda table: [[*table[0], "note"], *table[1:]]),
        _manifest(lambda table: [*table, ["file.photos", "none"], ["", ""]]),
        _manifest(lambda table: [*table, table[3]]),
        _manifest(lambda table: [[cell.upper() for cell in row] for row in table]),
        _manifest(lambda table: [[f'"{cell}"' for cell in row] for row in table], ";"),
        _manifest(lambda table: table, "\t"),
    ],
)
def test_a_manifest_proves_itself_by_its_names_whatever_else_it_has_and_in_whatever_order(
    files: dict[str, str], tmp_path: Path
) -> None:
    assert [(record.kind, record.key) for record in records(read_all(roster(folder(tmp_path, files))))] == KEYS


@pytest.mark.parametrize("name", ["manifest.csv", "Manifest.csv"])
def test_oneroster_1_0_is_named_with_what_to_ask_for(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path, {name: "oneroster.version;1.0\nnothing else is right"})
    text = str(malformed(path))
    assert "This is OneRoster 1.0" in text
    assert "Ask the sender for a OneRoster 1.2" in text
    assert [str(problem) for problem in OneRosterConnector(OneRosterSettings(path=path)).test()] == [text]


SDS_1 = ("School.csv", "Section.csv", "Student.csv", "Teacher.csv", "StudentEnrollment.csv", "TeacherRoster.csv")
SDS_2 = {
    "orgs.csv": "sourcedId,name,type,parentSourcedId\n",
    "users.csv": "sourcedId,username,givenName,familyName,activeDirectoryMatchId\n",
    "roles.csv": "userSourcedId,orgSourcedId,role,sessionSourcedId,grade\n",
    "classes.csv": "sourcedId,orgSourcedId,title\n",
    "enrollments.csv": "classSourcedId,userSourcedId,role\n",
}


@pytest.mark.parametrize(
    ("files", "version"),
    [
        (dict.fromkeys(SDS_1, "x\n"), "1"),
        (dict.fromkeys((name.lower() for name in SDS_1), "x\n"), "1"),
        (SDS_2, "2.1"),
        ({**SDS_2, "users.csv": "sourcedId,username\n"}, "2.1"),
    ],
)
def test_files_for_school_data_sync_are_named_as_such_and_not_as_a_manifest_that_is_missing(
    files: dict[str, str], version: str, tmp_path: Path
) -> None:
    text = str(malformed(folder(tmp_path, files)))
    assert f"Microsoft School Data Sync (format {version})" in text
    assert "connector sds" in text


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "column", "read"),
    [
        ("roles.csv", "primary,student", "Primary,STUDENT", 5, "role", "student"),
        ("roles.csv", "primary,teacher", "PRIMARY,Teacher", 6, "roleType", "primary"),
        ("roles.csv", "primary,student", "primary, Student ", 5, "role", "student"),
        ("users.csv", "true,oona", "True,oona", 2, "enabledUser", "true"),
        ("users.csv", "true,oona", "FALSE,oona", 2, "enabledUser", "false"),
        ("enrollments.csv", "teacher,true", "Teacher,TRUE", 9, "primary", "true"),
        ("orgs.csv", "koivu,,", "koivu,Active,", 0, "status", "active"),
    ],
)
def test_the_standard_s_words_are_read_however_their_capitals(
    name: str, old: str, new: str, place: int, column: str, read: str, tmp_path: Path
) -> None:
    found = read_all(roster(folder(tmp_path, bent(name, old, new))))
    assert rejected(found) == []
    assert records(found)[place].fields[column] == read


def test_a_row_to_be_deleted_is_deleted_however_it_is_written(tmp_path: Path) -> None:
    found = read_all(roster(folder(tmp_path, bent("enrollments.csv", "e2,,", "e2,ToBeDeleted,"))))
    assert found[-1] == Deleted("enrollment", "e2")
    found = read_all(roster(archive(tmp_path, bent("classes.csv", "1a,,", "1a,TOBEDELETED,"))))
    assert [each.key for each in rejected(found)] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "column"),
    [
        ("roles.csv", "primary,student", "primary,oppilas", "r1", "role"),
        ("roles.csv", "primary,student", "primary,", "r1", "role"),
        ("roles.csv", "primary,student", "main,student", "r1", "roleType"),
        ("users.csv", "true,oona", "kyllä,oona", "oppilas", "enabledUser"),
    ],
)
def test_a_word_that_the_standard_does_not_have_rejects_the_row_and_tells_whose_it_is(
    name: str, old: str, new: str, key: str, column: str, tmp_path: Path
) -> None:
    (bad,) = rejected(read_all(roster(folder(tmp_path, bent(name, old, new)))))
    assert (bad.key, bad.problem.field, bad.problem.file) == (key, column, name)


def test_a_word_of_the_sender_s_own_is_taken_where_the_standard_allows_it(tmp_path: Path) -> None:
    found = read_all(roster(folder(tmp_path, bent("roles.csv", "primary,teacher", "primary,ext:rehtori"))))
    assert rejected(found) == []


@pytest.mark.parametrize("name", ["orgs.csv", "users.csv", "roles.csv", "enrollments.csv"])
def test_a_cut_file_leaves_the_evidence_unfinished(name: str, tmp_path: Path) -> None:
    reading = roster(folder(tmp_path, {**FILES, name: FILES[name][:-4]}))
    bad = rejected(read_all(reading))
    assert any("may be cut" in str(each.problem) and each.problem.file == name for each in bad)
    assert not reading.evidence.finished


@pytest.mark.parametrize(
    "member", ["../users.csv", "/etc/users.csv", "bundle/users.csv", "a\\users.csv", "C:users.csv", ".."]
)
def test_a_member_outside_the_root_is_refused(member: str, tmp_path: Path) -> None:
    assert "folders or paths" in str(malformed(archive(tmp_path, {**FILES, member: "x"})))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    files = {**FILES, "users.csv": FILES["users.csv"] + "x" * (20 << 20)}
    assert "more than a roster" in str(malformed(archive(tmp_path, files)))


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    files = {**FILES, **{f"f{i}.csv": "x" for i in range(200)}}
    assert "more than a roster" in str(malformed(archive(tmp_path, files)))


def test_a_link_in_a_zip_file_and_an_unusual_packing_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path)
    with zipfile.ZipFile(path, "a") as made:
        info = zipfile.ZipInfo("link.csv")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(info, "/etc/passwd")
    assert "linked" in str(malformed(path))
    assert "unusually packed" in str(malformed(archive(tmp_path, packing=zipfile.ZIP_LZMA)))


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "users.csv").rename(tmp_path / "elsewhere.csv")
    (path / "users.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert "not a plain file" in str(malformed(path))


def test_a_broken_zip_file_is_malformed(tmp_path: Path) -> None:
    path = archive(tmp_path, packing=zipfile.ZIP_STORED)
    data = path.read_bytes().replace(b"Koivurinteen", b"Koivurintee!")
    path.write_bytes(data)
    assert "broken" in str(malformed(path))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(1706, b"\x05")
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_a_damaged_zip_file_gives_items_or_a_connector_error(tmp_path: Path, place: int, noise: bytes) -> None:
    data = bytearray(archive(tmp_path).read_bytes())
    place %= len(data)
    data[place : place + len(noise)] = noise
    (tmp_path / "damaged.zip").write_bytes(data)
    try:
        read_all(roster(tmp_path / "damaged.zip"))
    except ConnectorError as error:
        assert error.problem.remedy  # noqa: PT017


def test_a_bundle_that_is_not_there_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        read_all(roster(tmp_path / "nowhere"))


def test_a_file_that_changes_between_the_two_looks_can_be_tried_again(tmp_path: Path) -> None:
    path = folder(tmp_path)
    items = iter(roster(path))
    next(items)
    (path / "users.csv").write_text(FILES["users.csv"].replace("Hilla", "Hulda"))
    with pytest.raises(Retryable, match="changed"):
        list(items)


def test_closing_early_closes_every_file(tmp_path: Path) -> None:
    path = archive(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    reading = roster(path)
    next(iter(reading))
    reading.close()
    assert len(os.listdir("/proc/self/fd")) == before
