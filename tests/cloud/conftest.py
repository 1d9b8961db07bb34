"""One embedded AWS per test. Starting one costs little; its first request to EC2 costs a quarter of a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit import Heard

from wavetank.cloud import Cloud


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def cloud(heard: Heard) -> Iterator[Cloud]:
    with Cloud(listeners=[heard]) as running:
        yield running
