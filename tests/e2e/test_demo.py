"""The demo does what it says, with real terraform and kubectl where they are, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from programs import EXAMPLE, everything_in, needs_kubectl, needs_terraform, step, wavetank, well

# Beside the lives of the examples the same steps take twice the time that they take alone.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: tmp_path_factory.mktemp(name) for name in ("home", "temporary", "result")}


@pytest.fixture(scope="module")
def summary(places: dict[str, Path]) -> dict[str, Any]:
    """The demo's own account of one run, with a home and a temporary folder of its own."""
    before = everything_in(EXAMPLE)
    file = places["result"] / "demo.json"
    environment = {"HOME": str(places["home"]), "TMPDIR": str(places["temporary"])}
    well(wavetank("demo", "--json", str(file), environment=environment, timeout=600))
    # Another demo may be running beside this one; compiled Python is the interpreter's.
    left = {
        path
        for path in everything_in(EXAMPLE) - before
        if not path.startswith(".wavetank") and "__pycache__" not in path
    }
    assert left == set()
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_every_step_succeeds_and_nothing_is_left(summary: dict[str, Any], places: dict[str, Path]) -> None:
    assert [step["step"] for step in summary["steps"] if not step["ok"]] == []
    assert summary["left"] == {"processes": [], "files": []}
    assert everything_in(places["home"]) == set()
    assert everything_in(places["temporary"]) == set()


@needs_terraform
def test_terraform_creates_agrees_and_destroys_everything(summary: dict[str, Any]) -> None:
    created = step(summary, "terraform apply")["terraform"]
    assert created["added"] > 40
    assert step(summary, "terraform plan again")["terraform"] == {"added": 0, "changed": 0, "destroyed": 0}
    assert step(summary, "terraform destroy")["terraform"]["destroyed"] == created["added"]


def test_predictions_have_probabilities_that_sum_to_one(summary: dict[str, Any]) -> None:
    predicted = step(summary, "health and predictions through the load balancer")
    assert len(predicted["predictions"]) == len(predicted["rows"])
    for answer in predicted["predictions"]:
        assert sum(answer["probabilities"]) == pytest.approx(1)
        assert answer["probability"] == max(answer["probabilities"])


def test_a_killed_process_heals_and_no_prediction_fails(summary: dict[str, Any]) -> None:
    healed = step(summary, "kill one pod's process while predictions go on")
    assert healed["requests"]["succeeded"] > 50
    assert healed["requests"]["failed"] == 0


@needs_kubectl
def test_the_objects_were_created_by_kubectl(summary: dict[str, Any]) -> None:
    objects = step(summary, "apply kubernetes")["objects"]
    assert "deployment.apps/ml-inference-api created" in objects
