"""The function in front of the models: decides who answers a request, and asks it.

Behind an HTTP API that has checked the caller's token. A request names its model; the variables that wavetank sets
(``<SERVICE>_URL``) say where the model answers inside the VPC. The token goes along: the model's own proxy checks it again and
decides by the groups in it whether this caller may use this model.
"""

import json
import os
import urllib.error
import urllib.request

#: model -> variables with its address and the seconds that it may take
MODELS = {
    "fraud-detection": "MODEL_FRAUD_DETECTION_V1_2_0",
    "recommendation-engine": "MODEL_RECOMMENDATION_ENGINE",
}


def handler(event, context):
    """A request of API Gateway (payload format 2.0) becomes its answer."""
    method = event["requestContext"]["http"]["method"]
    path = event["rawPath"].removeprefix("/v1")
    if method == "GET" and path == "/models":
        return answer(200, {"models": sorted(MODELS)})
    model = path.strip("/").split("/")[-1]
    if model not in MODELS:
        return answer(404, {"message": f"there is no model {model}", "models": sorted(MODELS)})
    return ask(MODELS[model], event.get("body") or "{}", event["headers"].get("authorization", ""))


def ask(prefix, body, token):
    """The model's own answer, or 502 and 504 as a gateway says it."""
    headers = {"Content-Type": "application/json", "Authorization": token}
    request = urllib.request.Request(os.environ[f"{prefix}_URL"] + "/predict", data=body.encode(), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=float(os.environ[f"{prefix}_TIMEOUT_SECONDS"])) as reply:
            return answer(reply.status, json.loads(reply.read()))
    except urllib.error.HTTPError as error:
        return answer(error.code, {"message": error.reason})
    except TimeoutError:
        return answer(504, {"message": "the model took too long"})
    except urllib.error.URLError as error:
        return answer(502, {"message": f"the model does not answer: {error.reason}"})


def answer(status, body):
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
