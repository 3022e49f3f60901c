"""An agreement on student welfare in force, whoever comes under it, and administrators of each of its sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access import asker
from iam.access.agreement_acts.act import SIGN, WRITE, Act
from iam.access.agreement_acts.sign import Sign
from iam.access.model.agreement import Agreement
from iam.access.model.agreements import Party
from iam.change import Actor
from iam.plans import agreement_proposals
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import roles_of

TODAY, END, SIGNED = day("2026-09-15"), day("2027-08-01"), date(2026, 6, 1)


@dataclass(slots=True)
class Welfare:
    """A city, a county whose psychologist may come into its school by an agreement, and administrators of each."""

    session: Session
    city: UUID
    county: UUID
    third: UUID
    agreed: access.Agreed
    psychologist: UUID
    of_city: UUID
    second_of_city: UUID
    of_county: UUID

    @property
    def sides(self) -> tuple[UUID, UUID]:
        """Who allows something, and to whom."""
        return self.city, self.county

    @property
    def agreement(self) -> Agreement:
        """The agreement as it stands."""
        return self.session.get_one(Agreement, self.agreed.id)

    def do(self, act: Act, who: UUID) -> list[str]:
        """Do an act as somebody; return why it waits."""
        found = asker.asker_of(self.session, who)
        waits = agreement_proposals.do(self.session, self.agreement, act, found, Actor(who))
        return [one.message % one.params for one in waits]

    def accept(self, who: UUID) -> bool:
        """Accept what waits, having looked at it now."""
        waiting = agreement_proposals.of_agreement(self.session, "sopimus")
        assert waiting is not None
        act, found = agreement_proposals.act_of(waiting), asker.asker_of(self.session, who)
        digest = agreement_proposals.preview(self.session, self.agreement, act).effects.digest
        return agreement_proposals.accept(self.session, waiting, lambda one: one == digest, found, Actor(who))

    def enters(self, at: datetime = TODAY) -> bool:
        """Whether the psychologist has the role in the school."""
        return bool(roles_of(self.session, self.psychologist, at))

    def sign(self, entity: UUID, **said: str) -> Sign:
        """The signature of a party."""
        return Sign(entity, SIGNED, **said)

    def unsign(self, *entities: UUID) -> None:
        """Let the agreement be without some signatures."""
        signed = {one: None if one in entities else SIGNED for one in (self.city, self.county)}
        parties = [Party(one, "controller", signature) for one, signature in signed.items()]
        access.set_parties(self.session, self.agreed.id, parties)


@pytest.fixture
def welfare(session: Session, monkeypatch: pytest.MonkeyPatch) -> Welfare:
    """It is in force, and the installation is in use."""
    monkeypatch.setattr(clock, "now", lambda: TODAY)
    ids = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("koulu", "school", "kunta", False),
        ("hva", "wellbeing-county", "marjala", True),
        ("opiskeluhuolto", "unit", "hva", False),
        ("naapuri", "municipality", "marjala", True),
    )
    access.role(session, access.application(session, ids["kunta"]))
    allows, term = {"psykologi": ["oppilaat:read"]}, (day("2026-08-01"), END)
    agreed = access.agreement(session, ids["kunta"], ids["hva"], ids["kunta"], allows, term=term)
    held = facts.affiliation(session, facts.person(session), ids["opiskeluhuolto"], occupation="psykologi")
    gives = {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}
    access.rule(session, ids["hva"], access.teachers(occupation="psykologi") | {"gives": gives}, "psykologit")
    access.derive_all(session)
    people = [facts.person(session) for _ in range(3)]
    for person_id, place in zip(people, (ids["kunta"], ids["kunta"], ids["hva"]), strict=True):
        for permission in (SIGN, WRITE):
            access.admin_grant(session, person_id, permission, place)
    source = facts.source(session, owner_id=ids["kunta"])
    facts.accepted(session, source, people[0])
    return Welfare(session, ids["kunta"], ids["hva"], ids["naapuri"], agreed, held.person_id, *people)
