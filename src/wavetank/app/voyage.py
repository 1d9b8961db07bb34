"""One platform brought up on this machine, step by step, and taken down again: what ``up`` and ``demo`` are made of.

The steps are those of a person: write the files, terraform apply, install the charts, kubectl apply, wait. Everything follows
from the files that the course writes, so foreign files take the same way. Real programs do the steps where they are
installed; without terraform or kubectl our own client does that part and the step says what is left out.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from wavetank.app.aws import desired_nodes
from wavetank.app.courses import Course, Stage, Written
from wavetank.app.kubernetes import KubernetesClient, objects_of
from wavetank.app.programs import INHERITED, found, output_of
from wavetank.app.progress import Progress
from wavetank.app.session import Record, SessionFolder
from wavetank.app.tank import Tank, TankOptions
from wavetank.app.terraform import Summary, Terraform
from wavetank.app.waiting import expected, reason, wait_for_pods
from wavetank.base.errors import OperationFailed
from wavetank.kube.conditions import is_true
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.components.registry import PARTS, UnknownComponentError, acts

NODES_SECONDS = 180.0
ADDRESS_SECONDS = 60.0
KINDS_SECONDS = 100


@dataclass(frozen=True)
class VoyageOptions:
    """Ports 0 take free ones. ``environment`` is that of the caller."""

    environment: Mapping[str, str]
    aws_port: int = 0
    api_port: int = 0
    speed: float = 1.0


class Voyage:
    """A platform's run. Use as a context manager: leaving it takes everything down, whatever has happened."""

    def __init__(self, course: Course, folder: SessionFolder, options: VoyageOptions, progress: Progress) -> None:
        self.course, self.folder, self.options, self.progress = course, folder, options, progress
        self._inherited = {name: options.environment[name] for name in INHERITED if name in options.environment}
        self.tank = Tank(self._tank_options())
        self.record: Record | None = None
        self._terraform: Terraform | None = None
        self._written: Written | None = None
        self.kubectl = found("kubectl", self._inherited)

    def _tank_options(self) -> TankOptions:
        return TankOptions(
            region=self.course.region,
            account=self.course.account_id,
            state_folder=self.folder.pods,
            aws_port=self.options.aws_port,
            api_port=self.options.api_port,
            speed=self.options.speed,
            local_commands=self.course.local_commands,
            environment=self._inherited,
        )

    def __enter__(self) -> Self:
        self.record = self.folder.claim(self.course.name, rfc3339(datetime.now(UTC)))
        try:
            self.tank.start()
        except BaseException:
            self.folder.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tank.stop()
        self.folder.remove()

    # --- what programs need --------------------------------------------------------------------------------------

    def client_environment(self) -> dict[str, str]:
        """What to export so that terraform, aws and kubectl talk to this platform."""
        return self.tank.environment() | {
            "KUBECONFIG": str(self.folder.kubeconfig),
            "KUBECACHEDIR": str(self.folder.root / "kube-cache"),
        }

    def program_environment(self) -> dict[str, str]:
        return self._inherited | self.client_environment()

    def client(self) -> KubernetesClient:
        return KubernetesClient(self.folder.kubeconfig)

    # --- steps ---------------------------------------------------------------------------------------------------

    def write_files(self) -> None:
        with self.progress.step(f"write the files of {self.course.source}") as step:
            written = self._written = self.course.write(self.folder.build)
            step.data["files"] = written.count
            self.progress.note(f"{written.count} files in {self.folder.build}")
            for note in written.notes:
                self.progress.note(note)

    @property
    def written(self) -> Written:
        assert self._written is not None, "the files are written first"
        return self._written

    @property
    def cluster(self) -> str:
        """The cluster that manifests go to; OperationFailed when it is not clear which."""
        return self.course.cluster or self._only_cluster()

    def _only_cluster(self) -> str:
        names = self.tank.clusters()
        if len(names) == 1:
            return names[0]
        if not names:
            raise OperationFailed("Terraform created no EKS cluster: there is nothing to apply manifests to")
        raise OperationFailed(f"Terraform created several clusters ({', '.join(names)}): say which with --cluster")

    def apply_terraform(self) -> None:
        """Create the AWS side; the cluster's kubeconfig is written as soon as there is a cluster."""
        if found("terraform", self._inherited) is None:
            self._create_without_terraform()
        else:
            self._terraform = Terraform(
                self.written.terraform,
                self.folder.root,
                self.program_environment(),
                self.progress.passing,
                self.course.terraform_words,
            )
            with self.progress.step("terraform init", "terraform init"):
                for sentence in self.course.before_terraform(self.written, self.tank.environment()):
                    self.progress.note(sentence)
                self._terraform.init()
            with self.progress.step("terraform apply", "terraform apply -auto-approve") as step:
                self._summarise(step.data, self._terraform.apply())
        self.tank.write_kubeconfig(self.cluster, self.folder.kubeconfig)

    def _create_without_terraform(self) -> None:
        with self.progress.step("create the AWS side") as step:
            made = self.course.create_without_terraform(self.tank.environment(), self.progress.note)
            step.data["terraform"] = None
            step.data["created"] = made
            self.progress.note(f"{made} things created")

    def _summarise(self, data: dict[str, Any], summary: Summary) -> None:
        data["terraform"] = {"added": summary.added, "changed": summary.changed, "destroyed": summary.destroyed}
        self.progress.note(summary.text)

    def replan(self) -> None:
        """Plan again: state and AWS must agree. OperationFailed when they do not."""
        if self._terraform is None:
            return
        with self.progress.step("terraform plan again", "terraform plan -detailed-exitcode") as step:
            summary = self._terraform.plan()
            self._summarise(step.data, summary)
            if summary.changes_nothing:
                self.progress.note("no changes: state, files and AWS agree")
            if not summary.changes_nothing:
                raise OperationFailed(f"terraform wants to change what it has just created: {summary.text}")

    def destroy_terraform(self) -> None:
        if self._terraform is None:
            with self.progress.step("delete the AWS side"):
                self.course.destroy_without_terraform(self.tank.environment())
            return
        with self.progress.step("terraform destroy", "terraform destroy -auto-approve") as step:
            self._summarise(step.data, self._terraform.destroy())

    def wait_for_nodes(self) -> None:
        wanted = desired_nodes(self.cluster, self.tank.environment())
        with self.progress.step("wait for the nodes", "kubectl wait --for=condition=Ready nodes --all") as step:
            with self.client() as client:

                def all_ready() -> bool:
                    ready = sum(is_true(node, "Ready") for node in client.items("nodes"))
                    self.progress.passing(f"{ready} of {wanted} nodes Ready")
                    return ready >= wanted

                client.wait(f"{wanted} nodes to become Ready", all_ready, NODES_SECONDS)
                nodes = client.items("nodes")
            step.data["nodes"] = [node["metadata"]["name"] for node in nodes]
            for node in nodes:
                labels = node["metadata"]["labels"]
                zone, kind = labels["topology.kubernetes.io/zone"], labels["node.kubernetes.io/instance-type"]
                self.progress.note(f"{node['metadata']['name']}  {kind}  {zone}")

    def install_releases(self) -> None:
        """The charts of the list: the twin stands in for those it knows, and the step names the others."""
        releases = [*_releases_in(self.written.releases), *map(_release_of, self.course.components)]
        if not releases:
            return
        with self.progress.step(
            "install the charts", "helm/install.sh (the cluster on this machine stands in for the charts' images)"
        ) as step:
            for release in releases:
                installed = self._install(release)
                step.data.setdefault("releases", {})[release["name"]] = installed
                self.progress.note(
                    f"{release['name']} {release['version']}  {_what_stands_in(release['chart'], installed)}"
                )

    def _install(self, release: dict[str, Any]) -> bool:
        try:
            self.tank.install(self.cluster, release["chart"], release["version"], release["values"])
        except UnknownComponentError:
            return False
        return True

    def apply_kubernetes(self) -> None:
        folder = self.written.kubernetes
        if not any(folder.glob("*.yaml")):
            return
        command = f"kubectl apply -f {folder.name}" if self.kubectl else ""
        with self.progress.step(f"apply {folder.name}", command) as step:
            for sentence in self.course.before_manifests(self.written, self.tank.environment()):
                self.progress.note(sentence)
            if self.kubectl is None:
                self.progress.note("kubectl is not on PATH: wavetank applies the files through its own client")
                with self.client() as client:
                    applied = [f"{a.kind} {a.name} {a.verb}" for a in client.apply_folder(folder)]
            else:
                for stage in self.course.stages(self.written):
                    self._pass(stage)
                applied = self.run_kubectl("apply", "-f", str(folder)).splitlines()
            step.data["objects"] = applied
            for line in applied:
                self.progress.note(line)

    def _pass(self, stage: Stage) -> None:
        """kubectl wants to know the kinds of all files before it applies the first."""
        self.progress.passing(stage.title)
        timeout = f"--timeout={KINDS_SECONDS}s"
        self.run_kubectl("apply", "-f", str(stage.file))
        self.run_kubectl("wait", f"--for={stage.condition}", timeout, "-f", str(stage.file))
        if stage.then_kinds:
            self.run_kubectl("wait", "--for=condition=Established", timeout, *stage.then_kinds)

    def _objects(self) -> list[Obj]:
        return list(objects_of(self.written.kubernetes))

    def _balancers(self) -> list[tuple[str, str]]:
        """Namespace and name of each Service that asks for a load balancer."""
        services = [obj for obj in self._objects() if (obj["apiVersion"], obj["kind"]) == ("v1", "Service")]
        return [
            (each["metadata"].get("namespace", "default"), each["metadata"]["name"])
            for each in services
            if each.get("spec", {}).get("type") == "LoadBalancer"
        ]

    def run_kubectl(self, *words: str, timeout_seconds: float = 120) -> str:
        """What kubectl prints; OperationFailed with its own words when it refuses."""
        assert self.kubectl is not None, "asked only where kubectl is installed"
        return output_of(["kubectl", *words], self.program_environment(), timeout_seconds=timeout_seconds)

    def wait_for_workloads(self, *, all_of_them: bool = False) -> None:
        """Wait for pods; those that do not come are told with their reason, or with ``all_of_them`` are an OperationFailed."""
        workloads = expected(self._objects())
        if not workloads:
            return
        with self.progress.step(
            "wait for the workloads", "kubectl wait --for=condition=Available deployments --all"
        ) as step:
            with self.client() as client:
                missing = wait_for_pods(client, workloads, self.progress.passing)
                left = [f"{each}: {reason(client, each.workload)}" for each in missing]
                namespaces = dict.fromkeys(each.namespace for each in workloads)
                pods = [pod for namespace in namespaces for pod in client.items("pods", namespace)]
            step.data["pods"] = [{"name": p["metadata"]["name"], "ip": p["status"].get("podIP")} for p in pods]
            step.data["missing"] = left
            for pod in pods:
                where = f"{pod['status'].get('podIP', '?')} on {pod['spec'].get('nodeName', '?')}"
                self.progress.note(f"{pod['metadata']['name']}  {pod['status']['phase']}  {where}")
            if left and all_of_them:
                raise OperationFailed("not every workload has come up:\n" + "\n".join(left))
            for sentence in left:
                self.progress.note(f"not up: {sentence}")

    def wait_for_addresses(self) -> dict[str, str]:
        """ "namespace/name" of each load balancer → host:port where it answers on this machine."""
        balancers = self._balancers()
        found_at: dict[str, str] = {}
        if not balancers:
            return found_at
        with self.progress.step("wait for the load balancers") as step:
            with self.client() as client:
                for namespace, name in balancers:
                    key = f"{namespace}/{name}"
                    where = partial(client.find, "services", namespace, name)
                    client.wait(f"an address of {key}", partial(_has_address, where), ADDRESS_SECONDS)
                    found_at[key] = _address(where()) or ""
                    self.progress.note(f"{key}  http://{found_at[key]}")
            step.data["services"] = found_at
        return found_at

    def delete_kubernetes(self) -> None:
        """Delete the namespaces and wait for the load balancers to go, as one does before a cluster goes: they are not
        Terraform's, and on AWS they would hold its subnets. The pods end with the cluster.
        """
        balancers = self._balancers()
        with self.progress.step("delete the load balancers and namespaces") as step, self.client() as client:
            for namespace, name in balancers:
                client.delete("services", namespace, name)
            for obj in self._objects():
                if obj["kind"] == "Namespace":
                    client.delete("namespaces", "", obj["metadata"]["name"])
            for namespace, name in balancers:
                what = f"load balancer {namespace}/{name} to go"
                client.wait(what, partial(_is_gone, client, namespace, name), ADDRESS_SECONDS)
                self.progress.note(f"{namespace}/{name} is gone")
            step.data["deleted"] = [f"{namespace}/{name}" for namespace, name in balancers]

    def check_alive(self) -> None:
        """AssertionError of ours, with its cause, when the cluster has stopped working."""
        if self.tank.failure is not None:
            raise AssertionError("the cluster stopped because of a bug of ours") from self.tank.failure


def _releases_in(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(file.read_text())["releases"]) if file.exists() else []


def _release_of(component: str) -> dict[str, Any]:
    """A chart that was asked for as NAME or NAME=VERSION."""
    name, _, version = component.partition("=")
    return {"name": name, "chart": name, "version": version or "latest", "values": {}}


def _what_stands_in(chart: str, installed: bool) -> str:
    if not installed:
        return "left out: the cluster on this machine has no stand-in for it"
    idle = "its pods and definitions stand there; nothing acts on them here"
    return "installed" if acts(chart) else PARTS.get(chart, idle)


def _address(service: dict[str, Any] | None) -> str | None:
    ingress = ((service or {}).get("status", {}).get("loadBalancer", {}).get("ingress") or [None])[0]
    if service is None or not ingress:
        return None
    mapped = {entry["port"] for entry in ingress.get("ports") or ()}
    port = min(mapped) if mapped else service["spec"]["ports"][0]["port"]
    return f"{ingress.get('ip') or ingress['hostname']}:{port}"


def _is_gone(client: KubernetesClient, namespace: str, service: str) -> bool:
    return client.find("services", namespace, service) is None


def _has_address(find: Callable[[], dict[str, Any] | None]) -> bool:
    return _address(find()) is not None


def exports(variables: Mapping[str, str]) -> str:
    """Lines for a shell."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
