"""The HR connector on a folder into which files are dropped: only a whole one is read, and nothing is touched."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import ConnectorError, Reading, Refused, Retryable, Unreachable
from connectors.drop.choice import Wanted, newest
from connectors.drop.folder import DropFolder, opened
from connectors.drop.order import FINLAND
from connectors.hr import HrConnector, HrSettings
from connectors.records import Record
from tests.kit.feeds.csv_inputs import FIXTURES, read_all, records

GOOD = (FIXTURES / "good.csv").read_bytes()


def drop(folder: Path, name: str, *, rows: int = 4, age: float = 3600) -> Path:
    """Leave a file with so many rows, changed so many seconds ago."""
    (path := folder / name).write_bytes(b"".join(GOOD.splitlines(keepends=True)[: rows + 1]))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def connector(folder: Path, **others: Any) -> HrConnector:
    return HrConnector(HrSettings.model_validate({"folder": folder, "pattern": "hr*.csv", **others}))


def read(folder: Path, last: str | None = None, **others: Any) -> tuple[list[Record], Reading]:
    """Read the newest file to its end, after a checkpoint if there is one."""
    one = connector(folder, **others)
    reading = one.read() if last is None else one.read_after(last)
    return records(read_all(reading)), reading


def test_the_newest_file_by_its_name_is_read_and_none_is_moved_or_changed(tmp_path: Path) -> None:
    drop(tmp_path, "hr_20260914.csv", age=10)
    drop(tmp_path, "hr_20260915.csv", rows=2)
    drop(tmp_path, "muut_20260916.csv")
    (tmp_path / "hr_20270101.csv").mkdir()
    (tmp_path / "hr_20270102.csv").symlink_to(tmp_path / "hr_20260914.csv")
    before = {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()}
    found, _ = read(tmp_path)
    assert {one.file for one in found} == {"hr_20260915.csv"}
    assert {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["hr_20260915.csv.part", "hr_20260915.csv.tmp", "hr_20260915.csv.filepart"])
def test_a_file_whose_name_says_that_it_is_not_whole_is_waited_for(name: str, tmp_path: Path) -> None:
    drop(tmp_path, "hr_20260914.csv")
    part = drop(tmp_path, name)
    with pytest.raises(Retryable, match="still being written") as caught:
        read(tmp_path)
    assert caught.value.problem.file == name
    part.rename(tmp_path / "hr_20260915.csv")
    assert len(read(tmp_path)[0]) == 4


def test_what_was_left_of_an_older_transfer_hinders_nothing(tmp_path: Path) -> None:
    drop(tmp_path, "hr_20260913.csv.part")
    drop(tmp_path, "hr_20260914.csv")
    assert len(read(tmp_path)[0]) == 4


def test_a_file_that_was_changed_a_moment_ago_is_waited_for_as_long_as_the_settings_say(tmp_path: Path) -> None:
    drop(tmp_path, "hr_20260914.csv")
    drop(tmp_path, "hr_20260915.csv", age=90)
    assert read(tmp_path)[0][0].file == "hr_20260915.csv"
    with pytest.raises(Retryable, match="still being written"):
        read(tmp_path, settle_seconds=120)


def test_a_file_that_grows_between_two_looks_is_not_read(tmp_path: Path) -> None:
    path = drop(tmp_path, "hr_20260915.csv")
    items = iter(connector(tmp_path).read())
    next(items)
    with path.open("ab") as file:
        file.write(b"more\n")
    with pytest.raises(Retryable, match="changed while it was read"):
        list(items)


def test_with_a_marker_only_what_it_says_is_whole_is_read(tmp_path: Path) -> None:
    drop(tmp_path, "hr_20260915.csv", age=600)
    with pytest.raises(Retryable, match=r"no marker \.ok yet"):
        read(tmp_path, marker=".ok")
    drop(tmp_path, "hr_20260915.csv.ok", age=700)
    with pytest.raises(Retryable, match=r"no marker \.ok yet"):
        read(tmp_path, marker=".ok")
    drop(tmp_path, "hr_20260915.ok", age=0)
    assert len(read(tmp_path, marker=".ok")[0]) == 4


def test_no_file_is_told_in_words_and_so_is_none_of_today(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"No file has come whose name is like hr\*\.csv"):
        read(tmp_path)
    today = datetime.now(FINLAND).date()
    yesterday = today - timedelta(days=1)
    drop(tmp_path, f"hr_{yesterday:%Y%m%d}.csv")
    assert len(read(tmp_path)[0]) == 4
    assert len(read(tmp_path, oldest_days=1)[0]) == 4
    with pytest.raises(Unreachable, match=f"the newest is of {yesterday.day}.{yesterday.month}.{yesterday.year}"):
        read(tmp_path, oldest_days=0)
    drop(tmp_path, f"hr_{today:%Y%m%d}.csv")
    assert len(read(tmp_path, oldest_days=0)[0]) == 4


def test_a_file_that_is_older_than_the_one_read_last_is_told_and_not_read(tmp_path: Path) -> None:
    drop(tmp_path, "hr_20260914.csv")
    newer = drop(tmp_path, "hr_20260915.csv")
    _, reading = read(tmp_path)
    assert reading.checkpoint is not None
    assert len(read(tmp_path, reading.checkpoint)[0]) == 4
    newer.unlink()
    with pytest.raises(Retryable, match=r"older than hr_20260915\.csv, which was read last"):
        read(tmp_path, reading.checkpoint)
    assert len(read(tmp_path)[0]) == 4
    drop(tmp_path, "hr_20260916.csv")
    assert len(read(tmp_path, reading.checkpoint)[0]) == 4


def test_the_same_file_sent_again_is_read_though_it_was_changed_earlier(tmp_path: Path) -> None:
    drop(tmp_path, "hr.csv", age=3600)
    _, reading = read(tmp_path)
    drop(tmp_path, "hr.csv", age=7200)
    assert len(read(tmp_path, reading.checkpoint)[0]) == 4


def test_a_folder_that_is_not_there_or_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = connector(tmp_path / "nowhere").test()
    assert ("The folder is not there." in str(problem), problem.field) == (True, "folder")

    def forbidden(path: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", forbidden)
    with pytest.raises(Refused, match="may not be read"):
        read(tmp_path)


def test_a_file_that_is_taken_away_before_it_is_opened_can_be_tried_again(tmp_path: Path) -> None:
    path, folder = drop(tmp_path, "hr.csv"), DropFolder(tmp_path)
    found = newest(folder, Wanted("hr*.csv"))
    drop(tmp_path, "hr.csv", rows=1)
    with pytest.raises(Retryable, match="still being written"):
        opened(folder, found)
    path.unlink()
    with pytest.raises(ConnectorError):
        opened(folder, found)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({}, "path"),
        ({"path": "/a.csv", "folder": "/a", "pattern": "*"}, "folder"),
        ({"folder": "a", "pattern": "*"}, "folder"),
        ({"folder": "/a"}, "pattern"),
        ({"folder": "/a", "pattern": "b/*"}, "pattern"),
        ({"path": "/a.csv", "marker": ".ok"}, "marker"),
    ],
)
def test_settings_of_a_place_that_cannot_be_meant_are_told(settings: dict[str, str], field: str) -> None:
    one = HrConnector(HrSettings.model_validate(settings))
    (problem,) = one.validate()
    assert (problem.field, bool(problem.remedy)) == (field, True)
