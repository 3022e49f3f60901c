"""What is kept of a reading comes back as it was read, and opens with the installation's own key only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy.orm import Session, sessionmaker

from connectors.contract import Item
from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Rejected
from iam.database.engine import make_sessions
from iam.directory.source import KeptReading, Run, Source
from iam.sources import kept
from iam.sources.kept import Kept
from iam.sources.report import Report
from iam.vault import Vault, VaultError
from tests.kit.factories import facts

VAULT = Vault(bytes(range(32)))
TEXT = st.text(max_size=20)
ITEMS = st.one_of(
    st.builds(
        Record,
        TEXT,
        TEXT,
        st.dictionaries(TEXT, st.one_of(TEXT, st.lists(TEXT, max_size=3).map(tuple)), max_size=4),
        st.binary(min_size=16, max_size=16),
        st.none() | TEXT,
        st.none() | st.integers(1, 10**6),
    ),
    st.builds(Deleted, TEXT, TEXT),
    st.builds(
        Rejected,
        TEXT,
        st.none() | TEXT,
        st.builds(Problem, TEXT, params=st.dictionaries(TEXT, st.integers(), max_size=2)),
    ),
)


class Said:
    """A source that says just this."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self.evidence = Evidence(len(items), "d", "h", finished=True, declared=len(items))
        self.checkpoint = "c"

    def read(self) -> Said:
        return self

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def run(session: Session) -> Run:
    town = facts.tree(session, ("kunta", "municipality", None, True))["kunta"]
    source = facts.source(session, town)
    told: dict[str, Any] = {
        "phases": {},
        "counts": {},
        "reasons": [],
        "dry_run": False,
        "started_at": facts.day("2026-09-15"),
    }
    row = Run(source_id=source.id, state="held", **told)
    session.add(row)
    session.commit()
    return row


@pytest.fixture
def sessions(session: Session) -> sessionmaker[Session]:
    return make_sessions(session.get_bind())  # type: ignore[arg-type]


def keep(
    sessions: sessionmaker[Session], run: Run, items: Sequence[Item], monkeypatch: pytest.MonkeyPatch, digest: str = "d"
) -> str:
    with sessions() as session:
        key = session.get_one(Source, run.source_id).key
    monkeypatch.setattr(kept, "connector_of", lambda _: Said(items))
    kept.keep(sessions, VAULT, key, Report(run.id, key, digest=digest, header="h"))
    return key


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(ITEMS, max_size=8))
def test_what_is_kept_comes_back_as_it_was_read(
    sessions: sessionmaker[Session], run: Run, monkeypatch: pytest.MonkeyPatch, items: list[Item]
) -> None:
    monkeypatch.setattr(kept, "AT_ONCE", 3)
    keep(sessions, run, items, monkeypatch)
    with sessions() as session:
        found = Kept(session, VAULT, run.id)
    assert (bool(found), list(found)) == (True, items)
    assert (found.evidence, found.checkpoint) == (Said(items).evidence, "c")


def test_what_only_fills_a_sentence_may_be_of_any_kind(
    sessions: sessionmaker[Session], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(sessions, run, [Rejected("k", None, Problem("m", params={"day": date(2026, 9, 1)}))], monkeypatch)
    with sessions() as session:
        (item,) = Kept(session, VAULT, run.id)
    assert isinstance(item, Rejected)
    assert item.problem.params == {"day": "2026-09-01"}


def test_where_the_source_says_something_else_by_then_nothing_is_kept(
    sessions: sessionmaker[Session], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(sessions, run, [], monkeypatch, digest="other")
    with sessions() as session:
        assert not Kept(session, VAULT, run.id)


def test_it_opens_with_no_other_key_and_in_no_other_row(
    sessions: sessionmaker[Session], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(sessions, run, [Deleted("k", "1")], monkeypatch)
    with sessions() as session:
        with pytest.raises(VaultError):
            Kept(session, Vault(bytes(32)), run.id)
        first, second = session.query(KeptReading).order_by(KeptReading.n)
        first.sealed, second.sealed = second.sealed, first.sealed
        session.flush()
        with pytest.raises(VaultError):
            Kept(session, VAULT, run.id)
