"""What moto must find in the process's environment, written there once before moto is imported.

moto is configured by ``os.environ`` only, some of it read at import, so this is the one place of the package that
writes there; ``embedded`` calls it before anything of moto is imported. The variables are inert for every other program
that inherits them.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

MOTO_ENVIRONMENT: Mapping[str, str] = {
    # AttachRolePolicy of arn:aws:iam::aws:policy/AmazonEKSClusterPolicy and the others: NoSuchEntity without it.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    # 2,585 images with their snapshots and volumes per region; nothing here launches an instance of moto's.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    # A page in somebody's browser has no business with this API.
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    # The provider polls until ISSUED; moto's default makes it wait a minute.
    "MOTO_ACM_VALIDATION_WAIT": "0",
}

#: Would make moto ignore the account of assumed-role credentials.
UNWANTED = ("MOTO_ACCOUNT_ID",)


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set what moto needs; a value that the user has set himself stays, except those that break account isolation."""
    for name, value in MOTO_ENVIRONMENT.items():
        environment.setdefault(name, value)
    for name in UNWANTED:
        environment.pop(name, None)
