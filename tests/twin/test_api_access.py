"""How processes that stand for containers find the API."""

from __future__ import annotations

from pathlib import Path

import yaml

from wavetank.twin.nodes.runtime.api_access import Account, api_variables, write_kubeconfig

SERVICE = {
    "KUBERNETES_SERVICE_HOST": "172.20.0.1",
    "KUBERNETES_SERVICE_PORT": "443",
    "KUBERNETES_PORT": "tcp://172.20.0.1:443",
}


def test_the_variables_of_the_apis_service_say_where_it_really_listens() -> None:
    assert api_variables("https://127.0.0.1:6443", SERVICE) == {
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": "6443",
        "KUBERNETES_SERVICE_PORT_HTTPS": "6443",
        "KUBERNETES_PORT": "tcp://127.0.0.1:6443",
    }


def test_a_container_that_names_another_api_keeps_its_own() -> None:
    assert api_variables("https://127.0.0.1:6443", SERVICE | {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) == {}
    assert api_variables("https://127.0.0.1:6443", {}) == {}
    assert api_variables("", SERVICE) == {}


def test_a_pods_kubeconfig_uses_its_token_and_is_its_owners_only(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    path = tmp_path / "kubeconfig"
    write_kubeconfig(path, "https://127.0.0.1:6443", Account(tmp_path, "shop"))
    document = yaml.safe_load(path.read_text())
    assert document["users"][0]["user"] == {"token": "secret", "tokenFile": str(tmp_path / "token")}
    assert document["contexts"][0]["context"]["namespace"] == "shop"
    assert path.stat().st_mode & 0o077 == 0
