"""``iam`` some days later: ``python -m tests.kit.beginning.later DAYS COMMAND…`` has a clock that is ahead."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from iam import clock
from iam.cli import main

if __name__ == "__main__":
    _ahead = timedelta(days=int(sys.argv.pop(1)))
    clock.now = lambda: datetime.now(UTC) + _ahead
    main()
