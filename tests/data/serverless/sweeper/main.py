"""Handles what waits in the queue."""


def handler(event, context):
    return {"batchItemFailures": []}
