"""What a town's source would remember of its file, worked out by the product's own reading: digests of rows, and sealed
identity codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.country import declared, town
from connectors.hr import HrConnector, HrSettings
from connectors.records import Record
from iam.directory.source import Source
from iam.sources.configured import matching_of
from iam.sources.reading import meaning
from iam.vault import Vault, seal

COLUMNS = ("key", "digest", "mac", "wrapped", "sealed")
CODE = "identity-code"


def of_town(
    session: Session, vault: Vault, folder: Path, number: int
) -> Iterator[tuple[str, bytes, bytes, bytes, bytes]]:
    """Write a town's file, and yield of each of its persons the key and the rest of ``COLUMNS``."""
    path = declared.file_of(folder, number)
    town.write(path, number)
    source = session.scalars(select(Source).where(Source.key == town.source_of(number))).one()
    means, aliases = meaning.of_kinds(source, matching_of(source)), meaning.of_aliases({})
    for item in HrConnector(HrSettings(path=path)).read():
        assert isinstance(item, Record), item
        code = str(item.fields["hetu"])
        own, wrapped = vault.new_key()
        digest = meaning.of_row(means[item.kind], aliases, item.digest)
        yield str(item.fields["henkilonumero"]), digest, vault.mac(CODE, "", code), wrapped, seal(own, CODE, code)
