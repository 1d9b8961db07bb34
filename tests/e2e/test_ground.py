"""The ground of a platform by the real Terraform on the embedded AWS: formatted, valid, applied, no changes, gone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from programs import needs_terraform

from wavetank.app.existing import made_for
from wavetank.app.terraform import Terraform, keep_state_in
from wavetank.cloud import Cloud
from wavetank.plan import Plan, plan
from wavetank.render import render, write
from wavetank.spec import load

pytestmark = [pytest.mark.e2e, needs_terraform, pytest.mark.timeout(600)]
PLATFORM = Path(__file__).parents[1] / "data" / "ground" / "platform.yaml"


@dataclass(frozen=True)
class Ground:
    """One environment rendered into a folder, and the AWS it goes to."""

    plan: Plan
    folder: Path
    cloud: Cloud
    terraform: Terraform


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        yield running


def rendered(cloud: Cloud, environment: str, folder: Path) -> Ground:
    planned = plan(load(PLATFORM, environment))
    write(render(planned), folder)
    keep_state_in(folder / "terraform")
    variables = {**os.environ, **cloud.client_environment(planned.region)}
    made_for(planned, variables)
    return Ground(planned, folder, cloud, Terraform(folder / "terraform", folder / "work", variables))


def assert_formatted(folder: Path) -> None:
    quiet = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    words = ["terraform", "fmt", "-check", "-diff", "-no-color", "terraform"]
    done = subprocess.run(words, cwd=folder, env=quiet, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def live_once(ground: Ground) -> None:
    """From nothing to nothing."""
    assert_formatted(ground.folder)
    ground.terraform.init()
    ground.terraform.validate()
    applied = ground.terraform.apply()
    assert (applied.changed, applied.destroyed) == (0, 0)
    again = ground.terraform.plan()
    assert again.changes_nothing, again.text
    destroyed = ground.terraform.destroy()
    assert destroyed.destroyed == applied.added > 95
    assert ground.cloud.refused_calls == ()


@pytest.mark.parametrize("environment", ["dev", pytest.param("production", marks=pytest.mark.slow)])
def test_it_is_formatted_valid_and_can_be_planned(cloud: Cloud, tmp_path: Path, environment: str) -> None:
    ground = rendered(cloud, environment, tmp_path)
    assert_formatted(ground.folder)
    ground.terraform.init()
    planned = ground.terraform.plan()
    assert (planned.added > 95, planned.changed, planned.destroyed) == (True, 0, 0)
    assert ground.cloud.refused_calls == ()


@pytest.mark.slow
def test_without_nat_and_with_pod_identity_it_applies_replans_clean_and_goes(cloud: Cloud, tmp_path: Path) -> None:
    live_once(rendered(cloud, "production", tmp_path))


@pytest.mark.slow
def test_with_an_interruption_queue_and_an_existing_zone_as_well(cloud: Cloud, tmp_path: Path) -> None:
    live_once(rendered(cloud, "dev", tmp_path))
