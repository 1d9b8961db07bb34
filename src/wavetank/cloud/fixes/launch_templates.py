"""EC2 launch templates: tags of the template itself are not part of the data that instances are launched with.

moto copies the ``launch-template`` tag specification into the template's data, so that every plan sees a new version.
"""

from __future__ import annotations

from typing import Any

from wavetank.cloud.fixes.patch import Context, Patch


def _init(original: Any, context: Context) -> Any:
    def __init__(self: Any, template: Any, number: int, data: dict[str, Any], description: str) -> None:  # noqa: N807 - stands in for the constructor
        kept = [spec for spec in data.get("TagSpecifications", []) if spec.get("ResourceType") != "launch-template"]
        data = {key: value for key, value in data.items() if key != "TagSpecifications"}
        original(self, template, number, data | ({"TagSpecifications": kept} if kept else {}), description)

    return __init__


PATCHES = (
    Patch(
        "moto.ec2.models.launch_templates:LaunchTemplateVersion",
        "__init__",
        "template tags would come back as launch data and be a difference in every plan",
        _init,
    ),
)
