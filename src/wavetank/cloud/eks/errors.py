"""The errors of the EKS API, as botocore's model of it names them."""

from __future__ import annotations

from typing import ClassVar

from wavetank.cloud.honest import AwsError


class EksError(AwsError):
    """Its code is the name of its class."""

    http_status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(type(self).__name__, message, self.http_status)


class ResourceNotFoundException(EksError):
    http_status = 404


class ResourceInUseException(EksError):
    http_status = 409


class InvalidParameterException(EksError):
    """A value is wrong."""


class InvalidRequestException(EksError):
    """The values are right, the state of the cluster is not."""
