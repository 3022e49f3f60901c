"""``iam simulate``: systems that sources are read from, played on this machine with invented people."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from threading import Thread

import click

from connectors.simulators.oneroster import FAULTS, Roster, Simulator
from connectors.simulators.oneroster.server import BASE
from iam.demo.generate import generate


@click.group()
def simulate() -> None:
    """Play a system that sources are read from; nothing of it is a real person's."""


@simulate.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), required=True, help="Where it answers on 127.0.0.1; 0: a free one."
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a OneRoster CSV bundle to tell; the demonstration's when left out.",
)
@click.option("--fault", type=click.Choice(list(FAULTS)), help="What goes wrong.")
def oneroster(port: int, data: Path | None, fault: str | None) -> None:
    """Play a school system that speaks OneRoster 1.2 over REST, until told to stop (SIGTERM, SIGINT)."""
    simulator = Simulator(_demonstration() if data is None else Roster.of_bundle(data), port)
    simulator.break_down(fault)
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=simulator.close).start())
    click.echo(f"url: {simulator.address}{BASE}")
    click.echo(f"token_url: {simulator.address}/token")
    click.echo(f"client_id: {simulator.client}, client_secret: {simulator.secret}")
    try:
        simulator.serve()
    except KeyboardInterrupt:
        simulator.stopped.set()


def _demonstration() -> Roster:
    with tempfile.TemporaryDirectory() as folder:
        generate("small", Path(folder))
        return Roster.of_bundle(Path(folder) / "oneroster")
