"""How long the reader waits after errors, each of which says it in another way, or not at all."""

import json
import sys
from types import SimpleNamespace as Of

sys.path.insert(0, sys.argv[1])

import follower
import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2


class Error(grpc.RpcError):
    def __init__(self, *details, message="busy", trailing=None):
        packed = [any_pb2.Any() for _ in details]
        for place, detail in zip(packed, details):
            place.Pack(detail)
        status = status_pb2.Status(code=grpc.StatusCode.UNAVAILABLE.value[0], message=message, details=packed)
        self.trailing = [("grpc-status-details-bin", status.SerializeToString())] if trailing is None else trailing

    def code(self):
        return grpc.StatusCode.UNAVAILABLE

    def details(self):
        return "busy"

    def trailing_metadata(self):
        return self.trailing


reason = error_details_pb2.ErrorInfo(reason="DRAINING")
wait = error_details_pb2.RetryInfo()
wait.retry_delay.FromMilliseconds(700)
errors = [
    Error(reason, wait),
    Error(reason),
    Error(error_details_pb2.RetryInfo()),
    Error(wait, message="another status"),
    Error(trailing=[("grpc-status-details-bin", b"\x0a\x7f")]),
    Error(trailing=[]),
]


def subscribe(*_):
    if errors:
        raise errors.pop(0)
    return []


waited = []
follower.subscribe = subscribe
follower.time = Of(sleep=waited.append)
follower.random = Of(uniform=lambda low, high: 1.0)
follower.follow("127.0.0.1:1", "", follower.Store(":memory:"), True)
print(json.dumps(waited))
