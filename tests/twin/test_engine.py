"""Virtual time keeps its promises: order, determinism, causes, and errors that are never lost."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.twin.engine import Engine, Pacer


@given(st.lists(st.floats(min_value=0, max_value=1000)))
def test_actions_run_in_order_of_time_and_then_of_asking(delays: list[float]) -> None:
    engine = Engine()
    ran: list[tuple[float, int]] = []
    for number, delay in enumerate(delays):
        engine.call_later(delay, partial(ran.append, (delay, number)))
    engine.run_until(1000)
    assert ran == sorted(ran)
    assert engine.now == 1000


def test_the_same_seed_gives_the_same_randomness_whatever_other_streams_do() -> None:
    quiet, busy = Engine(seed=7), Engine(seed=7)
    busy.random("noise").random()
    assert quiet.random("names").random() == busy.random("names").random()
    assert quiet.random("names").random() != Engine(seed=8).random("names").random()


def test_a_cancelled_timer_does_nothing_and_does_not_hold_the_clock() -> None:
    engine = Engine()
    engine.call_later(5, lambda: pytest.fail("cancelled")).cancel()
    assert engine.next_seconds is None
    engine.run_until(10)


def test_an_exception_leaves_the_engine_instead_of_being_swallowed() -> None:
    engine = Engine()

    def break_down() -> None:
        raise ZeroDivisionError

    engine.call_later(1, break_down)
    with pytest.raises(ZeroDivisionError):
        engine.run_until(2)


def test_a_journal_entry_names_what_led_to_it() -> None:
    engine = Engine()

    def cause() -> None:
        engine.record("test", "caused", "a")
        engine.call_later(3, effect)

    def effect() -> None:
        engine.record("test", "followed", "b")

    engine.call_later(1, cause)
    engine.run_until(10)
    first, second = engine.journal
    assert (first.because, second.because, second.seconds) == (0, first.number, 4.0)


def test_a_pacer_follows_the_wall_clock_at_its_speed_and_takes_work_from_threads() -> None:
    async def scenario() -> tuple[float, int]:
        engine = Engine()
        fired: list[float] = []
        engine.call_later(2, lambda: fired.append(engine.now))
        pacer = Pacer(engine, speed=100)
        task = asyncio.create_task(pacer.run())
        await asyncio.sleep(0)
        answer = await asyncio.to_thread(lambda: pacer.submit(lambda: 42).result(timeout=5))
        while not fired:
            await asyncio.sleep(0.001)
        task.cancel()
        return fired[0], answer

    fired, answer = asyncio.run(scenario())
    assert (fired, answer) == (2, 42)
