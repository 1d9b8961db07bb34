"""Helm 4 against the twin, unchanged: install with hooks, upgrade, a refused upgrade, test, rollback, uninstall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import helm_python
import pytest
from twins import Reached

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "values.yaml": "replicas: 1\nimage: nginx:1.14\n",
    "templates/api.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-api}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: {{ .Values.image }}, command: [sleep, "600"]}]
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}-api}
spec: {selector: {app: api}, ports: [{port: 80, targetPort: 8080}]}
""",
    "templates/hook.yaml": """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: tool:1, command: [sh, -c, "exit {{ .Values.exit | default 0 }}"]}]
""",
    "templates/tests/test.yaml": """\
apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}-test, annotations: {helm.sh/hook: test}}
spec: {restartPolicy: Never, containers: [{name: main, image: tool:1, command: [sh, -c, echo fine]}]}
""",
}

pytest_plugins = ["cluster_of_file"]


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    for name, text in CHART.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def statuses(history: list[dict[str, Any]]) -> list[str]:
    return [str(release["status"]) for release in history]


def test_a_release_lives_from_install_to_uninstall(chart: Path, reached: Reached) -> None:
    with helm_python.Config(kubeconfig_path=reached.kubeconfig, namespace="default") as helm:
        helm.check_reachable()
        assert helm.install(chart, "demo", {"replicas": 2}, wait="watcher", timeout=60)["status"] == "deployed"
        assert helm.upgrade(chart, "demo", {"replicas": 3}, wait="watcher", timeout=60)["status"] == "deployed"
        with pytest.raises(helm_python.HelmError, match=r"\.spec\.replicas: expected numeric"):
            helm.upgrade(chart, "demo", {"replicas": "many"})
        helm.rollback("demo", version=1, wait="watcher", timeout=60)
        assert statuses(helm.history("demo")) == ["superseded", "superseded", "failed", "deployed"]
        assert helm.get_values("demo") == {"replicas": 2}
        assert helm.test("demo", timeout=60)["release"]["status"] == "deployed"
        helm.uninstall("demo", wait="watcher", timeout=60)
        assert helm.list() == []


def test_a_hook_that_fails_fails_the_install(chart: Path, reached: Reached) -> None:
    with helm_python.Config(kubeconfig_path=reached.kubeconfig, namespace="default") as helm:
        with pytest.raises(helm_python.HelmError, match="pre-install"):
            helm.install(chart, "broken", {"exit": 1}, timeout=30)
        assert statuses(helm.history("broken")) == ["failed"]
        helm.uninstall("broken")
