"""API Gateway v2: stages that change, and domain names that become available; moto makes both and leaves it at that."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from wavetank.cloud.fixes.patch import Addition, Context, Patch

#: of UpdateStage -> the attribute of moto's stage
_SETTINGS = {
    "accessLogSettings": "access_log_settings",
    "autoDeploy": "auto_deploy",
    "clientCertificateId": "client_certificate_id",
    "defaultRouteSettings": "default_route_settings",
    "description": "description",
    "stageVariables": "stage_variables",
}


def _stage(self: Any) -> Any:
    _, api_id, _, stage_name, *_ = str(self.path).partition("/v2/")[2].split("/")
    return self.apigatewayv2_backend.get_stage(api_id, unquote(stage_name))


def update_stage(self: Any) -> Any:
    """What the request names; settings of routes are added to those that there are."""
    stage, wanted = _stage(self), json.loads(self.body)
    for key, attribute in _SETTINGS.items():
        if key in wanted:
            setattr(stage, attribute, wanted[key])
    stage.route_settings = {**stage.route_settings, **wanted.get("routeSettings", {})}
    stage.updated = datetime.now(UTC)
    return 200, {}, json.dumps(stage.to_json())


def delete_route_settings(self: Any) -> Any:
    route = unquote(str(self.path).rsplit("/", 1)[-1])
    _stage(self).route_settings.pop(route, None)
    return 204, {}, "{}"


def delete_access_log_settings(self: Any) -> Any:
    _stage(self).access_log_settings = None
    return 204, {}, "{}"


def _domain_json(original: Any, context: Context) -> Any:
    def to_json(self: Any) -> dict[str, Any]:
        shown: dict[str, Any] = original(self)
        region, mark = self.domain_name_arn.split(":")[3], hashlib.sha256(self.domain_name.encode()).hexdigest()
        made = {
            "domainNameStatus": "AVAILABLE",
            "apiGatewayDomainName": f"d-{mark[:10]}.execute-api.{region}.amazonaws.com",
            "hostedZoneId": f"Z{mark[:13].upper()}",
            "ipAddressType": "ipv4",
        }
        shown["domainNameConfigurations"] = [made | each for each in self.domain_name_configurations]
        if not shown["mutualTlsAuthentication"]:
            del shown["mutualTlsAuthentication"]
        return shown

    return to_json


PATCHES = (Patch("moto.apigatewayv2.models:DomainName", "to_json", "it never becomes available", _domain_json),)
_RESPONSES = "moto.apigatewayv2.responses:ApiGatewayV2Response"
_STAGE = "{0}/v2/apis/(?P<api_id>[^/]+)/stages/(?P<stage_name>[^/]+)"
ADDITIONS = (
    Addition(_RESPONSES, "update_stage", update_stage),
    Addition(_RESPONSES, "delete_route_settings", delete_route_settings, f"{_STAGE}/routesettings/(?P<key>.+)$"),
    Addition(_RESPONSES, "delete_access_log_settings", delete_access_log_settings, f"{_STAGE}/accesslogsettings$"),
)
