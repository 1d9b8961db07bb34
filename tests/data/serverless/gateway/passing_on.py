"""Passes a request on to the cluster."""

import os
import urllib.request
from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    timeout = float(os.environ["SCORER_TIMEOUT_SECONDS"])
    with urllib.request.urlopen(os.environ["SCORER_URL"] + event["rawPath"], timeout=timeout) as answer:
        return {"statusCode": answer.status, "body": answer.read().decode()}
