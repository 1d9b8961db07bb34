"""A running cluster, saved to a file. Called by ``wavetank twin snapshot``; knows nothing of how a cluster is run."""

from __future__ import annotations

from pathlib import Path

from wavetank.app.bare_access import TwinClient
from wavetank.base.errors import InputError, Problem
from wavetank.twin.history import Snapshot, parsed_snapshot, write_snapshot


def save_snapshot(client: TwinClient, file: Path) -> Snapshot:
    """InputError when the file cannot be written; OperationFailed when the cluster does not answer."""
    data = client.answer("snapshot").content
    saved = parsed_snapshot(data, client.access.server)
    try:
        write_snapshot(data, file)
    except OSError as error:
        raise InputError([Problem(str(file), 0, 0, f"cannot be written: {error.strerror}")]) from None
    return saved
