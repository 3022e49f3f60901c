"""Where a directory's and a connection's word counts: for whom, for which of their positions, and until when."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.source import Source, SourceOpening
from iam.signin.federation import reach
from iam.signin.federation.connection import Connection
from tests.kit.factories import facts


class Towns:
    """Two towns with a school each; the first has a directory, a connection, and Aino, who also teaches in the
    second."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.ids = facts.tree(
            session,
            ("ALA", "municipality", None, True),
            ("YLA", "municipality", None, True),
            ("KOIVU", "school", "ALA", False),
            ("KUUSI", "school", "YLA", False),
        )
        directory = Source(
            key="ad",
            connector="ldap",
            owner_id=self.ids["ALA"],
            settings={},
            correlate=[],
            zone=clock.HELSINKI,
            priority=1,
            purpose="x",
        )
        connection = Connection(
            key="ala",
            name={},
            issuer="https://login.example",
            client_id="a",
            domains=[],
            identifier={},
            owner_id=self.ids["ALA"],
        )
        session.add_all([directory, connection])
        session.flush()
        self.source_id, self.connection_id = directory.id, connection.id
        self.proofs = {"source": reach.of_source(directory.id), "connection": reach.of_connection(connection.id)}
        self.aino = facts.person(session, "Aino")
        for school in ("KOIVU", "KUUSI"):
            facts.affiliation(session, self.aino, self.ids[school])

    def opened(self, proof: str, person_id: UUID | None = None) -> set[str]:
        """The keys of the organisations, and the word guardian, of what a proof opens now."""
        who = person_id or self.aino
        found = reach.capacities_by(self.session, [proof], who, clock.now())
        assert found is not None
        places = self.session.execute(select(Affiliation.fact_id, Affiliation.organisation_id)).all()
        keys = {id_: key for key, id_ in self.ids.items()}
        by = {fact: keys[place] for fact, place in places}
        return {by.get(one, "guardian") for one in found}


@pytest.fixture
def towns(session: Session, frozen: object) -> Towns:
    """They stand."""
    return Towns(session)


@pytest.mark.parametrize("kind", ["source", "connection"])
def test_a_towns_word_opens_the_positions_in_that_town_only(towns: Towns, kind: str) -> None:
    assert towns.opened(towns.proofs[kind]) == {"KOIVU"}
    assert reach.lets_in(towns.session, towns.proofs[kind], towns.aino)
    stranger = facts.person(towns.session, "Eino")
    facts.affiliation(towns.session, stranger, towns.ids["KUUSI"])
    assert not reach.lets_in(towns.session, towns.proofs[kind], stranger)


def test_a_directory_serves_a_town_for_as_long_as_it_opened_itself(towns: Towns) -> None:
    now = clock.now()
    row = SourceOpening(
        source_id=towns.source_id,
        organisation_id=towns.ids["YLA"],
        valid_from=now,
        valid_to=now + timedelta(days=2),
        opened_by=facts.change(towns.session).id,
    )
    towns.session.add(row)
    towns.session.flush()
    assert towns.opened(towns.proofs["source"]) == {"KOIVU", "KUUSI"}
    with clock.fixed(now + timedelta(days=2)):
        assert towns.opened(towns.proofs["source"]) == {"KOIVU"}


def test_a_directory_that_is_disabled_and_a_connection_that_is_retired_prove_nobody(towns: Towns) -> None:
    towns.session.execute(update(Source).values(disabled=True))
    towns.session.execute(update(Connection).values(retired=True))
    for proof in towns.proofs.values():
        assert towns.opened(proof) == set()
        assert not reach.lets_in(towns.session, proof, towns.aino)


def test_a_guardian_acts_by_a_towns_word_for_a_child_who_is_nowhere_else(towns: Towns) -> None:
    session, proof = towns.session, towns.proofs["connection"]
    child, parent = facts.person(session, "Lapsi"), facts.person(session, "Vanhempi")
    facts.affiliation(session, child, towns.ids["KOIVU"], kind="student")
    facts.relationship(session, parent, child)
    assert session.scalars(select(Relationship.kind)).one() == "guardian_of"
    assert towns.opened(proof, parent) == {"guardian"}
    facts.affiliation(session, child, towns.ids["KUUSI"], kind="student")
    assert towns.opened(proof, parent) == set(), "her rights in the other town's school need something of her own"
    assert reach.lets_in(session, proof, parent)


def test_what_else_a_session_remembers_opens_nothing(towns: Towns) -> None:
    assert reach.capacities_by(towns.session, ["factor:totp:1"], towns.aino, clock.now()) == frozenset()
    assert reach.capacities_by(towns.session, ["factor:totp:1", "own"], towns.aino, clock.now()) is None
