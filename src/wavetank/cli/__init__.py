"""The command line: one file per verb in ``verbs``. Reads the environment, prints and routes; decides nothing."""

from .main import main

__all__ = ["main"]
