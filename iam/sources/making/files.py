"""Which files of the server a source may read that is made on a page.

Whoever declares a source at the server may name any file. On a page that would let an administrator of one town read
another's payroll, or send a file of the service's own as a password: there, a file lies in the folder of the source's
owner, by that one's key, under one folder of the installation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from connectors.problem import Problem
from iam.sources.making.hidden import Data, group
from iam.texts import N_


@dataclass(frozen=True, slots=True)
class Files:
    """The folder under which pages may name files; with ``everywhere``, those of every owner."""

    folder: Path
    everywhere: bool = False

    def of(self, owner: str) -> Path:
        """Return the folder of an owner, by its key."""
        return self.folder.resolve() if self.everywhere else self.folder.resolve() / owner


def problems(
    model: type[BaseModel], said: Data, before: Data, folder: Path, above: str = "settings"
) -> Iterator[Problem]:
    """Yield the settings that name a file outside ``folder``; what stood ``before`` may go on standing."""
    for name, info in model.model_fields.items():
        value, stood = said.get(name), before.get(name)
        if not value or value == stood:
            continue
        if (within := group(info.annotation)) is not None:
            if isinstance(value, Mapping):
                known = stood if isinstance(stood, Mapping) else {}
                yield from problems(within, value, known, folder, f"{above}.{name}")
        elif _is_path(info.annotation) and not _lies_in(str(value), folder):
            yield Problem(
                N_("A file that is named on a page lies in the folder of the source's owner."),
                N_("Put it under %(folder)s, or let the source be declared at the server."),
                field=f"{above}.{name}",
                params={"folder": str(folder)},
            )


def _lies_in(value: str, folder: Path) -> bool:
    try:
        path = Path(value)
        # One that is not absolute is refused by its connector, in words of its own.
        return not path.is_absolute() or path.resolve().is_relative_to(folder)
    except (OSError, ValueError):
        return False


def _is_path(annotation: Any) -> bool:
    return annotation is Path or any(_is_path(part) for part in get_args(annotation))
