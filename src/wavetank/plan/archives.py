"""A function's folder as a zip archive: the same files give the same bytes, whatever their dates and whoever packs them."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable

from wavetank.plan.model import Archive
from wavetank.spec.sources import SourceFile

#: the oldest date that the format knows
_DATE = (1980, 1, 1, 0, 0, 0)


def archive(files: Iterable[SourceFile]) -> Archive:
    """Stored, not compressed: compressors differ from machine to machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for file in files:
            entry = zipfile.ZipInfo(file.path, _DATE)
            entry.create_system = 3  # Unix, or the modes would not count
            entry.external_attr = (0o100755 if file.executable else 0o100644) << 16
            target.writestr(entry, file.content)
    content = packed.getvalue()
    return Archive(base64.b64encode(content).decode(), base64.b64encode(hashlib.sha256(content).digest()).decode())
