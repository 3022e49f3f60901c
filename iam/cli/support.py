"""What every command stands on: settings, database, who acts, output in words or JSON, errors as exit codes.

Commands of other packages reach it as click's ``pass_obj``; ``with_common_options`` adds ``--as`` and ``--json`` to
them.
"""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NoReturn

import click
from pydantic import ValidationError
from rich.console import Console as Terminal
from rich.progress import Progress
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from connectors.contract import ConnectorError
from connectors.problem import Problem
from iam import sealed, settings as settings_module
from iam.access.administration import Part, may_touch
from iam.access.asker import OPERATOR, Asker, asker_of
from iam.change import Actor
from iam.cli import demo_state
from iam.database.engine import make_engine, make_sessions, sqlite_file
from iam.database.types import uuid7
from iam.directory.organisation import Organisation
from iam.errors import AvainError, Denied, NotFound, Unavailable
from iam.settings import Settings
from iam.signin.passwords import credentials
from iam.texts import LANGUAGES, Texts
from iam.vault import Vault, VaultError

Data = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Console:
    """One run of the command line. Nothing is opened before it is asked for."""

    def __init__(self) -> None:
        self.login: str | None = None
        self.as_json = False
        self.is_demonstrated = True
        """Whether the demonstration is meant where there is no other database."""
        self.makes_database = False
        self.request_id = str(uuid7())

    @cached_property
    def settings(self) -> Settings:
        """The settings in force, or the demonstration's where it alone is there; raises pydantic's
        ``ValidationError``."""
        found = settings_module.load()
        demonstration = demo_state.instead_of(found) if self.is_demonstrated else None
        if demonstration is None:
            return found
        file = os.path.relpath(demo_state.database(demonstration.state_dir))
        click.echo(f"The demonstration's database, {file}; IAM_DATABASE__URL names another.", err=True)
        return demonstration

    @cached_property
    def url(self) -> str:
        """The database's address, with its password."""
        return self.settings.database.url.get_secret_value()

    @cached_property
    def engine(self) -> Engine:
        """An engine on the database; raises ``Unavailable`` where there is none, for only ``iam migrate`` makes one."""
        file = sqlite_file(self.url)
        if file is not None and not self.makes_database and not file.exists():
            raise Unavailable(
                Problem(
                    "There is no database at %(path)s.",
                    (
                        "Say in IAM_DATABASE__URL where it is, or run iam migrate to make it; make run sets a "
                        "demonstration up."
                    ),
                    params={"path": str(file.absolute())},
                )
            )
        return make_engine(self.url, pool_size=self.settings.database.pool_size)

    @cached_property
    def vault(self) -> Vault:
        """The vault; its key file is made when missing and the database holds nothing sealed."""
        return sealed.vault(self.settings.vault.key_file, self.engine)

    @cached_property
    def texts(self) -> Texts:
        """Texts in the language of the environment, English for any that we do not speak."""
        language = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "en")
        code = (locale.normalize(language).split("_")[0] or "en").lower()
        return Texts(code if code in LANGUAGES else "en")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by an exception."""
        with make_sessions(self.engine).begin() as session:
            yield session

    def actor(self, session: Session) -> Actor:
        """Return who acts: the person of ``--as``, or the operator of the machine; raises ``NotFound`` for an unknown
        login."""
        if self.login is None:
            return Actor(None, self.request_id, "command line")
        known = credentials.find(session, self.login)
        if known is None:
            raise NotFound(Problem("Nobody has the login %(login)s.", "Check --as.", params={"login": self.login}))
        return Actor(known.person_id, self.request_id, "command line")

    def asker(self, session: Session, actor: Actor) -> Asker:
        """Return who asks. Whoever can start commands on the machine can read its database: without ``--as`` that is
        everything."""
        return OPERATOR if actor.person_id is None else asker_of(session, actor.person_id)

    def part(self, session: Session, actor: Actor, permission: str) -> Part:
        """Return the part in which the actor may do this; raises ``Denied`` when there is none."""
        found = self.asker(session, actor).part(permission)
        if not found:
            raise Denied(
                Problem(
                    "You do not have the permission %(name)s.", "Ask an administrator.", params={"name": permission}
                )
            )
        return found

    def organisation(self, session: Session, key: str, part: Part) -> Organisation:
        """Return an organisation of a part by its key; raises ``NotFound``."""
        found = session.scalars(select(Organisation).where(Organisation.key == key)).one_or_none()
        if found is None or not may_touch(session, part, found.id):
            raise NotFound(Problem("There is no such organisation, or it is outside your part."))
        return found

    def show(self, data: Data, words: str) -> None:
        """Print ``words``, or ``data`` as JSON with ``--json``."""
        click.echo(json.dumps(data, ensure_ascii=False, default=str, indent=2) if self.as_json else words)

    @contextmanager
    def progress(self, words: str) -> Iterator[Progress]:
        """A progress bar on a terminal, nothing elsewhere; the block adds its tasks."""
        terminal = Terminal(stderr=True)
        with Progress(console=terminal, transient=True, disable=self.as_json or not terminal.is_terminal) as bar:
            bar.console.print(words) if not bar.disable else None
            yield bar

    def fail(self, exit_code: int, problems: Sequence[Problem], code: str) -> NoReturn:
        """Print what is wrong and what to do, and end with ``exit_code``."""
        sentences = [self.texts.sentence(problem) for problem in problems] or [code]
        if self.as_json:
            click.echo(json.dumps({"error": code, "problems": sentences}, ensure_ascii=False))
        else:
            for sentence in sentences:
                click.echo(sentence, err=True)
        sys.exit(exit_code)


class Main(click.Group):
    """The root group: errors that are expected become words and an exit code; any other stays a trace for its
    finder."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except AvainError as error:
            _console(ctx).fail(error.exit_code, error.problems, error.code)
        except ConnectorError as error:
            _console(ctx).fail(1, [error.problem], "connector")
        except ValidationError as error:
            _console(ctx).fail(2, [_wrong_setting(one) for one in error.errors(include_input=False)], "settings")
        except VaultError as error:
            _console(ctx).fail(
                1, [Problem("The key file cannot be used: %(what)s.", params={"what": str(error)})], "vault"
            )
        except OperationalError:
            problem = Problem("The database does not answer.", "Check IAM_DATABASE__URL and that the database runs.")
            _console(ctx).fail(1, [problem], "unavailable")


def with_common_options(command: click.Command) -> click.Command:
    """Add ``--as`` and ``--json`` to a command, or to every command of a group, and return it."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            with_common_options(inner)
        return command
    taken = {name for parameter in command.params for name in parameter.opts}
    if "--as" not in taken:
        command.params.append(
            click.Option(["--as"], metavar="LOGIN", expose_value=False, callback=_set_login, help="Who acts.")
        )
    if "--json" not in taken:
        command.params.append(
            click.Option(
                ["--json"], is_flag=True, expose_value=False, callback=_set_json, is_eager=True, help="Print JSON."
            )
        )
    return command


def _set_login(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    _console(ctx).login = value


def _set_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    _console(ctx).as_json = value


def _console(ctx: click.Context) -> Console:
    root = ctx.find_root()
    if not isinstance(root.obj, Console):
        root.obj = Console()
    console: Console = root.obj
    return console


def _wrong_setting(error: Any) -> Problem:
    name = "IAM_" + "__".join(str(part) for part in error["loc"]).upper()
    return Problem(
        "%(name)s: %(what)s.", params={"name": name, "what": str(error["msg"]).removeprefix("Value error, ")}
    )
