"""The files that readers and rules are given: names and texts, read (and charts rendered) by ``app``."""

from __future__ import annotations

from dataclasses import dataclass

#: endings of programs and scripts, which a few rules read
PROGRAMS = (".py", ".ts", ".tsx", ".js", ".mjs", ".sh", ".md")


@dataclass(frozen=True)
class SourceFile:
    """One file. ``name`` is shown in findings, with "/" between folders."""

    name: str
    text: str
    #: made by a tool (helm, kustomize) of the files in ``name``: its lines are nobody's
    rendered: bool = False

    @property
    def folder(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def base(self) -> str:
        return self.name.rpartition("/")[2]
