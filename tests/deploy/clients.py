"""Third-party clients of a deployment: grpcio with reflection, and curl."""

import json
import subprocess
import time

import grpc
from world import order, request_id, require

# Its folder is on the path once `world` was read.
from client import Contract

# What a client may repeat with the same request_id: nobody answered, or whoever did went away meanwhile.
AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}


class Firm:
    """A firm of the sandbox with its key, over one channel."""

    def __init__(self, address, key, certificate=None):
        options = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", 64 << 20)]
        if certificate:
            trusted = grpc.ssl_channel_credentials(certificate.read_bytes())
            # The certificate is of the name that nginx answers to.
            options.append(("grpc.ssl_target_name_override", "api.example.com"))
            self.channel = grpc.secure_channel(address, trusted, options)
        else:
            self.channel = grpc.insecure_channel(address, options)
        self.key, self.contract = key, Contract(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def call(self, service, method, **fields):
        return self.contract.call(f"tandem.{service}", method, self.key, **fields)

    def insist(self, seconds, service, method, **fields):
        """Repeats the call as it is until it is answered; how often it was repeated, and the answer."""
        end, times = time.monotonic() + seconds, 0
        while True:
            try:
                return times, self.call(service, method, **fields)
            except grpc.RpcError as error:
                if error.code() not in AGAIN or time.monotonic() > end:
                    raise
                times += 1
                time.sleep(0.05)

    def publish(self, number, vendor="V10027", **more):
        """Publishes an order; its receipt."""
        return self.call(
            "orders.v1.OrderService",
            "PublishOrder",
            **{"requestId": request_id(), "content": order(number), "supplier": {"vendorNumber": vendor}} | more,
        )

    def head(self):
        return self.call("stream.v1.StreamService", "GetHead")

    def events(self, after=None):
        """What is in the feed now, from its beginning or after a cursor."""
        start = {"after": after} if after else {"earliest": True}
        messages = self.call("stream.v1.StreamService", "Subscribe", untilHead=True, **start)
        return [entry for message in messages for entry in message.events]

    def subscribe(self, seconds, **start):
        """A stream that stays open for so long."""
        method = self.contract.method("tandem.stream.v1.StreamService", "Subscribe")
        request = self.contract.message("tandem.stream.v1.SubscribeRequest", **start)
        return method(request, metadata=[("authorization", f"Bearer {self.key}")], timeout=seconds)

    def orders(self, numbers):
        """How many orders of the buyer have each of these numbers."""
        found = {}
        for number in numbers:
            listed = self.call("orders.v1.OrderService", "ListOrders", side="SIDE_BUYER", orderNumber=number)
            found[number] = len(listed.orders)
        return found

    def drawing(self, name):
        """A new drawing with a draft; the draft's id."""
        content = {"name": name, "category": "RESOURCE_CATEGORY_DRAWING"}
        made = self.call(
            "resources.v1.ResourceService",
            "PublishResource",
            requestId=request_id(),
            content=content,
            visibility="RESOURCE_VISIBILITY_GRANTED",
        )
        draft = {"requestId": request_id(), "resourceId": made.resource_id, "label": "A"}
        return self.call("resources.v1.RevisionService", "CreateRevision", **draft).revision_id


def reason(call):
    """The reason and code with which a call is refused."""
    try:
        answer = call()
        # A stream says so only when it is read.
        if hasattr(answer, "__next__"):
            next(answer)
    except grpc.RpcError as error:
        return error.code().name, error.details()
    raise SystemExit("failed: the call was not refused")


def curl(*arguments, expect="200"):
    """What curl was answered: HTTP's version and the body."""
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", "60", "-w", "\n%{http_code} %{http_version}", *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True)
    require(done.returncode == 0, f"curl {arguments[-1]}: {done.stderr.decode()}")
    body, _, last = done.stdout.rpartition(b"\n")
    code, version = last.decode().split()
    require(code == expect, f"{arguments[-1]} answered {code} instead of {expect}: {body[:400]!r}")
    return version, body


def post(base, key, method, **fields):
    """A method in JSON over HTTP, by curl; its answer."""
    headers = ["-H", f"authorization: Bearer {key}", "-H", "content-type: application/json"]
    _, body = curl(*base, *headers, "-d", json.dumps(fields), f"https://api.example.com/tandem.{method}")
    return json.loads(body)
