"""Real kubectl applies every example in every environment to a cluster with its charts, as a dry run and for good."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from worlds import ApiWorld, open_api

from example_bundles import bundle, cases, plan_of
from wavetank.kube.conditions import is_true
from wavetank.kube.types import Obj
from wavetank.plan import Plan
from wavetank.render import write
from wavetank.render.kubernetes.script import TEMPLATE_IS_MADE
from wavetank.twin.components import StandIns, install
from wavetank.twin.nodes.loadbalancer import ModelledLoadBalancers
from wavetank.twin.nodes.scripted import ScriptedNode

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
TEMPLATES = "kubernetes/03-policy-templates.yaml"
FILE_SYSTEM = "fs-0123456789abcdef0"
#: applied in every run: the one with a mesh and policies, and the one with most charts
QUICK = (("microservices", "production"), ("model-platform", "production"))
CASES = [pytest.param(*each, marks=() if each in QUICK else pytest.mark.slow, id="-".join(each)) for each in cases()]
#: one machine with room for what charts bring
MACHINE = ScriptedNode(
    "one", "10.0.101.11", {"cpu": "64", "memory": "256Gi", "pods": "250", "ephemeral-storage": "99Gi"}
)


@contextmanager
def cluster_of(planned: Plan, folder: Path) -> Iterator[Callable[..., str]]:
    """kubectl against a cluster that has the charts and add-ons of a plan."""
    world = ApiWorld((MACHINE,), version=planned.cluster.version)
    stand_ins = StandIns(world.cluster, ModelledLoadBalancers())
    for addon in planned.add_ons:
        install(world.cluster, addon.name, addon.version or "default", addon.configuration)
    for release in planned.helm_releases:
        install(world.cluster, release.chart, release.version, release.values)
    with open_api(world):
        world.api.write_kubeconfig(folder / "kubeconfig")
        wait_for_definitions(world)
        yield lambda *words: output_of(folder, *words)
    stand_ins.close()


def definitions(world: ApiWorld) -> list[Obj]:
    return world.pacer.submit(partial(world.cluster.list, DEFINITIONS)).result(20)


def wait_for_definitions(world: ApiWorld) -> None:
    """Until the kinds of all charts are served."""
    deadline = time.monotonic() + 30
    while not all(is_true(each, "Established") for each in definitions(world)):
        assert time.monotonic() < deadline, "the definitions of the charts were not served in time"
        time.sleep(0.05)


def output_of(folder: Path, *words: str) -> str:
    """What a program prints that must succeed; kubectl in it reaches the cluster, and terraform knows one file system."""
    terraform = folder / "bin" / "terraform"
    if not terraform.exists():
        terraform.parent.mkdir()
        terraform.write_text(f"#!/bin/sh\nprintf {FILE_SYSTEM}\n")
        terraform.chmod(0o755)
    variables = os.environ | {
        "PATH": f"{terraform.parent}{os.pathsep}{os.environ['PATH']}",
        "KUBECONFIG": str(folder / "kubeconfig"),
        "KUBECACHEDIR": str(folder / "cache"),
    }
    done = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(("name", "environment"), CASES)
def test_a_dry_run_and_a_real_apply_succeed(name: str, environment: str, tmp_path: Path) -> None:
    """The dry run stands on what cannot be pretended: namespaces, and kinds that are made of templates."""
    write(bundle(name, environment), tmp_path)
    script = tmp_path / "apply.sh"
    with cluster_of(plan_of(name, environment), tmp_path) as run:
        run("kubectl", "apply", "-f", "kubernetes/00-namespaces.yaml")
        if (tmp_path / TEMPLATES).exists():
            run("kubectl", "apply", "-f", TEMPLATES)
            run("kubectl", "wait", f"--for={TEMPLATE_IS_MADE}", "-f", TEMPLATES, "--timeout=30s")
        run("kubectl", "apply", "--server-side", "--dry-run=server", "-f", "kubernetes")
        applied = run(str(script)) if script.exists() else run("kubectl", "apply", "-f", "kubernetes")
        assert f"namespace/{plan_of(name, environment).namespaces[0].name} unchanged" in applied
