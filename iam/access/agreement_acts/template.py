"""Templates of agreements: one is made of an agreement, and an agreement's parties and clauses follow from one and who
stands in its places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, WRITE
from iam.access.agreement_acts.make import check_key
from iam.access.asker import Asker
from iam.access.model import agreement_templates as templates, agreements
from iam.access.model.agreement import Agreement, AgreementTemplate, AgreementTerm
from iam.access.model.agreement_templates import TemplateBody, TemplateClause, TemplatePlace
from iam.access.model.agreements import Clause
from iam.audit import log
from iam.change import Actor, begin
from iam.database.types import uuid7
from iam.directory.organisation import Organisation
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_

LANGUAGES = ("fi", "sv", "en")


class Placed(NamedTuple):
    """A legal entity that stands in a place, and where it allows what that place allows."""

    entity_id: UUID
    scope_id: UUID


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """What a template is called: its key, and its name by language (fi, sv and en)."""

    key: str
    names: Mapping[str, str]


def clauses_of(body: TemplateBody, placed: Mapping[str, Sequence[Placed]]) -> tuple[Clause, ...]:
    """Return the clauses between those who stand in the places of a template, one for each pair, as long as the
    agreement; pure."""
    return tuple(
        Clause(
            grantor.entity_id,
            grantee.entity_id,
            grantor.scope_id,
            one.with_descendants,
            one.relationship_kind,
            None,
            None,
            clock.LONG_AGO,
            clock.FOREVER,
            frozenset(one.content),
        )
        for one in body.clauses
        for grantor in placed[one.grantor]
        for grantee in placed[one.grantee]
    )


def make_template(session: Session, agreement: Agreement, said: NewTemplate, asker: Asker, actor: Actor) -> UUID:
    """Write a template of an agreement and return its id; the agreement's owner owns it. It gives nobody anything.

    Raises ``Denied`` for who holds ``agreements.write`` not over the owner, ``Invalid`` for a key or a name that makes
    no sense, ``Conflict`` when the key is in use.
    """
    if not covers_all(session, asker.part(WRITE), [agreement.owner_id]):
        raise Denied(NOT_YOURS)
    _check(session, said)
    change, id_ = begin(session, "command", actor, f"agreement template {said.key}: make of {agreement.key}"), uuid7()
    row = {"id": id_, "key": said.key, "owner_id": agreement.owner_id, "body": body_of(session, agreement).stored()}
    templates.add(session, [row | {f"name_{language}": said.names[language] for language in LANGUAGES}])
    log.write(
        session,
        "agreement:template:made",
        actor,
        organisation_id=agreement.owner_id,
        change_id=change.id,
        envelope={"template": said.key, "agreement": agreement.key},
    )
    return id_


def body_of(session: Session, agreement: Agreement) -> TemplateBody:
    """Return what an agreement says with a place for each party; clauses that say the same of other organisations
    become one."""
    standing = agreements.parties(session, [agreement.id]).get(agreement.id, [])
    rows = session.scalars(select(Organisation).where(Organisation.id.in_([one.legal_entity_id for one in standing])))
    entities = {row.id: row for row in rows}
    # The owner first, as it made the agreement; the others by key.
    standing.sort(key=lambda one: (one.legal_entity_id != agreement.owner_id, entities[one.legal_entity_id].key))
    keys = {id_: row.key for id_, row in entities.items()}
    t = AgreementTerm
    all_sign = session.scalar(select(t.all_sign).where(t.agreement_id == agreement.id, t.closed_by.is_(None)))
    return TemplateBody(
        places=tuple(_place(entities[one.legal_entity_id], one.role) for one in standing),
        purpose=agreement.purpose_said,
        legal_basis=agreement.legal_basis,
        competence=agreement.decision.get("competence"),
        notice_months=agreement.notice_months,
        notice_days=agreement.notice_days,
        supervision=agreement.supervision,
        all_sign=bool(all_sign),
        clauses=tuple(dict.fromkeys(_clauses(session, agreement, keys))),
    )


def _place(entity: Organisation, role: str) -> TemplatePlace:
    return TemplatePlace(entity.key, {language: entity.name(language) for language in LANGUAGES}, role)


def _clauses(session: Session, agreement: Agreement, keys: Mapping[UUID, str]) -> Iterator[TemplateClause]:
    """The clauses that are not over, between those who are parties still."""
    for one in agreements.clauses(session, of=[agreement.id]).get(agreement.id, {}).values():
        sides = keys.get(one.grantor_id), keys.get(one.grantee_id)
        if sides[0] is not None and sides[1] is not None and one.valid_to > clock.now():
            content = tuple(sorted(one.content))
            yield TemplateClause(sides[0], sides[1], one.with_descendants, one.relationship_kind, content)


def _check(session: Session, said: NewTemplate) -> None:
    check_key(said.key)
    for language in LANGUAGES:
        if not said.names.get(language):
            raise Invalid(Problem(N_("This is missing."), N_("State it."), field=f"name_{language}"))
    if session.scalar(select(exists().where(AgreementTemplate.key == said.key))):
        raise Conflict(Problem(N_("There is a template of this key already."), N_("Choose another."), field="key"))
