"""All commands, put together: the module of each is imported when the command is asked for, for a run needs one."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

import click

from iam.cli.support import Console, Main, with_common_options

PLACES = {
    "init": "iam.cli.operating.init:init",
    "serve": "iam.cli.operating.serve:serve",
    "worker": "iam.cli.operating.worker:worker",
    "migrate": "iam.cli.operating.migrate:migrate",
    "config": "iam.cli.operating.config:config",
    "doctor": "iam.cli.operating.doctor:doctor",
    "person": "iam.cli.person.commands:person",
    "key": "iam.cli.key:key",
    "audit": "iam.cli.audit:audit",
    "source": "iam.cli.source:source",
    "rule": "iam.cli.rule:rule",
    "plan": "iam.cli.plan:plan",
    "agreement": "iam.cli.agreement:agreement",
    "client": "iam.cli.client:client",
    "role": "iam.cli.stop:role",
    "connection": "iam.cli.stop:connection",
    "bulk": "iam.cli.person.bulk:bulk",
    "explain": "iam.cli.explain:command",
    "apply": "iam.apply.cli:apply",
    "export": "iam.apply.cli:export",
    "simulate": "iam.cli.demo.simulate:simulate",
    "demo": "iam.cli.demo.commands:demo",
}
"""Where each command is: its module and its name there."""


class Commands(Mapping[str, click.Command]):
    """The commands by name, each loaded when it is first looked up."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, attribute = PLACES[name].partition(":")
            with _unsearched():
                # A command speaks of some tables, and a foreign key of theirs of any.
                import_module("iam.models")
                command: click.Command = getattr(import_module(module), attribute)
            self._loaded[name] = with_common_options(command)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


@contextmanager
def _unsearched() -> Iterator[None]:
    """What is imported stays: to look for garbage among it took a fifth of every start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


@click.group(
    cls=Main, commands=Commands(), context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="avain", prog_name="iam")
@click.pass_context
def main(context: click.Context) -> None:
    """Avain: identity and access management that municipalities run together."""
    context.obj = Console()
