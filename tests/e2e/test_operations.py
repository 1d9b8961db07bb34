"""What it takes to run a platform, by the real Terraform on the embedded AWS: formatted, valid, applied, no changes, gone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from programs import needs_terraform

from wavetank.app.existing import made_for
from wavetank.app.terraform import Terraform, keep_state_in
from wavetank.cloud import Cloud
from wavetank.plan import plan
from wavetank.render import render, write
from wavetank.spec import load

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needs_terraform, pytest.mark.timeout(900)]
PLATFORM = Path(__file__).parents[1] / "data" / "operations" / "platform.yaml"


def test_secrets_registry_backups_copies_alarms_budgets_and_roles_apply_replan_clean_and_go(tmp_path: Path) -> None:
    planned = plan(load(PLATFORM, "production"))
    write(render(planned), tmp_path)
    _assert_formatted(tmp_path)
    keep_state_in(tmp_path / "terraform")
    with Cloud() as cloud:
        variables = {**os.environ, **cloud.client_environment(planned.region)}
        made_for(planned, variables)
        terraform = Terraform(tmp_path / "terraform", tmp_path / "work", variables)
        terraform.init()
        terraform.validate()
        applied = terraform.apply()
        assert (applied.changed, applied.destroyed) == (0, 0)
        again = terraform.plan()
        assert again.changes_nothing, again.text
        destroyed = terraform.destroy()
        assert destroyed.destroyed == applied.added > 90
        assert cloud.refused_calls == ()


def _assert_formatted(folder: Path) -> None:
    quiet = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    words = ["terraform", "fmt", "-check", "-diff", "-no-color", "terraform"]
    done = subprocess.run(words, cwd=folder, env=quiet, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
