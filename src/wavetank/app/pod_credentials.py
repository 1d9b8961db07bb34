"""The credentials endpoint of EKS Pod Identity on a laptop: what the agent on a node answers, for the pods of all twins.

``GET /v1/credentials`` with the pod's token gives credentials of the role that an association names, as long as a Ready pod of
the agent runs on the pod's node and the role trusts ``pods.eks.amazonaws.com``. Real pods reach it through the variables that
the pod identity webhook gives them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.app.aws import client
from wavetank.app.identities import PodIdentities
from wavetank.cloud import ClusterRef
from wavetank.cloud.web_identity import Claims, audiences

PATH, AUDIENCE, SERVICE = "/v1/credentials", "pods.eks.amazonaws.com", "pods.eks.amazonaws.com"
NEEDED_ACTIONS = frozenset({"sts:AssumeRole", "sts:TagSession"})
SESSION_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Refusal(Exception):
    """Why there are no credentials, as the agent says it."""

    status: HTTPStatus
    message: str


#: Whether the agent serves the pod of a token. Called on a thread of the endpoint; may wait for the cluster.
AgentServes = Callable[[ClusterRef, Claims], bool]


class PodCredentials:
    """``start`` and ``stop`` once each; ``uri`` is known after ``start``."""

    def __init__(self, identities: PodIdentities, agent_serves: AgentServes) -> None:
        self._identities, self._agent_serves = identities, agent_serves
        self._environment: Mapping[str, str] = {}
        self._server: ThreadingHTTPServer | None = None
        self.uri = ""

    def start(self, environment: Mapping[str, str]) -> None:
        """``environment`` leads to the embedded AWS."""
        self._environment = environment
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.answer))
        self._server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"
        threading.Thread(target=self._server.serve_forever, name="wavetank-pod-credentials", daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, token: str) -> dict[str, Any]:
        """The credentials for the bearer of a token; raises Refusal."""
        found = self._identities.bearer(token)
        if found is None or AUDIENCE not in audiences(found[1]):
            raise Refusal(HTTPStatus.BAD_REQUEST, "Service account token cannot be verified")
        cluster, claims = found
        if not self._agent_serves(cluster, claims):
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "no Pod Identity agent is Ready on the node of this pod")
        bound = claims["kubernetes.io"]
        role = self._identities.role_of(cluster, bound["namespace"], bound["serviceaccount"]["name"])
        if role is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "no pod identity association for this service account")
        try:
            return self._credentials(role, cluster, claims)
        except (BotoCoreError, ClientError) as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error

    def _credentials(self, role: str, cluster: ClusterRef, claims: Claims) -> dict[str, Any]:
        policy = client("iam", self._environment).get_role(RoleName=role.rpartition("/")[2])["Role"]
        if not trusts_pods(policy["AssumeRolePolicyDocument"]):
            text = f"role {role} does not allow {SERVICE} to perform sts:AssumeRole and sts:TagSession"
            raise Refusal(HTTPStatus.FORBIDDEN, text)
        session = f"eks-{cluster.name}-{claims['kubernetes.io']['serviceaccount']['name']}"[:64]
        made = client("sts", self._environment).assume_role(RoleArn=role, RoleSessionName=session)["Credentials"]
        return {
            "AccessKeyId": made["AccessKeyId"],
            "SecretAccessKey": made["SecretAccessKey"],
            "Token": made["SessionToken"],
            "AccountId": role.split(":")[4],
            "Expiration": made["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def trusts_pods(policy: Mapping[str, Any]) -> bool:
    """Whether a trust policy lets EKS assume the role for pods and tag the session."""
    allowed: set[str] = set()
    for statement in _listed(policy.get("Statement", [])):
        principal = statement.get("Principal", {})
        services = _listed(principal.get("Service", [])) if isinstance(principal, Mapping) else []
        if statement.get("Effect") == "Allow" and SERVICE in services:
            allowed |= set(_listed(statement.get("Action", [])))
    return "sts:*" in allowed or allowed >= NEEDED_ACTIONS


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _handler(answer: Callable[[str], dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                if self.path != PATH:
                    raise Refusal(HTTPStatus.NOT_FOUND, "not found")
                status, body = HTTPStatus.OK, answer(self.headers.get("Authorization", ""))
            except Refusal as refusal:
                status, body = refusal.status, {"message": refusal.message}
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            return

    return Handler
