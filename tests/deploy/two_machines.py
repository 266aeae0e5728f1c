"""The loss of a machine, rehearsed: two clusters of Postgres with streaming replication, one process of Tandem on each.
What Postgres is told is what deploy/two-machines/README.md tells people to type, read from there.

Usage: two_machines.py BINARY [--json]
"""

import json
import os
import re
import shutil
import signal
import sys
import threading
import time

import grpc
from clients import AGAIN, Firm
from manual import TWO_MACHINES, blocks, typed
from world import API, Cluster, Tandem, World, request_id, require, say, until

SERVICES = [*API, "stream"]
# What Postgres has to know for a standby; for an old primary to become one, the cluster has checksums.
REPLICATED = {"wal_level": "replica", "hot_standby": "on"}


class Machine:
    """A Postgres and a process of Tandem that uses it."""

    def __init__(self, world, name, cluster=None):
        self.world, self.name = world, name
        self.cluster = cluster or Cluster(world.folder / f"postgres-{name}")
        self.cluster.password = world.cluster.password
        # Apart from the data, as Debian keeps it: pg_rewind has to be told where.
        self.settings = world.folder / "postgresql.conf"
        self.config = world.folder / f"{name}.toml"
        world.settings(file=self.config, cluster=self.cluster)
        self.tandem = Tandem(world, name, SERVICES)
        world.ends.append(self.lose)

    @property
    def address(self):
        return f"127.0.0.1:{self.tandem.api}"

    def serve(self):
        self.tandem.start(self.config).wait()
        return self

    def lose(self):
        """The power fails."""
        self.tandem.end(signal.SIGKILL)
        process = self.cluster.process
        if process and process.poll() is None:
            # SIGQUIT: the server and its children at once, and nothing is written any more.
            self.cluster.stop(signal.SIGQUIT)

    def gone(self):
        """Whatever of it still runs ends: the machine is set up anew."""
        self.lose()
        return self

    def follow(self, primary, synchronous):
        """Becomes a standby of the other: a copy of it, which then streams."""
        if self.cluster.folder.exists():
            shutil.rmtree(self.cluster.folder)
        self.cluster.own(self.cluster.folder)
        self.cluster.program("pg_basebackup", *self.typed("pg_basebackup", primary), "--no-sync")
        return self.stream(primary, synchronous)

    def rewind(self, primary, synchronous):
        """The lost machine is back: what it has more than the new primary goes, and it streams from there."""
        # Until the promotion stands in a checkpoint, pg_rewind before PostgreSQL 16 takes the new primary for the old one.
        reached = os.environ | {"PGPORT": str(primary.cluster.port), "PGPASSWORD": self.cluster.password}
        self.cluster.program("psql", *self.typed("psql", primary), env=reached)
        self.cluster.program("pg_rewind", *self.typed("pg_rewind", primary), "--no-sync")
        return self.stream(primary, synchronous)

    def typed(self, program, primary):
        """What the document gives a program, where machines are ports of loopback and nothing is encrypted."""
        here = (
            (r"/var/lib/postgresql/15/main", str(self.cluster.folder)),
            (r"/etc/postgresql/15/main/postgresql.conf", str(self.settings)),
            (r"host=10\.0\.0\.\d", f"host=127.0.0.1 port={primary.cluster.port} password={self.cluster.password}"),
            (r"application_name=\w+", f"application_name={self.name}"),
            (r" sslmode=require", ""),
            (r"^10\.0\.0\.\d$", "127.0.0.1"),
        )
        words = typed(TWO_MACHINES, program)
        for there, with_us in here:
            words = [re.sub(there, with_us, word) for word in words]
        return words

    def begin(self):
        """Runs as a primary that a standby may follow, by the document's one login and the one door it opens for it."""
        self.cluster.stop()
        shutil.copyfile(self.cluster.folder / "postgresql.conf", self.settings)
        self.settings.chmod(0o644)
        (self.cluster.folder / "postgresql.conf").unlink()
        (door,) = typed(TWO_MACHINES, "echo")
        door = door.replace("hostssl", "host").replace("$machine", "127.0.0.1")
        others = "host all replicator 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.cluster.folder / "pg_hba.conf").write_text(f"{door}\n{others}")
        self.run()
        (login,) = blocks(TWO_MACHINES, "sql")
        self.cluster.sql(login.replace("'…'", f"'{self.cluster.password}'"), "postgres")
        return self

    def run(self):
        self.cluster.start(**REPLICATED, config_file=self.settings)

    def stream(self, primary, synchronous):
        self.run()
        streams = f"select count(*) from pg_stat_replication where application_name = '{self.name}' and state = 'streaming'"
        until(f"{self.name} streams", lambda: primary.cluster.sql(streams, "postgres") == "1", 60)
        if synchronous:
            # A commit is acknowledged when both have it.
            primary.cluster.sql(f"alter system set synchronous_standby_names = '{self.name}'", "postgres")
            primary.cluster.sql("select pg_reload_conf()", "postgres")
            mode = f"select sync_state from pg_stat_replication where application_name = '{self.name}'"
            until(f"{self.name} is synchronous", lambda: primary.cluster.sql(mode, "postgres") == "sync", 20)
        return self

    def fall_behind(self):
        """The wire between the machines is cut, and nobody notices."""
        self.cluster.sql("alter system set primary_conninfo = ''", "postgres")
        self.cluster.sql("select pg_reload_conf()", "postgres")

    def promote(self):
        """From now on it is the primary, and waits for no standby of its own."""
        require(self.cluster.sql("select pg_promote(true, 60)", "postgres") == "t", "the standby was not promoted")
        self.cluster.sql("alter system reset synchronous_standby_names", "postgres")
        self.cluster.sql("select pg_reload_conf()", "postgres")
        return self


class Writers:
    """Clients that publish one order after the other, at whichever machine answers, and keep what was acknowledged."""

    def __init__(self, key, addresses, name, count=4):
        self.key, self.addresses, self.name = key, addresses, name
        self.acknowledged, self.gaps, self.stopped = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(n,), daemon=True) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def write(self, writer):
        number = 0
        while not self.stopped.is_set():
            number += 1
            name, last = f"{self.name}-{writer}-{number}", time.monotonic()
            receipt = self.insist(name, request_id())
            if receipt:
                self.acknowledged.append((time.monotonic(), name, receipt.order_id))
                self.gaps.append(time.monotonic() - last)

    def insist(self, name, request):
        while not self.stopped.is_set():
            for address in self.addresses:
                with Firm(address, self.key) as firm:
                    try:
                        return firm.publish(name, requestId=request)
                    except grpc.RpcError as error:
                        # A database that was lost mid-call may be told as a fault of the server's.
                        if error.code() not in AGAIN | {grpc.StatusCode.INTERNAL}:
                            raise
            time.sleep(0.05)
        return None

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)


def lost_of(buyer, acknowledged):
    """Acknowledged orders that the database no longer has."""
    found = buyer.orders(name for _, name, _ in acknowledged)
    require(all(times < 2 for times in found.values()), "an order is there twice")
    return [name for name, times in found.items() if times == 0]


def loss(world, one, two, synchronous, behind=False):
    """The first machine is lost while four clients write, and the second takes over; the figures."""
    two.follow(one, synchronous)
    if not one.tandem.process:
        one.serve()
    key = world.key("A1")
    writers = Writers(key, [one.address, two.address], f"{'SYNC' if synchronous else 'ASYNC'}-{request_id()[:6]}")
    until("orders are written", lambda: len(writers.acknowledged) > 60, 60)
    with Firm(one.address, key) as buyer:
        early = buyer.head().cursor
    if behind:
        two.fall_behind()
    until("more are written", lambda: len(writers.acknowledged) > 120, 60)
    with Firm(one.address, key) as buyer:
        late = buyer.head().cursor
    down = time.monotonic()
    one.lose()
    before = [row for row in writers.acknowledged if row[0] <= down]
    two.promote()
    promoted = time.monotonic()
    two.serve()
    answering = time.monotonic()
    until("orders are written again", lambda: sum(row[0] > answering for row in writers.acknowledged) > 20, 60)
    writers.stop()
    first = min(row[0] for row in writers.acknowledged if row[0] > promoted)
    with Firm(two.address, key) as buyer:
        lost = lost_of(buyer, before)
        gone_on = [entry.seq for entry in buyer.events(early)]
        require(gone_on == list(range(gone_on[0], gone_on[0] + len(gone_on))), "the feed has a gap after the promotion")
        try:
            buyer.events(late)
            cursor = "goes on"
        except grpc.RpcError as error:
            require("restored" in error.details(), f"the latest cursor: {error.details()}")
            cursor = "FEED_DIVERGED"
        require(cursor == "goes on" or lost, "a reader was told that the feed diverged, and nothing was lost")
        require(not behind or (lost and cursor == "FEED_DIVERGED"), "the standby was behind, and nothing was lost")
        require(not (synchronous and lost), f"lost in spite of synchronous replication: {lost}")
    figures = {
        "acknowledged": len(before),
        "lost": len(lost),
        "promotion_s": round(promoted - down, 2),
        "process_start_s": round(answering - promoted, 2),
        "until_answered_s": round(first - down, 2),
        "latest_cursor": cursor,
        "orders_per_s": round(len(before) / (before[-1][0] - before[0][0]), 1),
        "p50_ms": round(sorted(writers.gaps)[len(writers.gaps) // 2] * 1000, 1),
    }
    return figures


def switch(world, one, two):
    """The lost machine comes back as the standby, and then is the primary again as planned: nothing is lost."""
    began = time.monotonic()
    one.rewind(two, True)
    back = time.monotonic() - began
    key = world.key("A1")
    writers = Writers(key, [two.address, one.address], "SWITCH")
    until("orders are written", lambda: len(writers.acknowledged) > 40, 60)
    down = time.monotonic()
    # In order: no call is cut, then the last of the log goes over, then the other takes over.
    two.tandem.end()
    two.cluster.stop(signal.SIGINT)
    one.promote().serve()
    until("orders are written again", lambda: sum(row[0] > down + 0.5 for row in writers.acknowledged) > 20, 60)
    answering = next(row[0] for row in writers.acknowledged if row[0] > down + 0.5)
    writers.stop()
    with Firm(one.address, key) as buyer:
        lost = lost_of(buyer, writers.acknowledged)
    require(not lost, f"a planned switch lost {lost}")
    return {"standby_again_s": round(back, 2), "acknowledged": len(writers.acknowledged), "lost": 0, "until_answered_s": round(answering - down, 2)}


def main(binary, as_json):
    found = {}
    with World(binary, "two-machines") as world:
        world.fill()
        one, two = Machine(world, "one", world.cluster).begin(), Machine(world, "two")
        for name, figures in (
            ("asynchronous", lambda: loss(world, one, two, False)),
            ("planned", lambda: switch(world, one, two)),
            ("synchronous", lambda: loss(world, one, two.gone(), True)),
            ("behind", lambda: loss(world, two, one.gone(), False, behind=True)),
        ):
            found[name] = figures()
            say(f"{name}: {found[name]}")
    if as_json:
        print(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(sys.argv[1], "--json" in sys.argv)
