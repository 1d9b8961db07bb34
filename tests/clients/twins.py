"""A cluster for clients of all kinds: three modelled nodes, two images that run as processes, one kubeconfig."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wavetank.app.bare import BareTwin, commands_of
from wavetank.twin.bare import BareOptions

#: "web" serves the pod's folder over HTTP at the container's port; "tool" is what the container says.
IMAGES = (f"web={sys.executable} -m http.server {{PORT}} --bind {{HOST}}", "tool")
WEB_PORT = 8080


@dataclass(frozen=True)
class Reached:
    """How clients reach the cluster."""

    kubeconfig: Path
    folder: Path


@contextmanager
def open_twin(folder: Path) -> Iterator[Reached]:
    """A cluster in real time inside the block."""
    variables = {"PATH": os.environ["PATH"]}
    options = BareOptions(
        local_commands=commands_of(IMAGES),
        environment=variables,
        state_folder=folder / "pods",
    )
    with BareTwin(options) as twin:
        twin.write_kubeconfig(folder / "kubeconfig")
        yield Reached(folder / "kubeconfig", folder)


def container(image: str, *words: str) -> dict[str, object]:
    """A container called "main" of an image; "web" is Ready once it answers."""
    more: dict[str, object] = {"command": list(words)} if words else {}
    if image == "web":
        more["readinessProbe"] = {"httpGet": {"path": "/", "port": WEB_PORT}, "periodSeconds": 1}
    return {"name": "main", "image": image, "ports": [{"containerPort": WEB_PORT}], **more}


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Look again and again until it holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
