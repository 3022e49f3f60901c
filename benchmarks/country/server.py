"""PostgreSQL for a country: a data folder that may be kept, memory for it, and no waiting for the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy import text

from iam.database.engine import make_engine
from tests.kit.servers.postgresql import PostgreSQL

_SETTINGS = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "checkpoint_timeout": "60min",
    "maintenance_work_mem": "512MB",
    "effective_cache_size": "8GB",
    # What PostgreSQL does by itself within a minute, the benchmark does between two cases, where it is measured by
    # nobody.
    "autovacuum": "off",
}


class Kept(PostgreSQL):
    """PostgreSQL whose folder stays: started again over it, it has what it had."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._kept = folder

    def command(self) -> list[str]:
        """See ``Server``."""
        return [*super().command(), *(part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}"))]

    def prepare(self) -> None:
        """Make the database cluster, where there is none."""
        if not (self._data / "PG_VERSION").exists():
            super().prepare()

    def stop(self) -> None:
        """End the process; its folder stays."""
        if self._child is not None:
            self._settle()
            self._end(self._child)
            self._child = None
        self.folder = Path()

    def _settle(self) -> None:
        """Write everything to its place first: a server that is stopped has ten seconds."""
        engine = make_engine(self.url())
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("CHECKPOINT"))
        finally:
            engine.dispose()

    def _make_folder(self) -> None:
        self._kept.mkdir(parents=True, exist_ok=True)
        if self.account is not None and self._kept.owner() != self.account:
            shutil.chown(self._kept, self.account)
        os.chmod(self._kept, 0o711)
        self.folder = self._kept
