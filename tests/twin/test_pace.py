"""The pacer's other speeds: a clock that stands until somebody moves it, and one that runs as fast as it can."""

from __future__ import annotations

import asyncio
import math

from wavetank.twin.engine import Engine, Pacer


def test_a_clock_that_stands_moves_only_when_it_is_advanced_and_then_runs_all_that_is_due() -> None:
    async def scenario() -> tuple[list[float], list[float], float]:
        engine = Engine()
        fired: list[float] = []
        for seconds in (1, 5, 50):
            engine.call_later(seconds, lambda: fired.append(engine.now))
        pacer = Pacer(engine, speed=0)
        task = asyncio.create_task(pacer.run())
        await asyncio.sleep(0.02)
        before = list(fired)
        await pacer.advance(10)
        task.cancel()
        return before, fired, engine.now

    assert asyncio.run(scenario()) == ([], [1, 5], 10)


def test_what_is_asked_for_at_once_happens_on_a_clock_that_stands() -> None:
    async def scenario() -> list[float]:
        engine = Engine()
        fired: list[float] = []
        pacer = Pacer(engine, speed=0)
        task = asyncio.create_task(pacer.run())
        await asyncio.sleep(0)
        engine.call_soon(lambda: fired.append(engine.now))
        while not fired:
            await asyncio.sleep(0.001)
        task.cancel()
        return fired

    assert asyncio.run(scenario()) == [0]


def test_a_running_clock_can_be_moved_ahead() -> None:
    async def scenario() -> float:
        engine = Engine()
        wall = iter(range(1000))
        pacer = Pacer(engine, speed=1, wall=lambda: next(wall))
        await pacer.advance(100)
        return engine.now

    assert 100 <= asyncio.run(scenario()) < 120


def test_the_fastest_clock_runs_from_one_event_to_the_next_and_stops_where_there_is_none() -> None:
    async def scenario() -> tuple[int, float]:
        engine = Engine()
        count = 0

        def tick() -> None:
            nonlocal count
            count += 1
            if count < 10_000:
                engine.call_later(3600, tick)

        engine.call_later(3600, tick)
        pacer = Pacer(engine, speed=math.inf)
        task = asyncio.create_task(pacer.run())
        while count < 10_000:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        task.cancel()
        return count, engine.now

    assert asyncio.run(scenario()) == (10_000, 36_000_000)
