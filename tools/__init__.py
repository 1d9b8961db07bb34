"""Programs for those who work on wavetank; run as ``python tools/NAME.py`` from a clone."""
