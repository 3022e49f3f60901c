"""AU-04, C-15: one budget of failures an account, however and wherever it is tried."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.database.engine import make_engine
from iam.signin.accounts.account import FailureBudget
from iam.signin.passwords import throttle
from iam.vault import Vault

NOW = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)
VAULT = Vault(b"k" * 32)
AINO = throttle.account_key(VAULT, "aino")


def fail(session: Session, account: bytes = AINO) -> bool:
    """Whether a failing try was let through."""
    return throttle.begin(session, account).again_at is None


def test_ten_failures_an_hour_and_then_none(session: Session, frozen: datetime) -> None:
    assert [fail(session) for _ in range(12)] == [True] * 10 + [False] * 2
    assert fail(session, throttle.account_key(VAULT, "eino"))


def test_the_answer_says_when_to_try_again_and_then_it_may_be_tried(
    session: Session, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    for _ in range(10):
        fail(session)
    again_at = throttle.begin(session, AINO).again_at
    assert again_at is not None
    assert timedelta(hours=1) <= again_at - frozen <= timedelta(hours=1) + throttle.STEP
    at(again_at - timedelta(seconds=1))
    assert not fail(session)
    at(again_at)
    assert fail(session)


def test_fifty_failures_a_day_and_then_none(session: Session, at: Callable[[datetime], None]) -> None:
    let = 0
    for hour in range(24):
        at(NOW + timedelta(hours=hour))
        let += sum(fail(session) for _ in range(20))
    assert let == 50


def test_a_success_is_given_back_and_never_counted(session: Session, frozen: datetime) -> None:
    for _ in range(30):
        made = throttle.begin(session, AINO)
        assert made.again_at is None
        throttle.forgive(session, made)
    assert sum(fail(session) for _ in range(20)) == 10


def test_every_way_to_write_a_login_has_one_budget() -> None:
    written = (
        "aino.virtanen",
        "AINO.Virtanen",
        "  aino.virtanen ",
        "ａｉｎｏ.virtanen",
        "aino.virtanen\t",
        "AINO．VIRTANEN",
    )
    assert len({throttle.account_key(VAULT, login) for login in written}) == 1


def test_a_browser_known_to_the_account_is_not_locked_out_by_others(session: Session, frozen: datetime) -> None:
    while fail(session):
        pass
    assert fail(session, throttle.account_key(VAULT, "aino", "the owner's browser"))


def test_a_login_is_not_stored_and_not_found_without_the_key() -> None:
    assert b"aino" not in AINO
    assert throttle.account_key(Vault(b"x" * 32), "aino") != AINO


def test_a_restart_forgives_nothing(database_url: str, frozen: datetime) -> None:
    let = 0
    for _ in range(6):
        engine = make_engine(database_url)
        with Session(engine) as session, session.begin():
            let += sum(fail(session) for _ in range(3))
        engine.dispose()
    assert let == 10


def test_of_parallel_guesses_no_more_than_ten_are_let_through(engine: Engine) -> None:
    def guess(_n: int) -> bool:
        with Session(engine) as session, session.begin(), clock.fixed(NOW):
            return fail(session)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(60))) == 10


def test_counts_that_no_limit_looks_at_are_tidied_away(session: Session, at: Callable[[datetime], None]) -> None:
    at(NOW)
    fail(session)
    at(NOW + timedelta(hours=23))
    fail(session)
    at(NOW + timedelta(days=1, hours=1))
    throttle.tidy(session)
    assert session.scalar(select(func.count()).select_from(FailureBudget)) == 1


@given(st.lists(st.integers(0, 3 * 86400), max_size=120))
def test_no_hour_ever_holds_more_than_ten_failures_and_no_day_more_than_fifty(seconds: list[int]) -> None:
    let: list[datetime] = []
    for second in sorted(seconds):
        now = NOW + timedelta(seconds=second)
        counted: dict[datetime, int] = {}
        for at in let:
            step = NOW + (at - NOW) // throttle.STEP * throttle.STEP
            counted[step] = counted.get(step, 0) + 1
        until = throttle.spent_until(list(counted.items()), now)
        assert until is None or until > now
        if until is None:
            let.append(now)
    for span, limit in throttle.LIMITS:
        assert all(sum(at <= other < at + span for other in let) <= limit for at in let)
