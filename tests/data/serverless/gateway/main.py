"""Passes a request on to the cluster."""

import os
import urllib.request


def handler(event, context):
    timeout = float(os.environ["SCORER_TIMEOUT_SECONDS"])
    with urllib.request.urlopen(os.environ["SCORER_URL"] + event["rawPath"], timeout=timeout) as answer:
        return {"statusCode": answer.status, "body": answer.read().decode()}
