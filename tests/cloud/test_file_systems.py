"""Backup policies of file systems on the embedded AWS: set, turned off, and refused."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from kit import client

from wavetank.cloud import Cloud


def test_a_backup_policy_that_is_turned_off_says_so(cloud: Cloud) -> None:
    efs = client(cloud, "efs")
    name = efs.create_file_system(CreationToken="models")["FileSystemId"]
    with pytest.raises(ClientError, match="PolicyNotFound"):
        efs.describe_backup_policy(FileSystemId=name)
    for status in ("ENABLED", "DISABLED"):
        efs.put_backup_policy(FileSystemId=name, BackupPolicy={"Status": status})
        assert efs.describe_backup_policy(FileSystemId=name)["BackupPolicy"] == {"Status": status}


def test_a_backup_policy_belongs_to_a_file_system_that_exists(cloud: Cloud) -> None:
    efs = client(cloud, "efs")
    with pytest.raises(ClientError, match="FileSystemNotFound"):
        efs.put_backup_policy(FileSystemId="fs-0123456789abcdef0", BackupPolicy={"Status": "ENABLED"})
    name = efs.create_file_system(CreationToken="models")["FileSystemId"]
    with pytest.raises(ClientError, match="ValidationException"):
        efs.put_backup_policy(FileSystemId=name, BackupPolicy={"Status": "SOMETIMES"})
