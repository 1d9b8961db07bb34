"""Units of bytes: the factors that every layer multiplies by."""

from __future__ import annotations

from decimal import Decimal

MIB = 1024**2
GIB = 1024**3

#: AWS bills a gigabyte of 1024³ bytes; sizes of requests and responses are stated in KiB.
KIB_PER_GB = Decimal(1024**2)
