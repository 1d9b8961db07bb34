"""Replays of recorded decisions: what the twin decides when it is given what a real control plane was given.

One module per kind of recording; each computes ``observed`` from ``given`` alone (``scheduling`` also applies the recorded
node after its own answer). ``judge`` compares, ``command`` is ``tools/replay_decisions.py``. Tests use the same modules.
"""
