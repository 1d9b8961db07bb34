"""Order: the end-to-end tests begin first. They mostly wait for programs, and the others fill the processors meanwhile."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
