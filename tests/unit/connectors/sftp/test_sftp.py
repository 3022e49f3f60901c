"""The HR connector on a folder of a real SFTP server: the newest whole file is read, nothing there is touched, and
everything that goes wrong is told in words."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from connectors.contract import ConnectorError, Reading, Refused, Retryable, TimedOut, Unreachable, Untrusted
from connectors.hr import HrConnector, HrSettings
from connectors.records import Record
from tests.kit.feeds.csv_inputs import FIXTURES, read_all, records
from tests.kit.peers.tampering import Tampering
from tests.kit.servers.ports import free_port
from tests.kit.servers.sshd import Sshd

pytestmark = pytest.mark.services
GOOD = (FIXTURES / "good.csv").read_bytes()
AGO = time.time() - 3600


def drop(folder: Path, name: str, *, rows: int = 4, age: float = 3600, more: bytes = b"") -> Path:
    """Leave a file with so many rows, changed so many seconds ago."""
    (path := folder / name).write_bytes(b"".join(GOOD.splitlines(keepends=True)[: rows + 1]) + more)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


@pytest.fixture
def read(sshd: Sshd, tmp_path: Path) -> Callable[..., tuple[list[Record], Reading]]:
    """Read the newest file to its end; what is said of the server comes as ``sftp``."""

    def reading(last: str | None = None, sftp: dict[str, Any] | None = None, **others: Any) -> Any:
        settings = {"sftp": sshd.settings(tmp_path, **(sftp or {})), "pattern": "hr*.csv", **others}
        connector = HrConnector(HrSettings.model_validate(settings))
        assert connector.validate() == []
        reading = connector.read() if last is None else connector.read_after(last)
        return records(read_all(reading)), reading

    return reading


Read = Callable[..., tuple[list[Record], Reading]]


def test_the_newest_file_by_its_name_is_read_and_none_is_moved_or_changed(tmp_path: Path, read: Read) -> None:
    drop(tmp_path, "hr_20260914.csv", age=10)
    drop(tmp_path, "hr_20260915.csv", rows=2)
    (tmp_path / "hr_20270101.csv").mkdir()
    (tmp_path / "hr_20270102.csv").symlink_to(tmp_path / "hr_20260914.csv")
    before = {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()}
    found, _ = read()
    assert {one.file for one in found} == {"hr_20260915.csv"}
    assert {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_an_older_file_than_the_one_read_last_is_not_read(tmp_path: Path, read: Read) -> None:
    newer = drop(tmp_path, "hr_20260915.csv")
    checkpoint = read()[1].checkpoint
    newer.unlink()
    drop(tmp_path, "hr_20260914.csv")
    with pytest.raises(Retryable, match="older than hr_20260915"):
        read(last=checkpoint)


def test_the_rules_of_a_folder_of_this_server_hold_there_too(tmp_path: Path, read: Read) -> None:
    with pytest.raises(Unreachable, match=r"No file has come whose name is like hr\*\.csv") as caught:
        read()
    assert caught.value.problem.field == "sftp.folder"
    path = drop(tmp_path, "hr_20260915.csv")
    with pytest.raises(Retryable, match=r"no marker \.ok yet"):
        read(marker=".ok")
    drop(tmp_path, "hr_20260915.csv.ok")
    assert len(read(marker=".ok")[0]) == 4
    with pytest.raises(Unreachable, match="No new file has come"):
        read(oldest_days=0)
    with pytest.raises(Retryable, match="still being written"):
        read(settle_seconds=7200)
    path.rename(tmp_path / "hr_20260915.csv.part")
    with pytest.raises(Retryable, match="still being written"):
        read()


def test_nothing_that_was_fetched_stays_here_however_it_ends(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept := tmp_path / "kept").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(kept))
    drop(tmp_path, "hr_20260915.csv")
    read()
    drop(tmp_path, "hr_20260916.csv", more=b"x\n")
    read()
    assert [*kept.iterdir()] == []


def test_a_key_whose_line_breaks_were_lost_in_a_form_still_signs_in(tmp_path: Path, sshd: Sshd, read: Read) -> None:
    drop(tmp_path, "hr.csv")
    assert len(read(sftp={"private_key": sshd.key.replace("\n", "")})[0]) == 4


def test_a_key_may_lie_in_a_file(tmp_path: Path, sshd: Sshd, read: Read) -> None:
    drop(tmp_path, "hr.csv")
    (file := tmp_path / "avain").write_text(sshd.key)
    assert len(read(sftp={"private_key": None, "private_key_file": file})[0]) == 4
    file.write_text("")
    with pytest.raises(Refused, match="cannot be read from its file"):
        read(sftp={"private_key": None, "private_key_file": file})


def test_a_server_may_prove_itself_by_the_fingerprint_of_any_of_its_keys(
    tmp_path: Path, sshd: Sshd, read: Read
) -> None:
    drop(tmp_path, "hr.csv")
    assert len(read(sftp={"host_key": sshd.ecdsa_fingerprint})[0]) == 4


def test_a_server_with_another_key_is_told_nothing(sshd: Sshd, read: Read) -> None:
    tried = sshd.log_tail(1000).count("Accepted") + sshd.log_tail(1000).count("Failed")
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUfZ2a4aSN9oTzDdjWMLzrkkpcjJ2QGh9kL0lJ6Qx4G vieras"
    with pytest.raises(Untrusted, match="shows another key than host_key: SHA256:") as caught:
        read(sftp={"host_key": other, "private_key": None, "password": "ei-kenenkään"})
    assert caught.value.problem.field == "sftp.host_key"
    assert sshd.log_tail(1000).count("Accepted") + sshd.log_tail(1000).count("Failed") == tried


def test_a_server_that_has_no_key_of_the_kind_asked_for_is_not_trusted(read: Read) -> None:
    rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDe"
    with pytest.raises(Untrusted, match="no key of the kind of host_key"):
        read(sftp={"host_key": rsa})


@pytest.mark.parametrize(
    ("wrong", "error", "told", "field"),
    [
        ({"host": "nowhere.invalid"}, Unreachable, "name of the server is not found", "sftp.host"),
        ({"port": None}, Unreachable, "refuses the connection", "sftp.port"),
        ({"private_key": "stranger"}, Refused, "does not accept the key", "sftp.username"),
        ({"private_key": None, "password": "väärä"}, Refused, "username and password", "sftp.username"),
        ({"folder": "/nowhere"}, Unreachable, "folder is not there on the other server", "sftp.folder"),
    ],
)
def test_what_is_wrong_with_a_server_is_told_in_words(
    wrong: dict[str, Any], error: type[ConnectorError], told: str, field: str, sshd: Sshd, read: Read
) -> None:
    if "port" in wrong:
        wrong = {"port": free_port()}
    if wrong.get("private_key"):
        wrong = {"private_key": sshd.other_key}
    with pytest.raises(error, match=told) as caught:
        read(sftp=wrong)
    assert caught.value.problem.field == field
    assert caught.value.problem.remedy


def test_a_server_that_answers_nothing_is_given_up_in_time(sshd: Sshd, read: Read) -> None:
    sshd.pause()
    try:
        with pytest.raises(TimedOut, match="in time"):
            read(sftp={"deadline_seconds": 0.2})
    finally:
        sshd.resume()


def test_a_file_that_comes_too_slowly_is_given_up_in_time(tmp_path: Path, sshd: Sshd, read: Read) -> None:
    drop(tmp_path, "hr.csv", more=b"\n" * 300_000)
    over = Event()

    def wait() -> bool:
        return not over.wait(30)

    with Tampering(sshd.port, 100_000, wait) as between:
        with pytest.raises(TimedOut, match="in time"):
            read(sftp={"port": between.port, "deadline_seconds": 1})
        over.set()


@pytest.mark.parametrize(
    ("after", "told"), [(10, "does not speak SSH, or hung up"), (100_000, "connection .* was cut")]
)
def test_a_connection_that_is_cut_changes_nothing_and_can_be_tried_again(
    after: int, told: str, tmp_path: Path, sshd: Sshd, read: Read
) -> None:
    drop(tmp_path, "hr.csv", more=b"\n" * 300_000)
    with Tampering(sshd.port, after, lambda: False) as between, pytest.raises(Unreachable, match=told):
        read(sftp={"port": between.port})


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more\n")


@pytest.mark.parametrize("change", [grown, os.utime])
def test_a_file_that_grows_or_is_written_anew_while_it_is_fetched_is_not_read(
    change: Callable[[Path], None], tmp_path: Path, sshd: Sshd, read: Read
) -> None:
    path = drop(tmp_path, "hr.csv", more=b"\n" * 300_000)

    def act() -> bool:
        change(path)
        return True

    with Tampering(sshd.port, 100_000, act) as between, pytest.raises(Retryable, match="changed while it was fetched"):
        read(sftp={"port": between.port})


def test_a_file_that_is_larger_than_is_fetched_is_refused(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sftp.fetching.MOST", 100)
    drop(tmp_path, "hr.csv")
    with pytest.raises(ConnectorError, match="larger than is fetched"):
        read()
