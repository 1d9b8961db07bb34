"""Shows the steps of a job on a terminal, or plainly where there is none."""

from __future__ import annotations

import sys
import time

import click

from wavetank.app.progress import Step

#: A passing line is shown where it can be overwritten; elsewhere only when nothing was said for this long.
QUIET_SECONDS = 10.0


class TerminalProgress:
    """Writes to stderr, so that stdout keeps the result. On a terminal passing lines overwrite each other."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._said_at = time.monotonic()
        self._last = ""

    def begun(self, step: Step) -> None:
        command = click.style(f"  $ {step.command}", dim=True) if step.command else ""
        self._say(click.style(f"▸ {step.title}", bold=True) + command)

    def progressed(self, step: Step, text: str) -> None:
        if self._live:
            width = max(20, _columns() - 6)
            click.echo(f"\r\033[K    {text[:width]}", nl=False, err=True)
        elif text != self._last and time.monotonic() - self._said_at > QUIET_SECONDS:
            self._say(f"    ... {text}")
            self._last = text

    def noted(self, step: Step, text: str) -> None:
        for line in text.splitlines():
            self._say(f"    {line}")

    def ended(self, step: Step) -> None:
        self._say(f"  {_mark(step)} ({step.seconds:.1f} s)")

    def _say(self, text: str) -> None:
        self._said_at = time.monotonic()
        click.echo(("\r\033[K" if self._live else "") + text, err=True)


def _mark(step: Step) -> str:
    if step.ok:
        return click.style("ok", fg="green")
    return click.style("interrupted", fg="yellow") if step.interrupted else click.style("failed", fg="red")


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
