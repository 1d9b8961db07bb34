"""API Gateway v2: stages that change, which moto makes but cannot change."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from wavetank.cloud.fixes.patch import Addition

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


_RESPONSES = "moto.apigatewayv2.responses:ApiGatewayV2Response"
_STAGE = "{0}/v2/apis/(?P<api_id>[^/]+)/stages/(?P<stage_name>[^/]+)"
ADDITIONS = (
    Addition(_RESPONSES, "update_stage", update_stage),
    Addition(_RESPONSES, "delete_route_settings", delete_route_settings, f"{_STAGE}/routesettings/(?P<key>.+)$"),
    Addition(_RESPONSES, "delete_access_log_settings", delete_access_log_settings, f"{_STAGE}/accesslogsettings$"),
)
