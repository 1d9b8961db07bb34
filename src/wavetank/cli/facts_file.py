"""Where a user's own facts lie: in his data folder, as XDG has it."""

from __future__ import annotations

import os
from pathlib import Path


def facts_file() -> Path:
    """``$XDG_DATA_HOME/wavetank/facts.json``, below ``~/.local/share`` where that is not set."""
    base = os.environ.get("XDG_DATA_HOME")
    return Path(base) / "wavetank" / "facts.json" if base else Path.home() / ".local/share/wavetank/facts.json"
