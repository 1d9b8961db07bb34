"""What AWS chooses when Terraform has run, put into the working copy of the manifests on this machine.

Called by ``voyage`` before the manifests are applied. People use the bundle's ``apply.sh``, which asks Terraform; here AWS itself
is asked, since it also answers where Terraform is missing. Must never touch files outside the working copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wavetank.app.aws import client
from wavetank.plan.model import Plan
from wavetank.render.kubernetes.storage import chosen_file_systems, file_system_id


def put_ids(plan: Plan, folder: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Write the ids of file systems into the files of ``folder``; a sentence for each file system, known or not."""
    names = chosen_file_systems(plan)
    if not names:
        return ()
    ids = _file_systems(environment)
    places = {name: ids.get(f"{plan.cluster.name}-{name}") for name in names}
    for file in sorted(folder.glob("*.yaml")):
        text = before = file.read_text()
        for name, found in places.items():
            text = text.replace(file_system_id(name), found) if found else text
        if text != before:
            file.write_text(text)
    return tuple(_sentence(name, found) for name, found in places.items())


def _sentence(name: str, found: str | None) -> str:
    if found is None:
        return f"AWS has no file system {name}: volumes of its storage classes will not come"
    return f"the file system {name} is {found}"


def _file_systems(environment: Mapping[str, str]) -> dict[str, str]:
    """Creation token → id of every file system."""
    found = client("efs", environment).describe_file_systems()["FileSystems"]
    return {each["CreationToken"]: each["FileSystemId"] for each in found}
