"""A pytest plugin of the tests beside it: one cluster for each file, which uses one client library as its documentation does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twins import Reached, open_twin


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    with open_twin(tmp_path_factory.mktemp("twin")) as found:
        yield found
