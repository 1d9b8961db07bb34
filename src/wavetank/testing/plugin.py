"""The pytest plugin: fixtures that hold a cluster. pytest loads it wherever wavetank is installed (entry point ``pytest11``).

Imports nothing of a cluster until a test asks for one, so that it costs other tests nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .clusters import Cluster

MARK = "wavetank"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARK}(nodes=3, version=..., speed=0, kubelet=..., components=..., seed=0): how wavetank_cluster is made",
    )


@pytest.fixture
def wavetank_clusters(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters, each with the options of ``wavetank.testing.cluster``; all end with the test."""
    from .clusters import cluster

    with ExitStack() as running:
        count = 0

        def make(**options: Any) -> Cluster:
            nonlocal count
            count += 1
            folder = tmp_path / f"wavetank-{count}"
            return running.enter_context(cluster(**{"folder": folder, **options}))

        yield make


@pytest.fixture
def wavetank_cluster(request: pytest.FixtureRequest, wavetank_clusters: Callable[..., Cluster]) -> Cluster:
    """A cluster of this test's own, made as ``@pytest.mark.wavetank(...)`` says: by default three nodes and a clock that the
    test moves.
    """
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(MARK))):
        options |= mark.kwargs
    return wavetank_clusters(**options)
