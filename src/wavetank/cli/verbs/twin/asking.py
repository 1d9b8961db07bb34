"""What the verbs that ask a running twin have in common: which cluster, and as whom."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wavetank.app.bare_access import TwinClient, access

kubeconfig_option = click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="How to reach the cluster.  [default: $KUBECONFIG, then ~/.kube/config]",
)


def twin_client(kubeconfig: Path | None) -> TwinClient:
    """A client of the twin that a kubeconfig names; InputError when it names none."""
    return TwinClient(access(kubeconfig, os.environ))
