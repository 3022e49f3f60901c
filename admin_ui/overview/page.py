"""The overview at /admin/: what waits for the reader, what is amiss, what is coming; or, for a school secretary, three
large actions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from flask import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin_ui.feeds import picture
from admin_ui.overview import second_person
from admin_ui.overview.first_steps import first_steps
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.people.guardians import waiting
from admin_ui.person import help as requests
from iam import clock
from iam.access.administration import Part
from iam.access.model.agreement import Agreement, AgreementTerm
from iam.directory.affiliation import Affiliation
from iam.directory.pages.listing import COMING, are_few, coming
from iam.directory.person import Person
from iam.directory.source import Ambiguity, Run, Source
from iam.signin import last_administrator
from iam.signin.accounts import username_rules
from iam.sources import alarms
from iam.sources.listing import WAITING, last_good, newest_real
from iam.texts import N_, in_language
from iam.web import context, guard

STALE = timedelta(hours=26)
"""A source is stale when its last good run is longer ago: a daily run and two hours of grace."""
MANY = 1_000
"""So many people without a username are counted; more are as much work."""
AMISS = ("failed", "stopped", "moved")
SHOWN_FEEDS = 20
SOURCES = "/admin/sources"

frame.section("overview", N_("Overview"), frame.HOME, None, 0)


class Feed(NamedTuple):
    """A source with its newest run (id, state and start are None without one) and the end of its last good one;
    ``kept`` is whether what that run read was kept."""

    source_id: UUID
    key: str
    run_id: UUID | None
    state: str | None
    started_at: datetime | None
    scheduled: bool
    alarm: str | None
    good_at: datetime | None
    kept: bool
    names: dict[str, str] | None

    @property
    def called(self) -> str:
        """What the source is called, else its key."""
        return in_language(self.names or {}, context.texts().language, self.key)

    @property
    def waits(self) -> bool:
        """Whether a second person may decide of what the newest run read, held in part or stopped as a whole."""
        return self.state == "held" or (self.kept and self.state in WAITING)

    @property
    def is_stale(self) -> bool:
        """Whether the last good run is too long ago: by its schedule, or of one that has none by the clock."""
        if self.scheduled:
            return self.alarm == alarms.STALE
        return self.good_at is not None and self.good_at + STALE < clock.now()


@blueprint.get("/")
@guard.administers
def overview() -> Response:
    """Show the page that fits what the reader may do."""
    whole, people = guard.asker().whole(), frame.part_of("persons.read")
    sources = frame.part_of("sources.read")
    soon = _coming(context.db(), people, frame.part_of("agreements.read"))
    nameless = _nameless(context.db(), people)
    second, wait = second_person.lists(context.db()), waiting(context.db(), frame.part_of("rights.grant"))
    if not sources:
        return frame.render(
            "overview/secretary.html",
            section="overview",
            lately=_lately(context.db(), people),
            coming=soon,
            second=second,
            guardians=wait,
            nameless=nameless,
            asked=len(requests.waiting()) if people else 0,
        )
    feeds = _feeds(context.db(), sources)
    return frame.render(
        "overview/overview.html",
        section="overview",
        coming=soon,
        second=second,
        guardians=wait,
        nameless=nameless,
        waiting=_waiting(context.db(), sources, feeds),
        nobody_left=whole.everything and not last_administrator.is_there(context.db()),
        amiss=[feed for feed in feeds if feed.is_stale or feed.state in AMISS],
        glance=_glance(feeds),
        tall=picture.TALL,
        last_good=max((feed.good_at for feed in feeds if feed.good_at), default=None),
        steps=first_steps(context.db(), has_source=bool(feeds), was_run=any(feed.good_at for feed in feeds))
        if whole.everything
        else [],
    )


def _glance(feeds: list[Feed]) -> list[dict[str, Any]]:
    """Return how the sources stood lately, those first that are not as they should be; one statement."""
    first = sorted(feeds, key=lambda one: (not (one.is_stale or one.state in AMISS), one.key))[:SHOWN_FEEDS]
    lately = picture.at_a_glance([one.source_id for one in first], clock.HELSINKI)
    return [
        {
            "key": one.key,
            "called": one.called,
            "marks": lately[one.source_id],
            "words": picture.said_of(lately[one.source_id]),
        }
        for one in first
    ]


def _feeds(session: Session, part: Part) -> list[Feed]:
    """Return every source of the part with its newest run; one statement."""
    query = (
        select(
            Source.id,
            Source.key,
            Run.id,
            Run.state,
            Run.started_at,
            Source.schedule.is_not(None),
            Source.alarm,
            last_good(),
            Run.digest.is_not(None),
            Source.name,
        )
        .select_from(Source)
        .outerjoin(Run, Run.id == newest_real())
        .where(part.covers(Source.__table__.c.owner_id))
        .order_by(Source.key)
    )
    return [Feed(*row) for row in session.execute(query)]


def _waiting(session: Session, part: Part, feeds: list[Feed]) -> list[dict[str, Any]]:
    """Return what waits for a human: how many, since when, and where to go."""
    texts = context.texts()
    held = sorted((feed for feed in feeds if feed.waits), key=lambda feed: feed.started_at or clock.LONG_AGO)
    unclear = session.execute(
        select(func.count(), func.min(Run.started_at), func.min(Source.key), func.max(Source.key))
        .select_from(Ambiguity)
        .join(Run, Run.id == Ambiguity.run_id)
        .join(Source, Source.id == Ambiguity.source_id)
        .where(Ambiguity.decided_at.is_(None), part.covers(Source.__table__.c.owner_id))
    ).one()
    found = []
    if held:
        path = f"/admin/runs/{held[0].run_id}" if len(held) == 1 else SOURCES
        found.append(
            {
                "count": len(held),
                "oldest": held[0].started_at,
                "href": path,
                "label": texts.gettext(N_("Imports that wait for approval")),
            }
        )
    if unclear[0]:
        path = f"{SOURCES}/{quote(unclear[2], safe='')}/unclear" if unclear[2] == unclear[3] else SOURCES
        found.append(
            {
                "count": unclear[0],
                "oldest": unclear[1],
                "href": path,
                "label": texts.gettext(N_("Persons nobody could be sure of")),
            }
        )
    return found


def _coming(session: Session, people: Part, agreements: Part) -> dict[str, int | None]:
    """Return how many affiliations start and end, and how many agreements end, in the coming days; None where the
    reader may not know."""
    now = clock.now()
    a = Affiliation
    here = [a.closed_by.is_(None), people.covers(a.organisation_id), people.tells(a.person_id, a.organisation_id)]
    starts, ends = (
        select(func.count()).select_from(Affiliation).where(*here, *coming(Affiliation, what))
        for what in ("starts", "ends")
    )
    terms = (
        select(func.count())
        .select_from(AgreementTerm)
        .join(Agreement, Agreement.id == AgreementTerm.agreement_id)
        .where(
            AgreementTerm.closed_by.is_(None),
            AgreementTerm.valid_to > now,
            AgreementTerm.valid_to <= now + COMING,
            agreements.covers(Agreement.__table__.c.owner_id),
        )
    )
    row = session.execute(select(starts.scalar_subquery(), ends.scalar_subquery(), terms.scalar_subquery())).one()
    return {
        "starts": row[0] if people else None,
        "ends": row[1] if people else None,
        "agreements": row[2] if agreements else None,
    }


def _lately(session: Session, people: Part) -> dict[str, int] | None:
    """Return how many people came new and how many left within the past days; None where the reader may not know."""
    if not people:
        return None
    a = Affiliation
    here = [a.closed_by.is_(None), people.covers(a.organisation_id), people.tells(a.person_id, a.organisation_id)]
    came, went = (
        select(func.count(a.person_id.distinct())).where(*here, *coming(a, what)).scalar_subquery()
        for what in ("came", "went")
    )
    row = session.execute(select(came, went)).one()
    return {"came": row[0], "went": row[1]}


def _nameless(session: Session, people: Part) -> int:
    """Return how many people would need a username and have none; counted to ``MANY``."""
    if not people:
        return 0
    some = select(Person.id).where(Person.merged_into.is_(None), username_rules.lacks_one(people, Person.id))
    if are_few(session, people):
        some = some.where(Person.id.in_(people.people()))
    return session.scalar(select(func.count()).select_from(some.limit(MANY).subquery())) or 0
