"""Turns at checking passwords."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from iam.settings import Listen
from iam.signin.passwords.turns import AT_ONCE, WAITING, Busy, Turns


def test_no_more_are_inside_at_once_than_there_are_turns_and_all_get_one() -> None:
    turns, met, most, inside = Turns(at_once=2, waiting=6), Barrier(8), [0], [0]

    def come() -> None:
        met.wait()
        with turns.one():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(come) for _ in range(8)]:
            done.result()
    assert 1 <= most[0] <= 2


def test_whoever_finds_the_queue_full_is_told_at_once_and_gets_a_turn_when_it_is_not() -> None:
    turns, entered, leave = Turns(at_once=1, waiting=0), Event(), Event()

    def stay() -> None:
        with turns.one():
            entered.set()
            leave.wait()

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(stay)
        entered.wait()
        with pytest.raises(Busy), turns.one():
            pass
        leave.set()
        staying.result()
    with turns.one():
        pass


def test_nobody_waits_longer_than_the_longest_and_an_error_gives_the_turn_back() -> None:
    turns = Turns(at_once=1, waiting=1, longest=0.01)
    with turns.one(), pytest.raises(Busy), turns.one():
        pass
    with pytest.raises(ZeroDivisionError), turns.one():
        raise ZeroDivisionError
    with turns.one():
        pass


def test_a_process_has_threads_left_when_every_turn_and_place_is_taken() -> None:
    assert Listen().threads > AT_ONCE + WAITING
