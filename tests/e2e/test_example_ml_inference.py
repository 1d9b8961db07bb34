"""A life of the example ml-inference on the embedded AWS, by the real Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_lives import MARKS, live_once

pytestmark = MARKS
#: The demo and `up` live this example through in every run of the tests already.
ENVIRONMENTS = [pytest.param(name, marks=pytest.mark.slow) for name in ("dev", "production")]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_is_formatted_valid_comes_up_replans_clean_and_goes_without_a_trace(
    environment: str, tmp_path: Path
) -> None:
    live_once("ml-inference", environment, tmp_path)
