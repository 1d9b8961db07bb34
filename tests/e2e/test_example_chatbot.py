"""A life of the example chatbot on the embedded AWS, by the real Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_lives import MARKS, live_once

pytestmark = MARKS
ENVIRONMENTS = [
    "dev",
    pytest.param("staging", marks=pytest.mark.slow),
    pytest.param("production", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_is_formatted_valid_comes_up_replans_clean_and_goes_without_a_trace(
    environment: str, tmp_path: Path
) -> None:
    live_once("chatbot", environment, tmp_path)
