"""``iam agreement``: how agreements stand, and that a party's act does on the command line what it does on the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam import clock
from iam.cli.commands import main
from iam.settings import load
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day

NOW = day("2026-09-15")


class Town:
    """An agreement between a town and a county, and the command line on its database."""

    def __init__(self, engine: Engine, agreed: access.Agreed) -> None:
        self.engine, self.agreed = engine, agreed

    def run(self, *words: str) -> Result:
        """Run ``iam agreement``."""
        return CliRunner().invoke(main, ["agreement", *words])

    def told(self, *words: str) -> object:
        """What it prints as JSON."""
        return json.loads(self.run(*words, "--json").output)

    def lives(self) -> bool:
        """Whether the clause lives now."""
        with Session(self.engine) as session:
            return access.lives_at(session, self.agreed.id, clock.now())


@pytest.fixture
def town(engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("IAM_DATABASE__URL", database_url)
    monkeypatch.setenv("IAM_VAULT__KEY_FILE", str(tmp_path / "vault.key"))
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    load.cache_clear()
    with clock.fixed(NOW):
        with Session(engine) as session, session.begin():
            ids = facts.tree(
                session,
                ("marjala", "consortium", None, True),
                ("kunta", "municipality", "marjala", True),
                ("hva", "wellbeing-county", "marjala", True),
            )
            allows = {"psykologi": ["oppilaat:read"]}
            agreed = access.agreement(session, ids["kunta"], ids["hva"], ids["kunta"], allows, signed=None)
        yield Town(engine, agreed)
    load.cache_clear()


def test_the_list_and_the_agreement_tell_how_it_stands_party_by_party(town: Town) -> None:
    assert "sopimus  unsigned  sopimus-1" in town.run("list").output
    shown = town.told("show", "sopimus")
    assert isinstance(shown, dict)
    assert [(one["party"], one["state"]) for one in shown["parties"]] == [("hva", "unsigned"), ("kunta", "in")]
    assert town.run("show", "olematon").exit_code == 2


def test_what_is_not_in_force_yet_is_cancelled_with_a_reason_and_says_so(town: Town) -> None:
    assert town.run("cancel", "sopimus", "--party", "kunta").exit_code == 2
    cancelled = town.run("cancel", "sopimus", "--party", "kunta", "--reason", "rahoitus peruuntui")
    assert (cancelled.exit_code, "sopimus is cancelled." in cancelled.output) == (0, True)
    shown = town.told("show", "sopimus")
    assert isinstance(shown, dict)
    assert shown["state"] == "cancelled"
    assert shown["cancelled"] == {"on": "2026-09-15", "reason": "rahoitus peruuntui"}
    assert "sopimus  cancelled  sopimus-1" in town.run("list").output
    refused = town.run("sign", "sopimus", "--party", "hva", "--on", "2026-09-01")
    assert (refused.exit_code, "The agreement was cancelled." in refused.output) == (1, True)
    assert not town.lives()


def test_a_party_signs_is_suspended_and_gives_notice(town: Town) -> None:
    assert town.run("sign", "sopimus", "--party", "hva", "--on", "2026-09-01", "--by", "johtaja").exit_code == 0
    assert town.lives()
    assert "sopimus is suspended." in town.run("suspend", "sopimus", "--party", "kunta", "--reason", "syy").output
    assert not town.lives()
    refused = town.run("lift", "sopimus")
    assert (refused.exit_code, "Somebody else than who suspended it must lift it." in refused.output) == (1, True)
    assert "names no time of notice" in town.run("notice", "sopimus", "--party", "hva").output
    ended = town.run("notice", "sopimus", "--party", "hva", "--last-day", "2026-10-31")
    assert "its last day is 2026-10-31" in ended.output
