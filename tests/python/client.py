"""A third party's client: plain grpcio that knows nothing of the contract but what reflection tells it.

Nothing is generated: message classes are made at run time from the descriptors that the server sends. Publishes an
order as buyer, follows the feed as supplier until the order arrives, and prints one JSON object of what it found.

Usage: client.py ADDRESS BUYER_KEY SUPPLIER_KEY VENDOR_NUMBER ORDER_NUMBER
"""

import json
import sys
import uuid

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

DEADLINE_S = 20


class Contract:
    """The services of a server, as reflection describes them."""

    def __init__(self, channel):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        return sorted(self.database.get_services())

    def message(self, name, /, **fields):
        """A message of the contract; fields as in protobuf JSON."""
        descriptor = self.pool.FindMessageTypeByName(name)
        return json_format.ParseDict(fields, message_factory.GetMessageClass(descriptor)())

    def method(self, service, name):
        """A method as a callable."""
        method = self.pool.FindServiceByName(service).methods_by_name[name]
        kind = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        answer = message_factory.GetMessageClass(method.output_type)
        return kind(
            f"/{service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )

    def call(self, service, name, key=None, /, **fields):
        """Calls a method; a stream is answered as an iterator."""
        method = self.pool.FindServiceByName(service).methods_by_name[name]
        request = self.message(method.input_type.full_name, **fields)
        metadata = [("authorization", f"Bearer {key}")] if key else []
        return self.method(service, name)(request, metadata=metadata, timeout=DEADLINE_S)

    def payload(self, name, event):
        """What an event says, as the message of this name; its options must name the event's type."""
        descriptor = self.pool.FindMessageTypeByName(name)
        # Options know their extensions only in the pool that the contract was read into.
        options = message_factory.GetMessageClass(self.pool.FindMessageTypeByName("google.protobuf.MessageOptions"))
        stated = options.FromString(descriptor.GetOptions().SerializeToString())
        kind = stated.Extensions[self.pool.FindExtensionByName("tandem.event.v1.type")]
        if kind != event.type:
            raise SystemExit(f"{name} is {kind}, and the event is {event.type}")
        return message_factory.GetMessageClass(descriptor).FromString(event.data)


def order(number):
    """An order as protobuf JSON."""
    line = {
        "lineNumber": "10",
        "item": {"name": "叶轮", "buyerItemId": "PY-1"},
        "quantity": {"value": "12.5"},
        "unitCode": "H87",
        "price": {"amount": {"value": "3.20"}},
    }
    return {
        "orderNumber": number,
        "currency": "CNY",
        "priceIncludesTax": False,
        "issueDate": {"year": 2026, "month": 11, "day": 23},
        "lines": [line],
    }


def first_published(messages, order_id):
    """The event of the order, as the supplier's feed brings it."""
    for message in messages:
        for entry in message.events:
            if entry.event.subject == f"orders/{order_id}":
                messages.cancel()
                return entry
    raise SystemExit("the stream ended before the order came")


def main(address, buyer_key, supplier_key, vendor_number, number):
    with grpc.insecure_channel(address) as channel:
        contract = Contract(channel)
        health = contract.call("grpc.health.v1.Health", "Check", service="tandem.orders.v1.OrderService")
        refused = None
        try:
            contract.call("tandem.orders.v1.OrderService", "GetOrder", orderId="nothing")
        except grpc.RpcError as error:
            refused = error.code().name
        receipt = contract.call(
            "tandem.orders.v1.OrderService",
            "PublishOrder",
            buyer_key,
            requestId=str(uuid.uuid4()),
            content=order(number),
            supplier={"vendorNumber": vendor_number},
        )
        messages = contract.call("tandem.stream.v1.StreamService", "Subscribe", supplier_key, earliest=True)
        entry = first_published(messages, receipt.order_id)
        published = contract.payload("tandem.orders.v1.OrderPublished", entry.event)
        found = {
            "services": contract.services(),
            "health": json_format.MessageToDict(health)["status"],
            "without_key": refused,
            "order_id": receipt.order_id,
            "seq": entry.seq,
            "cursor": entry.cursor,
            "type": entry.event.type,
            "version": entry.event.version,
            "order_number": published.order.content.order_number,
            "item": published.order.content.lines[0].item.name,
            "net_amount": published.order.net_amount.value,
        }
        print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
