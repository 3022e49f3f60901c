"""Groups that an upstream provider tells of a person at sign-in: facts of a source, from which rules may give rights.

Flow: a verified ID token -> the sources that listen to its connection (``connectors.claims``) -> memberships in local
groups of the source's owner, while that is where the source may state facts, that end by themselves -> the person's
rights derived anew, by the worker when somebody else has the turn. A claim is never a right: without a rule it gives
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import registry
from connectors.contract import ReadsClaims
from iam import clock
from iam.access.derivation import later, turns
from iam.access.derivation.derive import Counts, derive
from iam.audit import log
from iam.change import Actor
from iam.database.statement import Statement
from iam.directory.affiliation import Group
from iam.directory.reach import reaches
from iam.directory.source import Source
from iam.lifecycle import groups
from iam.signin.federation import connections
from iam.signin.federation.connections import Upstream

CONNECTOR = "claims"
Told = Mapping[str, Sequence[str]]
"""The keys of the groups that each source was told, by the source's key; a source that was told nothing is not in
it."""
_log = structlog.get_logger("avain.signin")


class _Listening(NamedTuple):
    """A source that hears claims, as stored."""

    id: UUID
    key: str
    owner_id: UUID
    settings: Mapping[str, Any]


_SOURCES = Statement(
    lambda: (
        select(Source.id, Source.key, Source.owner_id, Source.settings)
        .where(Source.connector == CONNECTOR, ~Source.disabled)
        .order_by(Source.key)
    ),
    _Listening,
)


def heard(session: Session, upstream: Upstream, claims: Mapping[str, Any]) -> Told:
    """Return what the claims of a verified ID token of ``upstream`` tell the sources that listen to it."""
    said = ((source.key, ear.groups(claims)) for source, ear in _listening(session, upstream))
    return {key: sorted(groups) for key, groups in said if groups is not None}


def follow(session: Session, upstream: Upstream, subject: str, person_id: UUID, told: Told, actor: Actor) -> None:
    """Bring the person's groups, and the rights that rest on them, in line with what was told at a sign-in by an
    account of theirs.

    What nobody spoke of stays until it ends by itself.
    """
    if not told:
        return
    connections.heard(session, upstream, subject)
    for source, ear in _listening(session, upstream):
        if source.key in told:
            _bring(session, source, ear, told[source.key], upstream, person_id, actor)


def _listening(session: Session, upstream: Upstream) -> Iterator[tuple[_Listening, ReadsClaims]]:
    for source in _SOURCES.all(session):
        kind = registry.connector(CONNECTOR)
        try:
            ear = kind(kind.settings_model.model_validate(source.settings))
        except ValidationError:
            _log.error("the settings of a source are wrong: nobody's groups are read", source=source.key)
            continue
        if isinstance(ear, ReadsClaims) and ear.connection == upstream.key:
            yield source, ear


def _bring(
    session: Session,
    source: _Listening,
    ear: ReadsClaims,
    keys: Sequence[str],
    upstream: Upstream,
    person_id: UUID,
    actor: Actor,
) -> None:
    local = select(Group.id).where(
        Group.organisation_id == source.owner_id,
        Group.source_id.is_(None),
        reaches(source.id, Group.organisation_id, clock.now()),
    )
    ids = session.scalars(local.where(Group.key.in_(keys))).all() if keys else []
    purpose = f"told by {upstream.key} at sign-in"
    change = groups.tell(session, source.id, person_id, ids, ear.lasts, actor, purpose)
    if change is None:
        return
    free = turns.free_for(session, person_id)
    rights = derive(session, change, persons=[person_id]) if free else Counts(0, 0)
    if not free:
        later.note(session, person_id)
    log.write(
        session,
        "signin:upstream:groups",
        actor,
        subject_id=person_id,
        organisation_id=source.owner_id,
        change_id=change.id,
        envelope={
            "connection": upstream.key,
            "source": source.key,
            "groups": len(ids),
            "rights_opened": rights.opened,
            "rights_closed": rights.closed,
            **({} if free else {"later": True}),
        },
    )
