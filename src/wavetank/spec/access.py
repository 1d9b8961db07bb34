"""How much a workload or a function may do with a store of the platform."""

from __future__ import annotations

from typing import Literal, TypeAlias

Access: TypeAlias = Literal["read", "write", "readWrite"]
