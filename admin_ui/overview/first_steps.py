"""The first steps of a new installation, each with where it is taken and whether it is done."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from admin_ui.feeds.sources import PATH as SOURCES
from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.access.model.role import Application
from iam.access.model.rule import RuleVersion
from iam.directory.organisation import Organisation
from iam.directory.queries import holds_at
from iam.texts import N_
from iam.web import context


class FirstStep(NamedTuple):
    """A step: what it is, why, where it is taken, and whether it is done."""

    label: str
    why: str
    href: str
    done: bool


def first_steps(session: Session, *, has_source: bool, was_run: bool) -> list[FirstStep]:
    """Return the steps of a new installation in their order, nothing when all are done; one statement.

    ``has_source``: whether there is a source; ``was_run``: whether one had a good run.
    """
    tree, second, application, rule = session.execute(select(*_done())).one()
    t = context.texts().gettext
    steps = [
        FirstStep(
            t(N_("Organisations: the municipalities, schools and units")),
            t(N_("Add them under the consortium, one by one. What is a legal entity of its own says so.")),
            "/admin/organisations",
            tree,
        ),
        FirstStep(
            t(N_("Administrators: a second person, and those of each part")),
            t(N_("Much waits for a second person. Add people by hand first, and give each a one-time code.")),
            "/admin/administrators",
            second,
        ),
        FirstStep(
            t(N_("A source: the system that tells who works and studies where")),
            t(N_("Say on its organisation's page first which usernames people get.")),
            SOURCES,
            has_source,
        ),
        FirstStep(
            t(N_("The first import: look at it and accept it")),
            t(N_("Whoever did not start it accepts it.")),
            SOURCES,
            was_run,
        ),
        FirstStep(
            t(N_("An application: a service that people sign in to")),
            t(N_("Register it, add its roles, and enable it for organisations.")),
            "/admin/applications",
            application,
        ),
        FirstStep(
            t(N_("The first rule: who gets which role")),
            t(N_("From then on rights come and go by themselves.")),
            "/admin/rules",
            rule,
        ),
    ]
    return [] if all(one.done for one in steps) else steps


def _done() -> list[Any]:
    """What is asked of the database: more than the top, more than one administrator, an application, a rule in
    force."""
    g = AdminGrant
    administrators = select(func.count(g.person_id.distinct()) > 1).where(
        g.closed_by.is_(None), holds_at(g, clock.now())
    )
    return [
        select(func.count(Organisation.id) > 1).scalar_subquery(),
        administrators.scalar_subquery(),
        exists().where(Application.retired.is_(False)),
        exists().where(RuleVersion.state == "published"),
    ]
