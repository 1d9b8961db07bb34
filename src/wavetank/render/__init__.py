"""Plan → files. ``render(plan)`` is a pure function: the same plan gives the same bytes.

Here belong the formats (``hcl``, ``yaml``), the renderers (``terraform``, ``kubernetes``, ``helm``: one module per file group,
each listed in a visible tuple), the trace from each line to the plan, and ``explain``. Forbidden: network, processes, and any
disk access outside ``bundle.write`` and ``explain``.
"""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render import helm, kubernetes, terraform
from wavetank.render.bundle import Bundle, RenderedFile, Written, write
from wavetank.render.explain import Explanation, explain
from wavetank.render.origins import origins_of

__all__ = ["Bundle", "Explanation", "RenderedFile", "Written", "explain", "render", "write"]

#: one line per folder of the bundle
RENDERERS = (terraform.files, kubernetes.files, helm.files)


def render(plan: Plan) -> Bundle:
    """All files of the platform, with the thread from every line back to the plan."""
    files = {name: file for renderer in RENDERERS for name, file in renderer(plan).items()}
    paths = {line.path for file in files.values() for line in file.lines if line.path}
    return Bundle(files, origins_of(plan, paths), plan.spec_file, plan.environment)
