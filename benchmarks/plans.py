"""Plans over a large directory: what a rule change does to whom, applying one per cent of it, and ending an agreement
that carries some ten thousand rights."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import yaml
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.feed import settle
from benchmarks.meter import Measure, Meter
from iam import clock
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.agreement_acts.suspension import Suspend
from iam.access.asker import OPERATOR
from iam.access.commands import publish
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.assignment import Assignment
from iam.access.right import rights
from iam.apply.run import run_apply
from iam.change import Actor
from iam.cli.demo.run import ACCEPTER, STARTER
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.plans import agreement_proposals, rule_proposals
from iam.signin.passwords import credentials
from iam.vault import Vault

TOWN, GRANTOR, SCOPE, ROLE = "mansikkala", "rantasaari", "rantasaari-sivistys", "oppimisymparisto:opettaja"
KEY = "mittaus"
CLASS_TEACHERS = "luokanopettaja"
ASKED = {
    "effects of a rule change": "2 s",
    "applying 1 % of it": "twice its effects",
    "ending an agreement: effects": "2 s",
    "suspending an agreement": "felt at once",
}


def measures(meter: Meter, sessions: sessionmaker[Session], vault: Vault, folder: Path) -> dict[str, Measure]:
    """Return the measures, over the directory that stands; of the agreement nobody has a right at the end."""
    settle(sessions)
    starter, accepter = _operators(sessions)
    found: dict[str, Measure] = {}
    with sessions() as session, meter.measure() as found["effects of a rule change"]:
        shown = publish.preview(session, _pattern(), TOWN)
        session.rollback()
    print(f"    a rule for everybody: {len(shown.effects.rows)} rights would be moved", flush=True)
    with sessions.begin() as session:
        few = _pattern(_occupation_of(session, 1000))
        rule_proposals.publish(session, KEY, few, TOWN, starter)
    with sessions() as session, meter.measure() as found["applying 1 % of it"]:
        waits = rule_proposals.of_rule(session, KEY)
        if waits is None:
            raise SystemExit("The rule was to wait for a second person.")
        rule_proposals.accept(session, waits, lambda _: True, OPERATOR.part("rules.write"), accepter)
        session.commit()
    return found | _agreement(meter, sessions, vault, folder, starter, accepter)


def _agreement(
    meter: Meter, sessions: sessionmaker[Session], vault: Vault, folder: Path, starter: Actor, accepter: Actor
) -> dict[str, Measure]:
    file = folder / "agreement.yaml"
    file.write_text(yaml.safe_dump(_declared()), encoding="utf-8")
    with sessions.begin() as session:
        held = run_apply(session, [file], {}, starter, vault).held
    assert held is not None
    with sessions.begin() as session:
        run_apply(session, [file], {}, accepter, vault, accept=held.digest)
    found: dict[str, Measure] = {}
    with sessions() as session:
        holders, grantor_id = _held(session)
        print(f"    an agreement of {len(holders)} rights", flush=True)
        agreement = session.scalars(select(Agreement).where(Agreement.key == KEY)).one()
        act = GiveNotice(grantor_id, last_day=clock.today() + timedelta(days=30))
        with meter.measure() as found["ending an agreement: effects"]:
            agreement_proposals.preview(session, agreement, act)
    with sessions() as session:
        agreement = session.scalars(select(Agreement).where(Agreement.key == KEY)).one()
        with meter.measure() as found["suspending an agreement"]:
            agreement_proposals.do(session, agreement, Suspend(grantor_id, reason="x"), OPERATOR, starter)
            session.commit()
        left = [
            one for person_id in holders[:100] for one in rights(session, person_id, None) if one.scope_key == SCOPE
        ]
    if left:
        raise SystemExit(f"{len(left)} rights are there although their agreement is suspended.")
    return found


def _held(session: Session) -> tuple[list[UUID], UUID]:
    a, clauses = Assignment, select(AgreementClause.id).join(Agreement).where(Agreement.key == KEY)
    holders = session.scalars(select(a.person_id).where(a.clause_id.in_(clauses), a.closed_by.is_(None))).all()
    return list(holders), session.scalars(select(Organisation.id).where(Organisation.key == GRANTOR)).one()


def _occupation_of(session: Session, about: int) -> str:
    """The occupation that about so many people of the town have."""
    a = Affiliation
    rows = session.execute(select(a.occupation, func.count()).where(a.closed_by.is_(None)).group_by(a.occupation))
    return min((abs(n - about), str(occupation)) for occupation, n in rows if occupation)[1]


def _pattern(occupation: str | None = None, scope: str | None = None) -> dict[str, object]:
    works = {"kind": "employee", "organisation": {"under": TOWN}} | ({"occupation": occupation} if occupation else {})
    place = "organisation of a" if scope is None else {"organisation": scope}
    return {"bind": {"a": {"affiliation": works}}, "gives": {"role": ROLE, "scope": place}}


def _declared() -> dict[str, object]:
    start = clock.today() - timedelta(days=60)
    agreement = {
        "key": KEY,
        "case_number": "KAUP-2026-900",
        "decided": {"body": "kaupunginhallitus", "date": start, "section": 1},
        "parties": [{"entity": one, "role": "controller", "signed": start} for one in (GRANTOR, TOWN)],
        "in_force": {"from": start, "to": clock.today() + timedelta(days=400)},
        "purpose": "mittaus",
        "legal_basis": {"act": "628/1998", "gdpr": "6.1.c"},
        "clauses": [
            {
                "grantor": GRANTOR,
                "grantee": TOWN,
                "scope": {"organisation": SCOPE, "with_descendants": True},
                "allows": {CLASS_TEACHERS: ["kurssit:read", "kurssit:write", "suoritukset:read"]},
            }
        ],
    }
    rule = {"rule": "mittaus-yli", "owner": TOWN, **_pattern(CLASS_TEACHERS, SCOPE)}
    return {"agreements": [agreement], "rules": [rule]}


def _operators(sessions: sessionmaker[Session]) -> tuple[Actor, Actor]:
    with sessions() as session:
        found = [credentials.find(session, login) for login in (STARTER, ACCEPTER)]
    starter, accepter = (Actor(one.person_id) for one in found if one is not None)
    return starter, accepter
