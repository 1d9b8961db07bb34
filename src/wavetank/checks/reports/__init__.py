"""Findings for other programs: SARIF for code scanning, JUnit for test reports. Pure text, no I/O."""

from .junit import junit
from .sarif import sarif

__all__ = ["junit", "sarif"]
