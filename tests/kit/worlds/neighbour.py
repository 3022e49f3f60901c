"""A third municipality beside the others, with one of everything in it. All its names hold ``MARK``: whoever reads it
has seen too much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from iam import clock
from iam.access.model.agreement import Agreement, AgreementClause, AgreementParty, AgreementTerm
from iam.access.model.assignment import Assignment, Deputy
from iam.access.model.proposal import Proposal
from iam.access.model.role import DataGroup
from iam.audit import log
from iam.change import Actor
from iam.database.types import uuid7
from iam.delivery.outbox import Message
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.occupation import Occupation
from iam.directory.organisation import Organisation
from iam.directory.source import Ambiguity, RunReject, SourceOpening
from iam.signin.accounts.standing_request import StandingRequest
from tests.kit.factories import consortium, waiting_bulk
from tests.kit.worlds import catalogue, wide
from tests.kit.worlds.admin import World, administer, person

MARK = "kanaria"
TOWN, SCHOOL = "KANARIA", "KANARIALA"


def build(world: World) -> None:
    """Write both sides: the neighbour, and for MANSIKKALA one of everything that the world does not have there yet."""
    consortium.organisation(world, TOWN, "municipality", "ROOT")
    consortium.organisation(world, SCHOOL, "school", TOWN)
    job = _teacher(world, MARK, SCHOOL, TOWN)
    _everything(world, MARK, TOWN, MARK)
    _right(world, MARK, job, SCHOOL, TOWN)
    consortium.client(world, "wilma", "wilma")
    _everything(world, "oma", "MANSIKKALA", "anna")
    person(world, "oma guardian", "Huoltaja")
    guards = {"person_id": world.ids["oma guardian"], "other_person_id": world.ids["anna"], "kind": "guardian_of"}
    world.write(Relationship(**guards, **world.lasting()))


def _teacher(world: World, login: str, school: str, town: str) -> Affiliation:
    person(world, login, f"{MARK.title()}lainen", phone=f"+358 {MARK}", email=f"{MARK}@{MARK}.example")
    row = Affiliation(
        person_id=world.ids[login],
        organisation_id=world.ids[school],
        kind="employee",
        title=f"{MARK.title()}opettaja",
        source_id=world.ids["hr"],
        record_id=uuid7(),
        **world.lasting(),
    )
    group = Group(organisation_id=world.ids[school], key=f"{MARK}-4B", kind="class", name=f"{MARK} 4B")
    world.write(row, group)
    world.write(Membership(group_id=group.id, person_id=world.ids[login], **world.lasting()))
    return row


def _everything(world: World, name: str, owner: str, who: str) -> None:
    """A source with a run, a reject and an unclear record; an application with role, client, undelivered logout; a
    mail; a rule; an agreement."""
    catalogue.source(world, f"{name}-hr", owner, purpose=f"{name} payroll")
    plan = catalogue.plan(world, f"{name}-hr")
    run = catalogue.run(world, f"{name}-hr", plan_id=plan.id)
    world.write(catalogue.effect(world, plan.id, "start", world.ids[owner], person_id=world.ids[who]))
    reject = RunReject(
        run_id=run.id, n=1, kind="employment", file=f"{name}.csv", line=2, field="a", message="m", remedy="r", params={}
    )
    unclear = Ambiguity(
        source_id=world.ids[f"{name}-hr"], person_key=f"{name}-7", run_id=run.id, candidates=[str(world.ids[who])]
    )
    catalogue.application(world, f"{name}-ohjelma", owner, f"{name}-rooli")
    program = f"{name}-ohjelma"
    world.write(DataGroup(application_id=world.ids[program], key=program, name={"fi": f"{name} tiedot"}))
    catalogue.rule(world, f"{name}-rule", owner)
    catalogue.template(world, f"{name}-pohja", owner)
    if name != MARK:  # What occupations are called is everybody's.
        world.write(Occupation(code=f"{name}-ammatti", name={"fi": f"{name} ammatti"}))
    catalogue.code_list(world, f"{name}-lista", f"{name}-koodi", owner=owner)
    world.write(
        Proposal(
            kind="withdrawal",
            key=f"{name}-rule",
            digest="",
            owner_id=world.ids[owner],
            counts={"gain": 0, "lose": 0},
            reasons=[],
            proposed_at=clock.now(),
        )
    )
    message = Message(
        kind="backchannel-logout",
        target=f"{name}-ohjelma",
        payload={},
        created_at=clock.now(),
        due_at=clock.now(),
        given_up_at=clock.now(),
        attempts=28,
        last_error="status 503",
    )
    agreement = Agreement(
        key=f"{name}-sopimus",
        case_number=f"{name}/1",
        decision={"body": name, "date": "2026-06-12", "section": 1},
        purpose=name,
        legal_basis={"act": name},
        owner_id=world.ids[owner],
    )
    mail = Message(
        kind="mail",
        target="mail server",
        payload={"person": str(world.ids[who]), "language": "fi"},
        created_at=clock.now(),
        due_at=clock.now(),
        given_up_at=clock.now(),
        attempts=1,
        last_error="The mail server did not take the mail: status 550.",
    )
    help_ = StandingRequest(
        person_id=world.ids[who],
        act="code",
        reason=name,
        asked_by=uuid4(),
        asked_at=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
        used_at=None,
    )
    world.write(reject, unclear, message, mail, agreement, help_)
    world.ids[f"{name} help"] = help_.id
    place = world.ids[SCHOOL if name == MARK else "KOIVU"]
    opening = SourceOpening(source_id=world.ids["hr"], organisation_id=place, **world.lasting())
    world.write(opening)
    world.ids[f"{name} opening"] = opening.id
    deputy = Deputy(
        person_id=world.ids[who],
        for_person_id=world.ids["paula"],
        permission="rules.write",
        valid_from=clock.now(),
        valid_to=clock.FOREVER,
        opened_by=opening.opened_by,
    )
    world.write(deputy)
    world.ids[f"{name} deputy"] = deputy.id
    appoints = f"{name} administrator"
    person(world, appoints, f"{name.title()}lainen")
    administer(world, appoints, owner, "sessions.end")
    waits = wide.appointment(world, who, owner)
    world.write(waits)
    world.ids.update({f"{name} grant": wide.grant_of(world, appoints), f"{name} appointment": waits.id})
    local = Group(organisation_id=place, key=f"{name}-ryhma", name=f"{name} ryhma")
    world.write(local)
    world.ids[f"{name} group"] = local.id
    world.ids[f"{name} bulk"] = waiting_bulk.bulk_act(world, who, SCHOOL if name == MARK else "KOIVU")
    world.write(AgreementTerm(agreement_id=agreement.id, **world.lasting()))
    for party in (owner, "MUSTIKKALA"):
        world.write(
            AgreementParty(
                agreement_id=agreement.id, legal_entity_id=world.ids[party], role="controller", **world.lasting()
            )
        )
    lasting = {name: value for name, value in world.lasting().items() if name in AgreementClause.__table__.columns}
    clause = AgreementClause(
        agreement_id=agreement.id,
        n=2 if name == MARK else 1,
        grantor_id=world.ids[owner],
        grantee_id=world.ids["MUSTIKKALA"],
        scope_id=place,
        with_descendants=False,
        **lasting,
    )
    world.write(clause)
    world.write(catalogue.noticed(world, f"{name}-sopimus", owner, owner=owner))
    world.ids.update(
        {f"{name} run": run.id, f"{name} unclear": unclear.id, f"{name} message": message.id, f"{name} mail": mail.id}
    )
    with Session(world.engine) as session, session.begin():
        actor = Actor(world.ids[who], f"{name}-request", "203.0.113.7")
        log.write(
            session, "signin:password:refused", actor, subject_id=world.ids[who], envelope={"address": "203.0.113.7"}
        )


def _right(world: World, login: str, job: Affiliation, school: str, town: str) -> None:
    role = world.ids[f"{MARK}-rooli"]
    row = Assignment(
        person_id=world.ids[login],
        capacity_id=job.fact_id,
        capacity_kind="employee",
        role_id=role,
        role_version_id=world.ids[f"{MARK}-rooli v1"],
        scope_id=world.ids[school],
        holder_entity_id=world.ids[town],
        scope_entity_id=world.ids[town],
        origin="hand",
        reason=MARK,
        fact_1=job.version_id,
        place_id=uuid4(),
        **world.lasting(100),
    )
    world.write(row)
    world.ids[f"{login} right"] = row.id


def ids(world: World, *, theirs: bool) -> dict[str, str]:
    """What the arguments of the routes name: on the neighbour's side, or on MANSIKKALA's own."""
    name = MARK if theirs else "oma"
    given: dict[str, UUID | str] = {
        "person_id": world.ids[MARK if theirs else "anna"],
        "organisation_id": world.ids[SCHOOL if theirs else "KOIVU"],
        "assignment_id": world.ids[f"{MARK} right" if theirs else "anna right KOIVU"],
        "run_id": world.ids[f"{name} run"],
        "ambiguity_id": world.ids[f"{name} unclear"],
        "message_id": world.ids[f"{name} message"],
        "mail_id": world.ids[f"{name} mail"],
        "application": f"{name}-ohjelma",
        "client_id": f"{name}-ohjelma",
        "request_id": world.ids[f"{name} help"],
        "opening_id": world.ids[f"{name} opening"],
        "deputy_id": world.ids[f"{name} deputy"],
        "guardian_id": world.ids[MARK if theirs else "oma guardian"],
        "change_id": uuid4() if theirs else world.ids["change"],
        "n": "2" if theirs else "1",
        "code": "puuttuva" if theirs else "oma-ammatti",
        "connector": "puuttuva" if theirs else "hr",
        "grant_id": world.ids[f"{name} grant"],
        "proposal_id": world.ids[f"{name} appointment"],
        "act": "puuttuva" if theirs else "rename",
        "fact_id": uuid4() if theirs else world.ids["anna right KOIVU"],
        "group_id": world.ids[f"{name} group"],
        "does": "puuttuva" if theirs else "give-right",
        "bulk_id": world.ids[f"{name} bulk"],
    }
    return {argument: str(value) for argument, value in given.items()}


def key_of(rule: Rule, *, theirs: bool) -> str:
    """What ``key`` names in a route, which says so by its path."""
    name = MARK if theirs else "oma"
    ends = {
        "sources": "hr",
        "rules": "rule",
        "code-lists": "lista",
        "agreements": "sopimus",
        "agreement-templates": "pohja",
        "applications": "ohjelma",
        "roles": "rooli",
    }
    return f"{name}-{ends[rule.rule.split('/')[2]]}"


def address(world: World, rule: Rule, theirs: set[str]) -> str:
    """The address of a route whose arguments of these names are the neighbour's, the others MANSIKKALA's own."""
    given: dict[str, Any] = {}
    for argument in rule.arguments:
        foreign = argument in theirs
        given[argument] = key_of(rule, theirs=foreign) if argument == "key" else ids(world, theirs=foreign)[argument]
    built = rule.build(given)
    assert built is not None
    return str(built[1])


def marks(world: World) -> list[str]:
    """Everything by which the neighbour's things are told: the mark in every spelling, and their ids."""
    owned = [key for key in world.ids if MARK in key.casefold()]
    with Session(world.engine) as session:
        known = [
            str(one) for one in session.scalars(select(Organisation.id).where(Organisation.key.in_([TOWN, SCHOOL])))
        ]
    return [MARK, *known, *(str(world.ids[key]) for key in owned)]
