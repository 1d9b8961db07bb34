"""The errors of the EKS API, as botocore's model of it names them. Handlers raise, ``eks.api`` writes them out."""

from __future__ import annotations


class EksError(Exception):
    """An error answer of EKS."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        return type(self).__name__


class ResourceNotFoundException(EksError):
    status = 404


class ResourceInUseException(EksError):
    status = 409


class InvalidParameterException(EksError):
    """A value is wrong."""


class InvalidRequestException(EksError):
    """The values are right, the state of the cluster is not."""
