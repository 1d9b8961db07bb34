"""apply.sh: applying ``kubernetes/`` where ``kubectl apply -f`` alone does not do, which is in two cases.

A storage class on EFS names its file system by an id that AWS chooses, so Terraform is asked for it. And kubectl looks up the
kinds of all files before it applies the first, while Gatekeeper makes the kinds of constraints from their templates. A platform
without either has no script.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from wavetank.plan.model import Plan
from wavetank.render.bundle import RenderedFile
from wavetank.render.kubernetes.image_policy import constraint_definitions
from wavetank.render.kubernetes.storage import chosen_file_systems, file_system_id
from wavetank.render.terraform.file_systems import id_output
from wavetank.render.trace import Line

FILE = "apply.sh"
CLASSES, TEMPLATES = "02-classes.yaml", "03-policy-templates.yaml"
#: what Gatekeeper says in a template's status when its kind is made, as a condition of ``kubectl wait``
TEMPLATE_IS_MADE = "jsonpath={.status.created}=true"
_WAIT_TIMEOUT = "2m"


def files(plan: Plan, head: Line) -> dict[str, RenderedFile]:
    """The script, if it is needed; ``head`` is the line that all files begin with."""
    steps = [*_identified(plan), *_templates_first(plan)]
    if not steps:
        return {}
    text = (
        "# Applies kubernetes/. Run it after `terraform apply` and helm/install.sh, with kubectl pointing at the cluster.",
        "set -eu",
        'cd "$(dirname "$0")"',
        'files="$(mktemp -d)"',
        "trap 'rm -rf \"$files\"' EXIT",
        'cp kubernetes/*.yaml "$files"',
    )
    first = (Line("#!/bin/sh"), head, *(Line(each) for each in text))
    last = (Line(""), Line('kubectl apply -f "$files"', "name"))
    return {FILE: RenderedFile((*first, *steps, *last), executable=True)}


def _identified(plan: Plan) -> Iterator[Line]:
    """Put ids in the places that wait for them."""
    systems = chosen_file_systems(plan)
    if not systems:
        return
    yield Line("")
    yield Line("# AWS chooses the ids of file systems; Terraform knows them.")
    for at, name in enumerate(systems, 1):
        output = shlex.quote(id_output(plan, name))
        yield Line(f'id{at}="$(terraform -chdir=terraform output -raw {output})"', f"fileSystems[{name}]")
    yield Line("sed \\")
    for at, name in enumerate(systems, 1):
        place = file_system_id(name).replace("$", "\\$")
        yield Line(f'  -e "s/{place}/$id{at}/" \\', f"fileSystems[{name}]")
    yield Line(f'  kubernetes/{CLASSES} > "$files/{CLASSES}"')


def _templates_first(plan: Plan) -> Iterator[Line]:
    """Wait until Gatekeeper has made the kinds of the constraints."""
    definitions = constraint_definitions(plan)
    if not definitions:
        return
    crds = " ".join(f"crd/{name}" for name in definitions)
    yield Line("")
    yield Line("# Gatekeeper makes the kinds of the policies from these templates, some seconds after it has them.")
    yield Line(f'kubectl apply -f "$files/{TEMPLATES}"', "imagePolicy")
    made = f"kubectl wait --for='{TEMPLATE_IS_MADE}' --timeout={_WAIT_TIMEOUT}"
    yield Line(f'{made} -f "$files/{TEMPLATES}"', "imagePolicy")
    yield Line(f"kubectl wait --for=condition=Established --timeout={_WAIT_TIMEOUT} {crds}", "imagePolicy")
