"""``python -m wavetank``: the same as the command."""

from wavetank.cli import main

main()
