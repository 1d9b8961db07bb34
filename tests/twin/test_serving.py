"""TLS, client certificates and the busy port: what the API server stands on."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from wavetank.base.errors import OperationFailed
from wavetank.twin.apiserver.certificates import CertificateAuthority, Issued
from wavetank.twin.apiserver.kubeconfig import kubeconfig, write_kubeconfig
from wavetank.twin.apiserver.serving import PEER_CERTIFICATE, HttpsServer, bound_socket


async def who_is_there(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the subject of the client's certificate."""
    subject = dict(pair for part in scope["extensions"][PEER_CERTIFICATE].get("subject", ()) for pair in part)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(sorted(subject.items())).encode()})


def client_tls(authority: CertificateAuthority, identity: Issued | None, folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.ca_pem)
    if identity is not None:
        pem = folder / "client.pem"
        pem.write_text(identity.certificate_pem + identity.key_pem)
        context.load_cert_chain(pem)
    return context


def asked(authority: CertificateAuthority, identity: Issued | None, folder: Path) -> str:
    async def scenario() -> str:
        server = HttpsServer(who_is_there, bound_socket(0), authority)
        await server.start()
        tls = client_tls(authority, identity, folder)
        try:
            async with httpx.AsyncClient(verify=tls, trust_env=False) as http:
                return (await http.get(f"https://127.0.0.1:{server.port}/")).text
        finally:
            await server.stop()

    return asyncio.run(scenario())


def test_a_client_certificate_arrives_with_user_and_groups(tmp_path: Path) -> None:
    authority = CertificateAuthority()
    answer = asked(authority, authority.client("admin", ["system:masters"]), tmp_path)
    assert answer == "[('commonName', 'admin'), ('organizationName', 'system:masters')]"


def test_without_a_certificate_there_is_no_subject(tmp_path: Path) -> None:
    assert asked(CertificateAuthority(), None, tmp_path) == "[]"


def test_a_certificate_of_another_authority_is_turned_away(tmp_path: Path) -> None:
    authority, stranger = CertificateAuthority(), CertificateAuthority()
    with pytest.raises(httpx.TransportError):
        asked(authority, stranger.client("admin", ["system:masters"]), tmp_path)


def test_a_busy_port_is_named_with_what_to_do() -> None:
    with bound_socket(0) as held:
        port = held.getsockname()[1]
        with pytest.raises(OperationFailed, match=f"port {port} .*busy.*wavetank down"):
            bound_socket(port)


def test_a_kubeconfig_is_for_its_owner_only_and_names_the_server(tmp_path: Path) -> None:
    authority = CertificateAuthority()
    identity = authority.client("admin", ["system:masters"])
    path = tmp_path / "deep" / "kubeconfig"
    write_kubeconfig(path, kubeconfig("https://127.0.0.1:7443", authority.ca_pem, "shop", "admin", identity))
    assert path.stat().st_mode & 0o777 == 0o600
    document = yaml.safe_load(path.read_text())
    assert document["current-context"] == "admin@shop"
    assert document["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:7443"
