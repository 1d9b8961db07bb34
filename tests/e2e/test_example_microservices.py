"""A life of the example microservices on the embedded AWS, by the real Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_lives import MARKS, live_once

pytestmark = MARKS
#: A life takes minutes of two cores: `make test` lives those of the chatbot, the model platform and the inference service.
ENVIRONMENTS = [pytest.param(name, marks=pytest.mark.slow) for name in ("staging", "production")]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_is_formatted_valid_comes_up_replans_clean_and_goes_without_a_trace(
    environment: str, tmp_path: Path
) -> None:
    live_once("microservices", environment, tmp_path)
