"""The limits of a source's guard in words, with what is usual: when a run changes nothing, or waits for a second
person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from iam.directory.source import Source
from iam.plans.guard import FEW, GROUP, SHARE, STEEP
from iam.sources.making.said import SourceSaid
from iam.sources.reading.completeness import LACKING, LACKING_SHARE
from iam.texts import N_
from iam.web import context


class Limit(NamedTuple):
    """A limit in words, and the usual one where this is another (empty: it is the usual one); ``wider``: more goes
    through than usually."""

    what: str
    limit: str
    usual: str = ""
    wider: bool = False


def limits(source: Source) -> Sequence[Limit]:
    """Return the limits of a source: those that are everybody's first, then those that its settings may state."""
    t = context.texts().gettext
    share, steep, lacking = (f"{one:.0%}".replace("%", " %") for one in (SHARE, STEEP, LACKING_SHARE))
    week = t(N_("more than %(few)s losses, or %(share)s of the group if that is more: they wait for a second person"))
    once = t(N_("more than %(steep)s of a group of %(group)s or more: they wait for a second person"))
    rows = t(N_("more than %(lacking)s, or %(share)s if that is more: nothing is changed"))
    return [
        Limit(t(N_("The first run")), t(N_("waits for a second person, whatever it does"))),
        Limit(t(N_("What people of one organisation lose in seven days")), week % {"few": FEW, "share": share}),
        Limit(t(N_("What people of one organisation lose at once")), once % {"steep": steep, "group": GROUP}),
        Limit(t(N_("Rows that are lacking since the last good run")), rows % {"lacking": LACKING, "share": lacking}),
        *_stated(source),
    ]


def _stated(source: Source) -> Sequence[Limit]:
    t, fields = context.texts().gettext, SourceSaid.model_fields
    usual_hours, usually_kept = fields["missing_hours"].default, fields["keep_good_rows"].default
    later = t(N_("in a second complete run, at least %(hours)s hours later"))
    kept = {True: t(N_("the good rows are kept")), False: t(N_("nothing is changed"))}
    hours, keeps = source.missing_hours, source.keep_good_rows
    return [
        Limit(
            t(N_("A missing row ends its facts")),
            later % {"hours": hours},
            "" if hours == usual_hours else later % {"hours": usual_hours},
            hours < usual_hours,
        ),
        Limit(t(N_("When some rows cannot be read")), kept[keeps], "" if keeps == usually_kept else kept[usually_kept]),
    ]
