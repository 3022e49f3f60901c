"""``iam`` some days later: ``python -m tests.kit.beginning.later COMMAND…`` has a clock that is ``AVAIN_AHEAD`` days ahead.

The web processes, which it spawns, read this module again before they begin.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from iam import clock
from iam.cli import main

AHEAD = "AVAIN_AHEAD"
_ahead = timedelta(days=int(os.environ.get(AHEAD, "0")))


def _now() -> datetime:
    return datetime.now(UTC) + _ahead


if __name__ in ("__main__", "__mp_main__"):
    clock.now = _now
if __name__ == "__main__":
    main()
