"""Webhooks verified by the library of their standard, which gives receivers the content. Answers one JSON value: of each message
the event's type, or why it is refused."""

import base64
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def judge(message):
    try:
        return Webhook(message["secret"]).verify(base64.b64decode(message["body"]), message["headers"])["type"]
    except WebhookVerificationError as error:
        return f"refused: {error}"


print(json.dumps([judge(message) for message in json.load(sys.stdin)]))
