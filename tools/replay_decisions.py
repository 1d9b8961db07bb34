"""Plays recorded decisions against the twin: ``python tools/replay_decisions.py RECORDED_DIR OUT_DIR [--set NAME]...``.

See ``--help``; the work is done in ``tools/decisions``.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    try:
        from tools.decisions.command import main
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed for {sys.executable}: run this with .venv/bin/python", file=sys.stderr)
        sys.exit(3)
    sys.exit(main())
