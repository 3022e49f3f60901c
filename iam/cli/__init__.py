"""The command line ``iam``: one module a group of commands, each thin over the packages.

``support`` opens what a command needs and turns errors into words and exit codes (0 done, 1 failed, 2 usage, 3 held by
the guard, 4 inputs moved). Every command takes ``--as LOGIN`` (who acts; without it, the operator of the machine) and
``--json``. ``worker`` is where the kinds of messages of ``iam.delivery.outbox`` meet those who deliver them: only here
may both be imported; ``iam.jobs`` takes them as given.
"""

from iam.cli.commands import main

__all__ = ["main"]
