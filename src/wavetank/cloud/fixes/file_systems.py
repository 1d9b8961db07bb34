"""EFS: the backup policy of a file system can be changed, and one that was turned off says so."""

from __future__ import annotations

import json
from typing import Any

from wavetank.cloud.fixes.patch import Addition, Context, Patch
from wavetank.cloud.honest import AwsError

_STATUS = "wavetank_backup_status"
#: what EFS answers while the policy takes effect is left out: it takes effect at once
_STATES = ("ENABLED", "DISABLED")


def put_backup_policy(self: Any) -> tuple[int, dict[str, str], str]:
    name = self._get_param("FileSystemId")
    found = self.efs_backend.file_systems_by_id.get(name)
    if found is None:
        raise AwsError("FileSystemNotFound", f"File system '{name}' does not exist.", 404)
    status = self._get_param("BackupPolicy", {}).get("Status")
    if status not in _STATES:
        raise AwsError("ValidationException", f"The status of a backup policy is one of {', '.join(_STATES)}.")
    setattr(found, _STATUS, status)
    return 200, {"Content-Type": "application/json"}, json.dumps({"BackupPolicy": {"Status": status}})


def _backup_policy(original: Any, context: Context) -> Any:
    def backup_policy(self: Any) -> dict[str, str] | None:
        told = vars(self).get(_STATUS)
        found: dict[str, str] | None = {"Status": told} if told else original.fget(self)
        return found

    return property(backup_policy)


PATCHES = (
    Patch(
        "moto.efs.models:FileSystem",
        "backup_policy",
        "a policy that was turned off would be missing, and be made anew by every plan",
        _backup_policy,
    ),
)
ADDITIONS = (Addition("moto.efs.responses:EFSResponse", "put_backup_policy", put_backup_policy),)
