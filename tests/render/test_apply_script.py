"""apply.sh is there where going through the files is not enough; ids that AWS chooses have a place in each form of the bundle."""

from __future__ import annotations

import json

import pytest
import yaml

from example_bundles import bundle, cases, plan_of
from wavetank.render.kubernetes.storage import chosen_file_systems

PLACE = "${file_system_id:media}"
FILES = bundle("video-creator", "production").files


@pytest.mark.parametrize(("name", "environment"), cases())
def test_only_platforms_that_need_it_have_a_script(name: str, environment: str) -> None:
    planned = plan_of(name, environment)
    needed = planned.image_policy is not None or bool(chosen_file_systems(planned))
    assert ("apply.sh" in bundle(name, environment).files) == needed


def test_it_asks_terraform_for_outputs_that_are_there() -> None:
    assert FILES["apply.sh"].executable
    assert "output -raw file_system_id_media" in FILES["apply.sh"].text
    assert 'output "file_system_id_media"' in FILES["terraform/outputs.tf"].text


def test_the_templates_come_before_everything_else() -> None:
    commands = [line.text for line in FILES["apply.sh"].lines if line.text.startswith("kubectl")]
    assert [line.split()[1] for line in commands] == ["apply", "wait", "wait", "apply"]
    assert "03-policy-templates.yaml" in commands[0]
    assert commands[-1] == 'kubectl apply -f "$files"'


def test_helm_and_gitops_take_the_id_as_a_value() -> None:
    values = yaml.safe_load(FILES["helm/video-creator/values.yaml"].text)
    assert values["storageClasses"]["efs"]["fileSystem"] == PLACE
    over = yaml.safe_load(FILES["gitops/production/values.yaml"].text)
    assert over["storageClasses"]["efs"]["fileSystem"] == PLACE
    schema = json.loads(FILES["helm/video-creator/values.schema.json"].text)
    assert schema["properties"]["storageClasses"]["properties"]["efs"]["properties"]["fileSystem"]["type"] == "string"
