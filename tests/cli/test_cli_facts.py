"""``wavetank facts``: own facts are shown, preferred by every verb, and a broken file is told with its remedy."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from command_line import EXAMPLE, ON, wavetank

from wavetank.app.facts import write_facts
from wavetank.catalog.learned import Learned


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "wavetank" / "facts.json"


def test_without_own_facts_the_packaged_ones_are_told(own_file: Path) -> None:
    told = wavetank("facts", "show", "--format", "json").json
    assert told["own facts"] == "none"
    assert told["own file"] == str(own_file)
    assert int(told["instance types"]) > 400


def test_own_prices_are_used_by_every_verb(own_file: Path) -> None:
    prices = {"ap-southeast-2": {"t3.medium": Decimal("0.05")}}
    write_facts(own_file, Learned("fetched for me", date(2026, 11, 20), {}, prices, {}))
    lines = wavetank("cost", EXAMPLE, "-e", "production", "--format", "json", *ON).json["lines"]
    machine = next(line for line in lines if line["meter"] == "ec2:t3.medium")
    assert (machine["unitPrice"]["usd"], machine["unitPrice"]["source"]) == ("0.05", "fetched for me")
    assert "1 prices of machines" in wavetank("facts", "show").out


def test_a_broken_file_of_own_facts_is_told_with_its_remedy(own_file: Path) -> None:
    own_file.parent.mkdir()
    own_file.write_text(json.dumps({"facts": 1}))
    ended = wavetank("cost", EXAMPLE)
    assert ended.code == 2
    assert "wavetank facts update" in ended.err
