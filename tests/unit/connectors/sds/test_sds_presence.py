"""School Data Sync: which files must come, and bundles that are refused as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.contract import Malformed, Retryable, Unreachable
from tests.kit.feeds import roster
from tests.kit.feeds.csv_inputs import read_all, records
from tests.kit.feeds.roster import archive, bent, folder
from tests.kit.feeds.sds import FILES, KEYS, reading, sds


def without(*names: str) -> dict[str, str]:
    return {name: text for name, text in FILES.items() if name.removesuffix(".csv") not in names}


def refused(path: Path, files: dict[str, str]) -> str:
    """The words in which a bundle is refused, by a reading and by a test alike."""
    bundle = archive(path, files)
    with pytest.raises(Malformed) as caught:
        next(iter(reading(bundle)))
    assert sds(bundle).test() == [caught.value.problem]
    assert caught.value.problem.remedy
    return str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (without("orgs"), "These files are missing: orgs.csv."),
        (without("users", "roles"), "These files are missing: users.csv, roles.csv."),
        (without("classes"), "These files are missing: classes.csv."),
        (without("enrollments"), "These files are missing: enrollments.csv."),
        ({"Orgs.csv": "x"} | without("orgs"), "These files are missing: orgs.csv."),
        ({}, "These files are missing: orgs.csv, users.csv, roles.csv."),
        (FILES | {"users.csv": FILES["users.csv"].partition("\n")[0] + "\n"}, "no rows"),
        (bent("roles.csv", "userSourcedId", "usersourcedid", FILES), "lacks these columns"),
        (bent("roles.csv", "userSourcedId", "userSourcedID", FILES), "userSourcedId"),
        (bent("users.csv", "password", "sourcedId", FILES), "sourcedId"),
        (bent("classes.csv", "sourcedId,orgSourcedId,title", "a,b,c", FILES), "not the header"),
    ],
)
def test_a_bundle_that_cannot_be_trusted_as_a_whole_is_malformed_before_any_record(
    files: dict[str, str], words: str, tmp_path: Path
) -> None:
    assert words in refused(tmp_path, files)


def test_a_header_in_other_capitals_is_told_to_mind_them(tmp_path: Path) -> None:
    assert "capital letters too" in refused(tmp_path, bent("users.csv", "sourcedId", "SourcedId", FILES))


@pytest.mark.parametrize(
    "left_out",
    [
        ("academicSessions",),
        ("courses",),
        ("demographics",),
        ("relationships",),
        ("classes", "enrollments"),
        ("academicSessions", "courses", "demographics", "relationships", "classes", "enrollments"),
    ],
)
def test_a_bundle_can_do_without_what_the_format_calls_optional(left_out: tuple[str, ...], tmp_path: Path) -> None:
    kinds = {"class" if name == "classes" else name.removesuffix("s") for name in left_out}
    bundle = archive(tmp_path, without(*left_out))
    found = [(record.kind, record.key) for record in records(read_all(reading(bundle)))]
    assert found == [name for name in KEYS if name[0] not in kinds]
    assert sds(bundle).test() == []


SDS_1 = ("School.csv", "Section.csv", "Student.csv", "Teacher.csv", "StudentEnrollment.csv", "TeacherRoster.csv")


@pytest.mark.parametrize("names", [SDS_1, [name.lower() for name in SDS_1], SDS_1[:4]])
def test_format_1_is_named_as_such_with_what_to_export_instead(names: list[str], tmp_path: Path) -> None:
    text = refused(tmp_path, dict.fromkeys(names, "SIS ID\n1\n"))
    assert "School Data Sync format 1" in text
    assert "orgs.csv, users.csv and roles.csv" in text


@pytest.mark.parametrize(("files", "version"), [(roster.FILES, "1.2"), (roster.FILES_1_1, "1.1")])
def test_a_bundle_of_oneroster_is_named_with_the_connector_that_reads_it(
    files: dict[str, str], version: str, tmp_path: Path
) -> None:
    text = refused(tmp_path, files)
    assert f"OneRoster {version}" in text
    assert "connector oneroster" in text


@pytest.mark.parametrize("name", sorted(name for name in FILES if name not in ("orgs.csv", "users.csv", "roles.csv")))
def test_a_file_that_came_last_time_and_is_missing_now_fails_the_reading_before_any_record(
    name: str, tmp_path: Path
) -> None:
    first = reading(archive(tmp_path, FILES))
    read_all(first)
    gone = {"classes.csv", "enrollments.csv"} if name in ("classes.csv", "enrollments.csv") else {name}
    bundle = archive(tmp_path, {each: text for each, text in FILES.items() if each not in gone})
    with pytest.raises(Retryable, match=name) as caught:
        next(iter(sds(bundle).read_after(str(first.checkpoint))))
    assert caught.value.problem.remedy
    assert records(read_all(sds(bundle).read())), "a reading in full does without it"


def test_a_file_that_comes_for_the_first_time_is_read(tmp_path: Path) -> None:
    first = reading(archive(tmp_path, without("relationships")))
    read_all(first)
    again = sds(archive(tmp_path, FILES)).read_after(str(first.checkpoint))
    assert len(records(read_all(again))) == len(KEYS)
    assert first.evidence.header != again.evidence.header, "and a second administrator looks at it"


def test_the_evidence_tells_that_a_file_is_missing_also_where_the_checkpoint_is_not_asked(tmp_path: Path) -> None:
    evidence = []
    for files in (FILES, without("relationships")):
        one = reading(archive(tmp_path, files))
        read_all(one)
        evidence.append(one.evidence)
    assert evidence[0].header != evidence[1].header


@pytest.mark.parametrize("name", sorted(set(FILES) - {"demographics.csv"}))
def test_another_word_in_any_file_that_is_read_is_another_input(name: str, tmp_path: Path) -> None:
    digests = []
    for text in (FILES[name], FILES[name].rstrip("\n") + " \n"):
        one = reading(archive(tmp_path, FILES | {name: text}))
        read_all(one)
        digests.append(one.evidence.digest)
    assert digests[0] != digests[1]


def test_a_path_that_is_not_absolute_is_told(tmp_path: Path) -> None:
    (problem,) = sds(Path("bundle")).validate()
    assert problem.field == "path"
    assert sds(tmp_path).validate() == []


def test_a_bundle_that_is_not_there_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        read_all(reading(tmp_path / "nowhere"))


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    path = folder(tmp_path, FILES)
    (path / "users.csv").rename(tmp_path / "elsewhere.csv")
    (path / "users.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(Malformed, match="not a plain file"):
        read_all(reading(path))
