"""Follows a firm's feed into a SQLite database, with plain grpcio.

The pattern for a reader of one's own: what an event does and the cursor behind it are stored in one transaction, so that
each event takes effect once, whatever is killed or cut off in between, and however often an event comes. Nothing is
generated: message classes are made at run time from the descriptors that the server sends.

Usage: TANDEM_KEY=tdm_live_… follower.py HOST:PORT DATABASE [--until-head]

With --until-head it ends once everything present was stored, and prints one JSON object of what is in the database.
"""

import json
import os
import random
import sqlite3
import sys
import time

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

STREAM = "tandem.stream.v1.StreamService"
# What another attempt may mend.
PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
}
# A bookmark comes every 15 s: a line that is silent for long is found out by pings.
CHANNEL = [("grpc.keepalive_time_ms", 30_000), ("grpc.keepalive_timeout_ms", 10_000)]


class Store:
    """Effects and the place, in one database."""

    def __init__(self, path):
        self.database = sqlite3.connect(path)
        with self.database:
            self.database.execute("create table if not exists place (one integer primary key, seq integer, cursor text)")
            self.database.execute(
                "create table if not exists event (seq integer primary key, id text unique, type text, subject text, data blob)"
            )

    def place(self):
        """The last place and its cursor; None where nothing was stored."""
        return self.database.execute("select seq, cursor from place").fetchone()

    def take(self, message):
        """Stores what a message brings, and where it leads; nothing where all of it was seen: the place goes forwards alone."""
        with self.database:
            # The place is read in the transaction that moves it: of two that write into one database neither takes it back.
            self.database.execute("begin immediate")
            place = self.place()
            seen = place[0] if place else 0
            if message.seq <= seen:
                return
            for entry in message.events:
                if entry.seq > seen:
                    event = entry.event
                    self.database.execute(
                        "insert into event values (?, ?, ?, ?, ?)",
                        (entry.seq, event.id, event.type, event.subject, event.data),
                    )
            self.database.execute("insert or replace into place values (1, ?, ?)", (message.seq, message.cursor))

    def summary(self):
        """What is there."""
        events, total = self.database.execute("select count(*), coalesce(sum(seq), 0) from event").fetchone()
        place = self.place()
        return {"events": events, "sum": total, "seq": place[0] if place else 0}


def subscribe(channel, key, place, until_head):
    """Messages from a place on."""
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    method = pool.FindServiceByName(STREAM).methods_by_name["Subscribe"]
    request = message_factory.GetMessageClass(method.input_type)(until_head=until_head)
    if place:
        request.after = place[1]
    else:
        request.earliest = True
    call = channel.unary_stream(
        f"/{STREAM}/Subscribe",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )
    return call(request, metadata=[("authorization", f"Bearer {key}")])


def asked(error):
    """How many seconds the server asks to be left alone for; None where it does not say."""
    try:
        status = rpc_status.from_call(error)
    except (DecodeError, ValueError):
        # Somebody on the way put another status before the server's, or cut it off.
        return None
    info = RetryInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info) and info.HasField("retry_delay"):
            return info.retry_delay.ToTimedelta().total_seconds()
    return None


def follow(address, key, store, until_head):
    """Until the head, or for ever."""
    pause = 0.2
    while True:
        hint = None
        try:
            with grpc.insecure_channel(address, options=CHANNEL) as channel:
                for message in subscribe(channel, key, store.place(), until_head):
                    store.take(message)
                    pause = 0.2
            if until_head:
                return
        except grpc.RpcError as error:
            # An expired cursor, another history or a credential that ended is for a person to decide.
            if error.code() not in PASSING:
                raise SystemExit(f"{error.code().name}: {error.details()}") from error
            hint = asked(error)
        time.sleep(pause * random.uniform(0.5, 1.5) if hint is None else hint)
        pause = min(pause * 2, 10)


def main(address, database, *options):
    store = Store(database)
    follow(address, os.environ["TANDEM_KEY"], store, "--until-head" in options)
    print(json.dumps(store.summary()))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or "TANDEM_KEY" not in os.environ:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
