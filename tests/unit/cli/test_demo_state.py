"""Which database a command looks at where nobody said, and what somebody who tries Avain is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from iam.cli.demo.told import lines
from iam.cli.demo_state import remember, settings_for
from iam.database.migrate import upgrade
from iam.demo.people import TRY
from tests.unit.cli.test_cli import Cli


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line in an empty folder, told nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IAM_DATABASE__URL", raising=False)
    return Cli({"LC_ALL": "C"})


def demonstration() -> None:
    settings = settings_for(Path("var"), "http://localhost:9080")
    upgrade(settings.database.url.get_secret_value())
    remember(Path("var"), settings.issuer)


def test_where_there_is_no_database_a_command_says_where_it_looked_and_makes_none(nowhere: Cli, tmp_path: Path) -> None:
    for words in (("person", "code", "aino"), ("source", "run", "hr"), ("doctor",), ("worker", "--once"), ("serve",)):
        told = nowhere(*words)
        assert told.exit_code == 1, (words, told.output)
        assert f"There is no database at {tmp_path}/var/avain.db." in told.stderr, words
        assert "make run" in told.stderr
    assert not list(tmp_path.rglob("*.db"))


def test_after_make_run_a_command_finds_the_demonstration_and_says_so(nowhere: Cli) -> None:
    demonstration()
    told = nowhere("person", "code", "aino")
    assert "Nobody has the login aino" in told.stderr
    assert "The demonstration's database, var/demo.db; IAM_DATABASE__URL names another." in told.stderr
    shown = nowhere("config", "check")
    assert "http://localhost:9080" in shown.stdout, "it was served there last"


def test_one_who_has_a_database_or_names_one_is_never_led_to_the_demonstration(nowhere: Cli, tmp_path: Path) -> None:
    demonstration()
    assert nowhere("migrate").exit_code == 0
    assert (tmp_path / "var" / "avain.db").exists(), "migrate makes the one that is to be used"
    assert "demonstration" not in nowhere("person", "code", "aino").stderr
    named = Cli({"LC_ALL": "C", "IAM_DATABASE__URL": f"sqlite:///{tmp_path}/other.db"})("person", "code", "aino")
    assert f"There is no database at {tmp_path}/other.db." in named.stderr


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_login_with_its_password_stands_on_one_line_whatever_the_width(width: int) -> None:
    told = list(lines("http://localhost:9080", "http://localhost:9081", Path("var/feeds/hr.csv"), width))
    for person in TRY:
        assert f"  {person.login}  {person.password}" in told
    whole = {f"  {person.login}  {person.password}" for person in TRY}
    assert max(len(line) for line in told if line not in whole) <= width
    assert "http://localhost:9081" in " ".join(told)
    assert "Wilma: http://localhost:9081" in told
