"""Where moto's answers differ from AWS's in a way that Terraform notices: one file per service.

Each file holds its ``PATCHES``; ``applied`` checks that everything they replace still exists, and puts the originals back
when the embedded AWS stops. To fix another service write its file and add one line to ``SERVICES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from wavetank.cloud.fixes import launch_templates, security_groups, sts
from wavetank.cloud.fixes.patch import Context, Patch, patched

SERVICES = (
    sts,
    launch_templates,
    security_groups,
)


def patches() -> tuple[Patch, ...]:
    return tuple(patch for service in SERVICES for patch in service.PATCHES)


@contextmanager
def applied(context: Context) -> Iterator[None]:
    """All patches, while the context lasts."""
    with ExitStack() as stack:
        for patch in patches():
            stack.enter_context(patched(patch, context))
        yield
