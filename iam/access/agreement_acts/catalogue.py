"""The acts that can wait, by the names under which they are kept."""

from __future__ import annotations

from iam.access.agreement_acts.act import Act, Stated
from iam.access.agreement_acts.clause import EndClause, SetClause
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.agreement_acts.restore import RestoreClauses
from iam.access.agreement_acts.sign import Sign


def read(stated: Stated) -> Act:
    """Return an act as it was kept; raises ``KeyError`` for one that never waits."""
    waiting = (Sign, GiveNotice, SetClause, EndClause, RestoreClauses)
    kinds: dict[str, type[Sign | GiveNotice | SetClause | EndClause | RestoreClauses]] = {
        one.name: one for one in waiting
    }
    return kinds[stated["act"]].read(stated)
