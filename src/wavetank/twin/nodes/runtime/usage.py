"""What a tree of processes uses, measured by the operating system."""

from __future__ import annotations

import time

import psutil

from .port import Counter


def tree_counter(pid: int) -> Counter | None:
    """CPU time so far and resident memory of a process and its descendants; None when it is gone.

    A descendant that ended and was waited for counts through its parent; memory that processes share counts once each.
    """
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return None
    cpu_seconds, memory_bytes = 0.0, 0
    for process in tree:
        try:
            with process.oneshot():
                times = process.cpu_times()
                memory_bytes += process.memory_info().rss
        except psutil.Error:
            continue
        cpu_seconds += times.user + times.system
        cpu_seconds += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return Counter(time.monotonic(), cpu_seconds, memory_bytes)
