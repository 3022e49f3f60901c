"""``python -m benchmarks.country N [CASE …]``; KEEP in the environment names the folder that keeps the directory."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

from benchmarks.country import api, bulk, definitions, deriving, every_page, feeds, made, pages, people
from benchmarks.country.case import Case, Found
from benchmarks.country.made import Country
from benchmarks.country.server import Kept
from benchmarks.country.table import show

CASES: tuple[Case, ...] = (
    *feeds.CASES,
    *deriving.CASES,
    *definitions.CASES,
    *pages.CASES,
    *people.CASES,
    *every_page.CASES,
    *api.CASES,
    *bulk.CASES,
)


def main(arguments: list[str]) -> None:
    """Make the directory, measure the cases that are named (all, where none is), and print the table."""
    known = {case.name: case for case in CASES}
    if not arguments or not arguments[0].isdigit() or not set(arguments[1:]) <= set(known):
        raise SystemExit(f"python -m benchmarks.country PERSONS [{' | '.join(known)}] …")
    chosen = [known[name] for name in arguments[1:]] or list(CASES)
    kept = os.environ.get("KEEP")
    with tempfile.TemporaryDirectory(prefix="avain-country-") as temporary:
        folder = Path(kept or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        with Kept(folder / "postgresql") as server:
            country = made.make(server, folder.resolve(), int(arguments[0]))
            try:
                print(", ".join(f"{name} {count:,}" for name, count in made.sizes(country).items()), flush=True)
                show(country, [(case, _measured(case, country)) for case in chosen])
            finally:
                country.engine.dispose()


def _measured(case: Case, country: Country) -> list[Found]:
    print(case.name, flush=True)
    country.settle()
    try:
        return case.run(country)
    except (Exception, SystemExit) as error:  # noqa: BLE001  One case that fails leaves the others theirs.
        traceback.print_exc()
        return [Found(case.name, "", None, f"{type(error).__name__}: {str(error)[:200]}")]


if __name__ == "__main__":
    main(sys.argv[1:])
