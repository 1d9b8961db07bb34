"""The course of a platform of ours: its rendered bundle, and what a laptop needs beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from wavetank.app import without_terraform
from wavetank.app.chosen import put_ids
from wavetank.app.courses.course import Stage, Written
from wavetank.app.design import Design
from wavetank.app.existing import made_for
from wavetank.app.terraform import keep_state_in
from wavetank.render import write
from wavetank.render.kubernetes.image_policy import constraint_definitions
from wavetank.render.kubernetes.script import TEMPLATE_IS_MADE
from wavetank.render.kubernetes.script import TEMPLATES as POLICY_TEMPLATES
from wavetank.twin.nodes.runtime.local_command import LocalCommand


class PlatformCourse:
    """See ``Course``. ``base`` is the folder that relative folders of local commands start from."""

    terraform_words: Sequence[str] = ()
    components: Sequence[str] = ()

    def __init__(self, design: Design, base: Path) -> None:
        self._design, self._base = design, base
        self._plan = design.plan

    @property
    def name(self) -> str:
        return self._plan.name

    @property
    def environment(self) -> str:
        return self._plan.environment

    @property
    def source(self) -> str:
        return str(self._plan.spec_file)

    @property
    def region(self) -> str:
        return self._plan.region

    @property
    def account_id(self) -> str:
        return self._plan.account_id

    @property
    def cluster(self) -> str:
        return self._plan.cluster.name

    @cached_property
    def local_commands(self) -> Mapping[str, LocalCommand]:
        """Which command stands for which image repository; ``python`` is the interpreter that runs wavetank."""
        return {
            local.image.rpartition(":")[0] or local.image: LocalCommand(
                argv=tuple(sys.executable if word in ("python", "python3") else word for word in local.command),
                folder=(self._base / local.folder).resolve(),
                environment=local.env,
            )
            for local in self._plan.local
        }

    def stages(self, written: Written) -> Sequence[Stage]:
        """Gatekeeper makes the kinds of constraints from their templates."""
        kinds = tuple(f"crd/{name}" for name in constraint_definitions(self._plan))
        if not kinds:
            return ()
        title = "Gatekeeper makes kinds of the policy templates"
        return (Stage(title, written.kubernetes / POLICY_TEMPLATES, TEMPLATE_IS_MADE, kinds),)

    def write(self, build: Path) -> Written:
        written = write(self._design.bundle, build)
        releases = build / "helm" / "releases.yaml"
        return Written(build / "terraform", build / "kubernetes", releases, len(written.written))

    def before_terraform(self, written: Written, environment: Mapping[str, str]) -> Iterator[str]:
        if self._plan.state_backend is not None:
            keep_state_in(written.terraform)
        for made in made_for(self._plan, environment):
            yield f"made {made}"

    def create_without_terraform(self, environment: Mapping[str, str], tell: Callable[[str], None]) -> int:
        tell(f"terraform is missing: left out are {without_terraform.LEFT_OUT}")
        return without_terraform.create(self._plan, without_terraform.clients(environment), tell)

    def destroy_without_terraform(self, environment: Mapping[str, str]) -> None:
        without_terraform.destroy(self._plan, without_terraform.clients(environment))

    def before_manifests(self, written: Written, environment: Mapping[str, str]) -> Sequence[str]:
        return put_ids(self._plan, written.kubernetes, environment)
