"""Property tests have no deadline: that a machine is busy is no mistake of ours."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
