"""The command line: who acts, what is printed, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import settings
from iam.access.commands import catalogue
from iam.access.model.assignment import AdminGrant
from iam.audit.log import AuditEvent
from iam.cli import main
from iam.cli.support import Main
from iam.directory.organisation import Organisation
from iam.errors import AvainError, Held, Invalid, Unavailable
from iam.oidc.model import Client
from iam.vault import Vault
from tests.kit.factories import access, facts
from tests.kit.people import add_person


class Cli:
    """``iam`` over the test's database."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def __call__(self, *arguments: str, **environment: str) -> Result:
        settings.load.cache_clear()
        result = CliRunner().invoke(main, arguments, env=self.environment | environment)
        settings.load.cache_clear()
        return result


@pytest.fixture
def iam(database_url: str, tmp_path: Path) -> Cli:
    return Cli({"IAM_DATABASE__URL": database_url, "IAM_VAULT__KEY_FILE": str(tmp_path / "vault.key"), "LC_ALL": "C"})


@pytest.fixture
def root(engine: Engine) -> Organisation:
    """A consortium with one organisation at its root."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return session.get_one(Organisation, facts.organisation(session, "KOIVU", "consortium"))


@pytest.fixture
def aino(engine: Engine, tmp_path: Path) -> object:
    with Session(engine) as session, session.begin():
        return add_person(session, Vault.open(tmp_path / "vault.key"), "aino")


def events(engine: Engine, type_: str) -> list[AuditEvent]:
    with Session(engine) as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.type == type_)))


def test_the_first_administrator_is_made_over_the_whole_consortium_once(
    iam: Cli, engine: Engine, aino: object, root: Organisation
) -> None:
    for _ in range(2):
        done = iam("person", "make-admin", "AINO")
        assert (done.exit_code, done.output) == (0, "AINO is an administrator of KOIVU en.\n")
    with Session(engine) as session:
        grant = session.scalars(select(AdminGrant)).one()
    assert (grant.person_id, grant.permission, grant.organisation_id) == (aino, "admin", root.id)
    (event,) = events(engine, "admin:grant:given")
    assert (event.subject_id, event.actor_id, event.change_id) == (aino, None, grant.opened_by)


def test_nobody_is_made_administrator_who_has_no_login_or_where_there_is_nothing(iam: Cli, aino: object) -> None:
    unknown, rootless, nowhere = (
        iam("person", "make-admin", "eino"),
        iam("person", "make-admin", "aino"),
        iam("person", "make-admin", "aino", "--organisation", "NOWHERE"),
    )
    assert [result.exit_code for result in (unknown, rootless, nowhere)] == [2, 1, 2]
    assert "Nobody has the login eino" in unknown.output
    assert "0 organisations at the root" in rootless.output


def test_one_who_acts_needs_the_permission(iam: Cli, engine: Engine, aino: object, root: Organisation) -> None:
    for command in (
        ["person", "make-admin", "aino"],
        ["person", "code", "aino"],
        ["key", "list"],
        ["key", "create", "ES256"],
        ["audit", "search"],
    ):
        refused = iam(*command, "--as", "aino")
        assert refused.exit_code == 1, command
        assert "do not have the permission" in refused.output
    assert iam("key", "list", "--as", "nobody").exit_code == 2
    assert events(engine, "admin:grant:given") == []


def test_a_code_is_printed_and_nothing_of_it_is_written_in_the_log(iam: Cli, engine: Engine, aino: object) -> None:
    made = json.loads(iam("person", "code", "aino", "--json").stdout)
    assert len(made["code"]) == 11
    (event,) = events(engine, "signin:code:issued")
    assert event.subject_id == aino
    assert made["code"] not in str(event.envelope)
    assert iam("person", "code", "nobody").exit_code == 2


def test_the_log_is_searched_by_somebody_and_the_search_is_in_it(
    iam: Cli, engine: Engine, aino: object, root: Organisation
) -> None:
    assert "--as LOGIN" in iam("audit", "search").output
    iam("person", "make-admin", "aino")
    found = json.loads(iam("audit", "search", "--as", "aino", "--type", "admin:", "--json").stdout)
    assert [one["type"] for one in found] == ["admin:grant:given"]
    words = iam("audit", "search", "--as", "aino", "--person", "aino", "--since", "2026-01-01", "--limit", "5").output
    assert "person:account:created" in words
    searched = events(engine, "admin:log:searched")
    assert [event.actor_id for event in searched] == [aino, aino]
    assert searched[0].envelope["found"] == 1


def test_a_key_is_made_witnessed_promoted_and_listed(iam: Cli) -> None:
    kid = json.loads(iam("key", "create", "ES256", "--json").stdout)["kid"]
    assert iam("key", "promote", kid).exit_code == 1
    assert iam("key", "promote", kid, "--at-once").exit_code == 0
    assert iam("key", "promote", kid).exit_code == 1
    (row,) = json.loads(iam("key", "list", "--json").stdout)
    assert (row["kid"], row["state"]) == (kid, "current")
    assert iam("key", "create", "HS256").exit_code == 2


def test_settings_are_printed_with_their_secrets_masked(iam: Cli) -> None:
    shown = iam("config", "check", IAM_REDIS__URL="redis://:hunter2@127.0.0.1/0")
    assert shown.exit_code == 0
    assert "IAM_DATABASE__URL=********\n" in shown.output
    assert "IAM_REDIS__URL=********\n" in shown.output
    assert "IAM_LISTEN__PORT=8080\n" in shown.output
    assert "hunter2" not in shown.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IAM_ISSUER", "http://id.example"),
        ("IAM_LISTEN__PORT", "x"),
        ("IAM_LISTEN__PROT", "1"),
        ("IAM_DATBASE__URL", "x"),
        ("IAM_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_or_unknown_setting_is_named_with_exit_code_2_and_its_value_is_not_printed(
    iam: Cli, name: str, value: str
) -> None:
    refused = iam("config", "check", **{name: value})
    assert refused.exit_code == 2
    assert name in refused.output
    assert "id.example" not in refused.output


def test_migrating_twice_changes_nothing_the_second_time(iam: Cli, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    results = [json.loads(iam("migrate", "--json", IAM_DATABASE__URL=url).stdout) for _ in range(2)]
    assert results == [{"migrated": True}, {"migrated": False}]


def test_the_doctor_finds_what_is_wrong_and_says_so_in_words(iam: Cli, engine: Engine, tmp_path: Path) -> None:
    for algorithm in ("RS256", "ES256", "PS256"):
        iam("key", "promote", json.loads(iam("key", "create", algorithm, "--json").stdout)["kid"], "--at-once")
    sick = iam("doctor")
    assert sick.exit_code == 1
    assert "NOT  issuer" in sick.output
    assert "nothing is counted by address" in " ".join(sick.output.split())
    proxied = {"IAM_ISSUER": "https://id.example", "IAM_LISTEN__PROXIES": '["10.0.0.5"]'}
    found = json.loads(iam("doctor", "--json", **proxied).stdout)
    wrong = {one["check"] for one in found if not one["ok"]}
    # The tests' own PostgreSQL runs without fsync, and the doctor sees it.
    assert wrong == ({"fsync"} if engine.dialect.name == "postgresql" else set())
    (tmp_path / "vault.key").chmod(0o644)
    assert "others may read it" in iam("doctor").output
    closed = iam("doctor", IAM_REDIS__URL="redis://127.0.0.1:1/0").output
    assert "NOT  redis" in closed


def test_the_doctor_names_what_nobody_can_enter_and_rules_that_give_nothing(
    iam: Cli, engine: Engine, root: Organisation
) -> None:
    with Session(engine) as session, session.begin():
        school = facts.organisation(session, "koulu", under=root.id)
        wilma = access.application(session, root.id)
        access.role(session, wilma)
        access.rule(session, school, access.teachers())
        row = {
            "client_id": "wilma",
            "application_id": wilma,
            "auth": "none",
            "jwks": None,
            "redirect_uris": [],
            "post_logout_redirect_uris": [],
            "grants": ["authorization_code"],
            "scope": "openid",
            "sector": "wilma",
            "mapper": {},
        }
        session.add(Client(**row))
    assert "saanto" not in iam("doctor").output
    with Session(engine) as session, session.begin():
        catalogue.set_enabled(session, {wilma: []})
    told = iam("doctor").output
    assert "so that nobody enters: wilma" in " ".join(told.split())
    assert "it lies beside the owner's part: saanto" in " ".join(told.split())


def test_the_doctor_names_sources_that_may_still_speak_of_every_organisation(
    iam: Cli, engine: Engine, root: Organisation
) -> None:
    with Session(engine) as session, session.begin():
        for key, walled in (("hr", False), ("primus", True)):
            facts.source(session, root.id, key).walled = walled
    told = " ".join(iam("doctor").output.split())
    assert "hr: they may state facts of every organisation" in told
    assert "primus" not in told


def test_the_doctor_says_what_a_new_installation_lacks(iam: Cli, tmp_path: Path) -> None:
    assert "run iam migrate" in iam("doctor", IAM_DATABASE__URL=f"sqlite:///{tmp_path / 'empty.db'}").output
    assert "no signing key yet" in iam("doctor").output
    assert "NOT  database" in iam("doctor", IAM_DATABASE__URL="postgresql+psycopg://avain:hunter2@127.0.0.1:1/x").output


def test_serving_a_database_of_another_schema_is_refused(
    iam: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iam.web.edge.logging.configure", lambda level: None)
    refused = iam("serve", IAM_DATABASE__URL=f"sqlite:///{tmp_path / 'empty.db'}")
    assert refused.exit_code == 1
    assert "iam migrate" in refused.output


def test_a_key_file_that_cannot_be_used_is_told(iam: Cli, tmp_path: Path, aino: object) -> None:
    (tmp_path / "vault.key").write_text("short")
    refused = iam("person", "code", "aino")
    assert refused.exit_code == 1
    assert "key file" in refused.output


@pytest.mark.parametrize(("error", "code"), [(Invalid, 2), (Held, 3), (Unavailable, 1)])
@pytest.mark.parametrize("language", ["C", "fi_FI.UTF-8"])
def test_an_expected_error_is_words_and_its_exit_code(error: type[AvainError], code: int, language: str) -> None:
    @click.group(cls=Main)
    def group() -> None:
        """A group."""

    @group.command()
    def fail() -> None:
        raise error(Problem("It is %(what)s.", "Mend it.", params={"what": "broken"}))

    result = CliRunner().invoke(group, ["fail"], env={"LC_ALL": language})
    assert (result.exit_code, result.stderr) == (code, "It is broken. Mend it.\n")


def test_every_command_says_who_acts_prints_json_and_has_help() -> None:
    def leaves(command: click.Command) -> Iterator[click.Command]:
        inner = command.commands.values() if isinstance(command, click.Group) else ()
        yield from (leaf for one in inner for leaf in leaves(one)) if inner else [command]

    for leaf in leaves(main):
        options = {name for parameter in leaf.params for name in parameter.opts}
        assert {"--as", "--json"} <= options, leaf.name
        assert leaf.help, leaf.name
