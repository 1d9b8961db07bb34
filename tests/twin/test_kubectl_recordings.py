"""Real kubectl sees what it saw against real Kubernetes: sessions recorded there pass here, step by step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubectl_replay import replayed, session
from worlds import ApiWorld, open_api, recorded_nodes

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]

#: Sessions of which every step is equal.
PASSING: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The world the recordings were made in."""
    path = tmp_path_factory.mktemp("recordings") / "kubeconfig"
    with open_api(ApiWorld(recorded_nodes())) as world:
        world.api.write_kubeconfig(path)
        yield path


@pytest.mark.parametrize("name", PASSING)
def test_kubectl_prints_what_it_printed_against_real_kubernetes(name: str, kubeconfig: Path, tmp_path: Path) -> None:
    report = replayed(session(name), kubeconfig, tmp_path)
    assert not report.failures, report.text
