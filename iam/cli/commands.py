"""All commands, put together."""

from __future__ import annotations

import click

from iam.apply.cli import apply, export
from iam.cli import audit, client, explain, key, rule, source, stop
from iam.cli.demo import run as demo_run
from iam.cli.operating import config, doctor, migrate, serve, worker
from iam.cli.person import commands as person
from iam.cli.support import Console, Main, with_common_options
from iam.demo.cli import demo


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="avain", prog_name="iam")
@click.pass_context
def main(context: click.Context) -> None:
    """Avain: identity and access management that municipalities run together."""
    context.obj = Console()


demo.add_command(demo_run.run)
rule.rule.add_command(stop.RULE)
client.client.add_command(stop.CLIENT)
for command in (
    serve.serve,
    worker.worker,
    migrate.migrate,
    config.config,
    doctor.doctor,
    person.person,
    key.key,
    audit.audit,
    source.source,
    rule.rule,
    client.client,
    stop.role,
    stop.connection,
    explain.command,
    apply,
    export,
    demo,
):
    main.add_command(with_common_options(command))
