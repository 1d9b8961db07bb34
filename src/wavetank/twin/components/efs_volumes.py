"""What the Amazon EFS CSI driver makes of a storage class: an access point in a file system that exists. Pure.

Upstream: ``pkg/driver/controller.go`` (``CreateVolume``) of the driver. Whether the file system exists is AWS's to know:
any id is taken here.
"""

from __future__ import annotations

import hashlib

from .csi_driver import CsiDriver, DriverRefusal, MadeVolume, VolumeRequest

NAME = "efs.csi.aws.com"
MODE = "efs-ap"


def make(request: VolumeRequest) -> MadeVolume:
    """An access point; sizes mean nothing to EFS. Raises DriverRefusal."""
    mode = _stated(request, "provisioningMode")
    if mode != MODE:
        text = f"Provisioning mode {mode} is not supported. Only Access point provisioning: '{MODE}' is supported"
        raise DriverRefusal("InvalidArgument", text)
    file_system = _stated(request, "fileSystemId")
    if request.is_block:
        raise DriverRefusal("InvalidArgument", "Volume capability not supported: only filesystem volumes are supported")
    access_point = hashlib.sha256(request.name.encode()).hexdigest()[:16]
    return MadeVolume(f"{file_system}::fsap-0{access_point}", request.size_bytes)


def _stated(request: VolumeRequest, key: str) -> str:
    if key not in request.parameters:
        raise DriverRefusal("InvalidArgument", f"Missing {key} parameter")
    value = request.parameters[key].strip()
    if not value:
        raise DriverRefusal("InvalidArgument", f"Parameter {key} cannot be empty")
    return value


EFS = CsiDriver(
    name=NAME,
    controller="efs-csi-controller",
    node_plugin="efs-csi-node",
    make=make,
    create_seconds=2.0,
    delete_seconds=1.0,
)
