"""Whose word on a person counts: a source that recognises somebody may not describe them for that alone.

A source describes a person where it may state facts (``reach``) and the person, or a child they guard, has an
affiliation: present, coming, or of the past ``PAST``. What is declared by hand always counts. When a person has no such
affiliation, the sources that once stated an affiliation or guardianship of theirs still count; when nobody ever stated
one, every source counts. A source from before walls also counts where its own facts stand, until a second administrator
has accepted what the walls reject.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.reach import within
from iam.directory.source import Source

PAST = timedelta(days=90)
"""How long after its end an affiliation still lets a source describe the person."""


def may_describe(profile: Any, at: Any, since: Any) -> ColumnElement[bool]:
    """The condition that what a profile's source says of the person counts at ``at``; ``since`` is the time
    ``PAST`` before it."""
    a, child, g = aliased(Affiliation), aliased(Affiliation), aliased(Relationship)
    own, of_child = _own(profile, a, since), _of_child(profile, g, child, since)
    nowhere = and_(~_any(a, *own), ~_any((child, g), *of_child))
    return or_(
        profile.source_id.is_(None),
        _any(a, *own, _there(profile.source_id, a, at)),
        _any((child, g), *of_child, _there(profile.source_id, child, at)),
        and_(nowhere, or_(_stated(profile), ~_known(profile))),
    )


def _any(rows: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there are such rows; whatever else the conditions name belongs to the query around."""
    return exists().where(*conditions).correlate_except(*(rows if isinstance(rows, tuple) else (rows,)))


def _own(profile: Any, a: Any, since: Any) -> tuple[ColumnElement[bool], ...]:
    return a.person_id == profile.person_id, a.closed_by.is_(None), a.valid_to > since


def _of_child(profile: Any, g: Any, child: Any, since: Any) -> tuple[ColumnElement[bool], ...]:
    theirs = child.person_id == g.other_person_id, child.closed_by.is_(None), child.valid_to > since
    return *_guards(profile, g), g.valid_to > since, *theirs


def _guards(profile: Any, g: Any) -> tuple[ColumnElement[bool], ...]:
    return g.person_id == profile.person_id, g.kind == "guardian_of", g.closed_by.is_(None)


def _there(source_id: Any, a: Any, at: Any) -> ColumnElement[bool]:
    """The condition that a source may state facts where an affiliation is: now for a present one, some time of it for
    any other."""
    s = aliased(Source)
    before_walls = and_(a.source_id == source_id, _any(s, s.id == source_id, ~s.walled))
    return or_(within(source_id, a.organisation_id, lambda r: during(r, a, at)), before_walls)


def during(reach: Any, fact: Any, at: Any) -> ColumnElement[bool]:
    """The condition that a row of where a source may state facts covers a fact: ``at`` where the fact holds then, else
    some of its time."""
    elsewhen = or_(fact.valid_from > at, fact.valid_to <= at, and_(reach.valid_from <= at, reach.valid_to > at))
    return and_(reach.valid_from < fact.valid_to, reach.valid_to > fact.valid_from, elsewhen)


def _stated(profile: Any) -> ColumnElement[bool]:
    a, g = aliased(Affiliation), aliased(Relationship)
    return or_(
        _any(a, a.person_id == profile.person_id, a.closed_by.is_(None), a.source_id == profile.source_id),
        _any(g, *_guards(profile, g), g.source_id == profile.source_id),
    )


def _known(profile: Any) -> ColumnElement[bool]:
    a, g = aliased(Affiliation), aliased(Relationship)
    return or_(_any(a, a.person_id == profile.person_id, a.closed_by.is_(None)), _any(g, *_guards(profile, g)))
