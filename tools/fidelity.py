"""Writes ``docs/fidelity.md``: how far the twin decides as Kubernetes does, with every known difference.

``python tools/fidelity.py`` writes the page from the kept results; with ``--replay`` it first plays all recordings kept with
the tests (half a minute) and keeps what came of it; with ``--check`` it writes nothing and fails if the page is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from tools.decisions.page import main

    sys.exit(main(sys.argv[1:]))
