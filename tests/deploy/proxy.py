"""deploy/nginx as it is shipped, with other ports: two replicas of each process behind it, TLS and HTTP/2 in front.

Usage: proxy.py BINARY NGINX [--long]
"""

import hashlib
import html
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
from clients import Firm, curl, post
from world import API, EVERYTHING, ROOT, World, free_port, order, request_id, require, say, tail, until

# Longer than a minute, which is how long nginx waits by itself.
LONG_S = 75
# How long a process is held still.
HELD_S = 1.5
# A call of each service that changes nothing.
READS = {
    "partners": ("SessionService", "WhoAmI", {}),
    "orders": ("OrderService", "ListOrders", {"side": "SIDE_BUYER", "pageSize": 1}),
    "interchange": ("SheetService", "GetTemplate", {}),
    "notices": ("NoticeService", "ListDeliveries", {"pageSize": 1}),
    "capacity": ("CapacityGroupService", "ListCapacityGroups", {"pageSize": 1}),
    "resources": ("ResourceService", "ListResources", {"pageSize": 1}),
    "stream": ("StreamService", "GetHead", {}),
}


class Nginx:
    """deploy/nginx with ports and places of this world put in."""

    def __init__(self, world, program):
        self.world, self.program = world, program
        self.folder = world.folder / "nginx"
        self.folder.mkdir()
        self.api, self.portal, self.inside, self.plain = free_port(), free_port(), free_port(), free_port()
        self.certificate = self.folder / "tls.crt"
        self.process = None
        names = "subjectAltName=DNS:api.example.com,DNS:portal.example.com"
        world.run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=api.example.com"),
            *("-addext", names, "-keyout", self.folder / "tls.key", "-out", self.certificate),
        )

    def here(self, name):
        """A file of deploy/nginx with places of this world."""
        text = (ROOT / "deploy/nginx" / name).read_text()
        text = text.replace("/etc/nginx/tandem/", f"{self.folder}/").replace("/var/log/nginx/", f"{self.folder}/")
        return text

    def write(self, replicas, whole):
        """`replicas`: addresses by upstream; `whole`: of the plain balancer."""
        services = self.here("services.conf")
        for name, addresses in replicas.items():
            services = servers(services, f"tandem_{name}", addresses)
        (self.folder / "services.conf").write_text(services)
        (self.folder / "api.conf").write_text(self.here("api.conf"))
        sites = self.here("tandem.conf").replace("127.0.0.1:50050", f"127.0.0.1:{self.inside}")
        for port in (self.api, self.portal):
            sites = sites.replace("listen 443 ssl http2", f"listen 127.0.0.1:{port} ssl http2", 1)
        balancer = servers(self.here("balancer.conf"), "tandem_api", whole)
        balancer = balancer.replace("listen 443 ssl", f"listen 127.0.0.1:{self.plain} ssl")
        module = self.program.parent.parent / "lib/nginx/modules/ngx_stream_module.so"
        # As a whole number: a port that was free may have these digits.
        require(not re.search(r"\b443\b", re.sub(r"#.*", "", sites + balancer)), "a listener was not moved")
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = f"""
            {f"load_module {module};" if module.exists() else ""}
            daemon off; master_process on; worker_processes 2; pid {self.folder}/pid;
            {"user root root;" if os.getuid() == 0 else ""}
            error_log {self.folder}/error.log warn;
            events {{ worker_connections 4096; }}
            http {{ {temporary} default_type application/octet-stream; {sites} }}
            {balancer}
        """
        (self.folder / "nginx.conf").write_text(config)

    def command(self, *more):
        return [str(self.program), "-c", f"{self.folder}/nginx.conf", "-e", f"{self.folder}/error.log", *more]

    def start(self):
        checked = subprocess.run(self.command("-t"), capture_output=True, text=True)
        require(checked.returncode == 0, f"nginx refuses its files: {checked.stderr}")
        self.process = subprocess.Popen(self.command(), cwd=self.folder)
        self.world.ends.append(self.stop)
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def curl(self, name="api"):
        """What curl needs to reach it by its name."""
        host, port = f"{name}.example.com", self.api if name == "api" else self.portal
        return ["--cacert", self.certificate, "--connect-to", f"{host}:443:127.0.0.1:{port}"]


def servers(text, upstream, addresses):
    """The same file with other servers of one upstream."""
    lines = "".join(f"    server {address} max_fails=1 fail_timeout=5s;\n" for address in addresses)
    found = re.search(rf"upstream {upstream} {{(.*?)\n\s*}}", text, re.S)
    require(found, f"upstream {upstream} is not in deploy/nginx")
    kept = "".join(f"{line}\n" for line in found[1].splitlines() if not line.strip().startswith("server "))
    return text.replace(found[1], kept + lines.rstrip("\n"))


def deployment(world, nginx, long):
    """Two replicas of each process: of each service with `long`, else some services together."""
    groups = [[service] for service in EVERYTHING] if long else [API, ["stream"], ["portal"]]
    groups = {"-".join(group) if len(group) < 3 else "api": group for group in groups} | {"whole": [*API, "stream"]}
    processes = {name: [world.tandem(f"{name}-{n}", group) for n in (1, 2)] for name, group in groups.items()}
    replicas = {}
    for name, group in groups.items():
        if name != "whole":
            port = "portal" if group == ["portal"] else "api"
            for service in group:
                replicas[service] = [f"127.0.0.1:{getattr(process, port)}" for process in processes[name]]
    nginx.write(replicas, [f"127.0.0.1:{process.api}" for process in processes["whole"]])
    nginx.start()
    for pair in processes.values():
        for process in pair:
            process.wait()
    return processes


def over_http(nginx, key):
    """JSON, the documentation and the portal, over HTTP/2 and HTTP/1.1."""
    version, body = curl("--http2", *nginx.curl(), "https://api.example.com/openapi.json")
    require(version == "2" and json.loads(body)["openapi"], f"HTTP/{version}")
    version, _ = curl("--http1.1", *nginx.curl(), "https://api.example.com/docs")
    require(version == "1.1", f"HTTP/{version}")
    who = post(nginx.curl(), key, "partners.v1.SessionService/WhoAmI")
    require(who.get("firmId"), f"who am I? {who}")
    version, body = curl("--http2", "-L", *nginx.curl("portal"), "https://portal.example.com/")
    require(version == "2" and b"<html" in body, f"the portal answered {body[:200]!r}")
    # A big answer that comes bit by bit, in JSON over HTTP/1.1: nothing waits for a buffer to fill.
    stream = ["--http1.1", "-N", *nginx.curl(), "-H", f"authorization: Bearer {key}", "-d", '{"earliest":true,"untilHead":true}']
    stream += ["-H", "content-type: application/json"]
    _, body = curl(*stream, "https://api.example.com/tandem.stream.v1.StreamService/Subscribe")
    require(body.count(b"order.published") > 5, f"only {len(body)} bytes of the feed")


def guesses(address, key, certificate=None):
    """How many of many guesses at a sign-in link are told to wait, where the client writes an address itself."""
    with Firm(address, key, certificate) as firm:
        method = firm.contract.method("tandem.partners.v1.SessionService", "InspectLink")
        guess = firm.contract.message("tandem.partners.v1.InspectLinkRequest", token="x" * 43)
        waits = 0
        # Two replicas answer 200 each at once, and 20 a second.
        for _ in range(15):
            calls = [method.future(guess, metadata=[("x-forwarded-for", "1.2.3.4")], timeout=30) for _ in range(100)]
            waits += sum(call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED for call in calls)
        return waits


def addressed(nginx, key):
    """Who signs in is counted by the address that nginx saw, whatever a client wrote; inside, by what the portal says."""
    require(guesses(f"127.0.0.1:{nginx.inside}", key), "the address that the portal names is lost on the way")
    require(not guesses(f"127.0.0.1:{nginx.api}", key, nginx.certificate), "a client names the address of another's office")


def files(world, nginx, owner, key):
    """A file goes up by curl and comes down whole and in parts; the address of its link stands in no log."""
    content = os.urandom(6 * 1024 * 1024 + 321)
    file = world.folder / "YZ-1_A.bin"
    file.write_bytes(content)
    draft = owner.drawing("代理测试图纸")
    # Bytes of a PDF, as far as the check of the media type looks.
    file.write_bytes(b"%PDF-1.7\n" + content)
    begun = post(
        nginx.curl(), key, "resources.v1.TransferService/BeginUpload",
        requestId=request_id(), revisionId=draft, fileName="YZ-1_A.pdf", mediaType="application/pdf",
    )
    url = f"https://api.example.com/files/uploads/{begun['id']}"
    curl("--http2", *nginx.curl(), "-T", file, "-H", f"authorization: Bearer {key}", url)
    done = post(nginx.curl(), key, "resources.v1.TransferService/FinishUpload", requestId=request_id(), uploadId=begun["id"])
    require(int(done["sizeBytes"]) == file.stat().st_size, f"{done}")
    link = post(nginx.curl(), key, "resources.v1.TransferService/CreateDownloadLink", fileId=done["id"])["url"]
    require(link.startswith("https://api.example.com/files/"), f"the link leads to {link}")
    _, body = curl("--http2", *nginx.curl(), link)
    require(hashlib.sha256(body).digest() == hashlib.sha256(file.read_bytes()).digest(), "the file came down changed")
    _, part = curl(*nginx.curl(), "-r", "1000000-1000099", link, expect="206")
    require(part == file.read_bytes()[1_000_000:1_000_100], "a part of the file came down changed")
    return link.rsplit("/", 1)[1]


def live(world, nginx, buyer):
    """Somebody signs in at the portal, and its stream of events says at once what happened."""
    entry = next(one for one in world.sandbox["suppliers"] if one["id"] == "S1")
    path = re.sub(r"^http://[^/]+", "", entry["sign_in"])
    jar = world.folder / "cookies"
    browser = [*nginx.curl("portal"), "-b", jar, "-c", jar, "-H", "origin: https://portal.example.com"]
    _, page = curl(*browser, f"https://portal.example.com{path}")
    token = html.unescape(re.search(rf'action="{path}".*?name="token" value="([^"]*)"', page.decode(), re.S)[1])
    curl(*browser, "--data-urlencode", f"token={token}", f"https://portal.example.com{path}", expect="303")
    version, page = curl("--http2", *browser, "https://portal.example.com/inbox")
    require(version == "2" and entry["name"].encode() in page, "the inbox is not that of the firm")
    command = ["curl", "-sSN", "--http2", "--noproxy", "*", "--max-time", "60", *map(str, browser)]
    stream = subprocess.Popen([*command, "https://portal.example.com/live"], stdout=subprocess.PIPE)
    lines = iter(stream.stdout.readline, b"")
    try:
        # The first beat says that what was present has been passed.
        require(any(line.startswith(b"event: beat") for line in lines), "the stream of the portal does not begin")
        began = time.monotonic()
        receipt = buyer.publish("LIVE-1")
        require(any(receipt.order_id.encode() in line for line in lines), "the stream of the portal does not say what happened")
        took = time.monotonic() - began
        require(took < 5, f"the portal's event came after {took:.1f} s: something held it back")
    finally:
        stream.terminate()
        stream.wait()
    say(f"the portal's stream told of an order after {took:.2f} s, its publishing included")
    return path.rsplit("/", 1)[1]


def follow(nginx, key, seconds, seen, cursors):
    """Reads a feed for so long, from a cursor on whenever the stream ends: what a subscriber does."""
    end = time.monotonic() + seconds
    start = {"latest": True}
    while time.monotonic() < end:
        with Firm(f"127.0.0.1:{nginx.api}", key, nginx.certificate) as firm:
            try:
                for message in firm.subscribe(max(1, end - time.monotonic()), **start):
                    cursors.append((time.monotonic(), message.cursor))
                    start = {"after": message.cursor}
                    seen.extend(entry.seq for entry in message.events)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                    seen.append(None)  # cut, and gone on
                    time.sleep(0.1)


class Writers:
    """Clients who publish until they are stopped, and repeat what nobody answered."""

    def __init__(self, nginx, key):
        self.nginx, self.key = nginx, key
        self.acknowledged, self.repeated, self.took, self.stopped = [], [], [], threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(name,), daemon=True) for name in range(4)]
        for thread in self.threads:
            thread.start()

    def write(self, name):
        number = 0
        with Firm(f"127.0.0.1:{self.nginx.api}", self.key, self.nginx.certificate) as buyer:
            while not self.stopped.is_set():
                number, began = number + 1, time.monotonic()
                fields = {"content": order(f"KILL-{name}-{number}"), "supplier": {"vendorNumber": "V10027"}}
                times, _ = buyer.insist(
                    30, "orders.v1.OrderService", "PublishOrder", requestId=f"kill-{name}-{number}", **fields
                )
                self.acknowledged.append(f"KILL-{name}-{number}")
                self.repeated.append(times)
                self.took.append(time.monotonic() - began)

    def go_on(self, what, orders, pause=0.05):
        """Waits for so many more acknowledged orders."""
        after = len(self.acknowledged) + orders
        until(what, lambda: len(self.acknowledged) >= after, 30, pause)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(40)


def portal_answers(nginx):
    """Whether somebody shows the portal's first page."""
    command = ["curl", "-sL", "-o", "/dev/null", "--noproxy", "*", "--max-time", "20", "-w", "%{http_code}"]
    command += [*map(str, nginx.curl("portal")), "https://portal.example.com/"]
    return subprocess.run(command, capture_output=True, text=True).stdout == "200"


def answers(nginx, firm, services):
    """Waits until each of these services answers, whichever replica does."""
    for service in services:
        if service == "portal":
            until("the portal answers", lambda: portal_answers(nginx), 30)
        else:
            name, method, fields = READS[service]
            firm.insist(30, f"{service}.v1.{name}", method, **fields)


def stopped(victim):
    """Holds a process still for a while that nobody waits for."""
    victim.process.send_signal(signal.SIGSTOP)
    threading.Timer(HELD_S, victim.process.send_signal, (signal.SIGCONT,)).start()


def struck(nginx, key, processes):
    """Each replica is killed once, and one of each held still, while four clients publish: its services answer all the
    same, and whatever was acknowledged is there, once."""
    pairs = [pair for name, pair in processes.items() if name != "whole"]
    with Firm(f"127.0.0.1:{nginx.api}", key, nginx.certificate) as buyer:
        # Reads what the contract says of each before anybody is struck.
        answers(nginx, buyer, EVERYTHING)
        writers = Writers(nginx, key)
        for victim in [pair[n] for n in (0, 1) for pair in pairs]:
            writers.go_on("orders are acknowledged", 15, 0.001)
            victim.end(signal.SIGKILL)
            writers.go_on("the other replica answers", 10)
            answers(nginx, buyer, victim.services)
            victim.start().wait()
        for victim in [pair[0] for pair in pairs]:
            writers.go_on("orders are acknowledged", 15, 0.001)
            stopped(victim)
            answers(nginx, buyer, victim.services)
            writers.go_on("orders are acknowledged again", 10)
            until("it goes on", victim.ready)
        writers.stop()
        wrong = {number: times for number, times in buyer.orders(writers.acknowledged).items() if times != 1}
    require(not wrong, f"acknowledged orders that are not there exactly once: {wrong}")
    kills, stops, orders = 2 * len(pairs), len(pairs), len(writers.acknowledged)
    say(
        f"{orders} orders acknowledged over {kills} kills and {stops} stops, {sum(writers.repeated)} calls repeated, "
        f"the slowest took {max(writers.took):.2f} s"
    )


def contiguous(seen):
    """Whether a feed came whole: each place after the one before, none twice."""
    places = [seq for seq in seen if seq is not None]
    return places == list(range(places[0], places[0] + len(places))) if places else False


def main(binary, program, long):
    with World(binary, "proxy") as world:
        world.fill()
        nginx = Nginx(world, Path(program).resolve())
        world.settings(
            api={"url": f"http://127.0.0.1:{nginx.inside}"},
            portal={"public_url": "https://portal.example.com"},
            resources={"link_url": "https://api.example.com"},
            database={"app_connections": 6, "stream_connections": 3},
        )
        processes = deployment(world, nginx, long)
        say(f"{sum(map(len, processes.values()))} processes behind nginx")
        key, certificate = world.key("A1"), nginx.certificate
        over_http(nginx, key)
        addressed(nginx, key)
        seen, cursors = [], []
        quiet = time.monotonic()
        reader = threading.Thread(target=follow, args=(nginx, key, LONG_S if long else 600, seen, cursors), daemon=True)
        reader.start()
        until("the stream is live", lambda: cursors, 20)
        with Firm(f"127.0.0.1:{nginx.api}", key, certificate) as buyer:
            secrets = [files(world, nginx, buyer, key), live(world, nginx, buyer), key]
            if long:
                # Nothing happens for longer than nginx would wait by itself.
                reader.join()
                require(None not in seen, "the quiet stream was cut")
                spread = [round(at - quiet) for at, _ in cursors]
                say(f"a stream stayed open for {LONG_S} s, with messages after {spread} s")
                reader = threading.Thread(target=follow, args=(nginx, key, 600, seen, cursors), daemon=True)
                seen.clear()
                reader.start()
                time.sleep(1)
            struck(nginx, key, processes)
            head = buyer.head().seq
            until("the reader sees everything", lambda: seen and (seen[-1] or 0) >= head, 30)
            require(contiguous(seen), f"the feed came with gaps or twice: {seen}")
            require(None in seen, "both replicas of stream were killed, and the reader noticed nothing")
            first = next(seq for seq in seen if seq is not None)
            say(f"a subscriber got {head - first + 1} events, each once, cut {seen.count(None)} times")
        with Firm(f"127.0.0.1:{nginx.plain}", key, certificate) as firm:
            receipt = firm.publish("TCP-1")
            require(any(receipt.order_id in entry.event.subject for entry in firm.events()), "not on the feed")
        say("the plain balancer of TCP carries gRPC over TLS")
        logged = "".join(tail(file, 10**6) for file in nginx.folder.glob("*.log"))
        require("PublishOrder" in logged, "nginx logged nothing")
        require(not any(secret in logged for secret in secrets), "a link or a key stands in a log")
        for pair in processes.values():
            for process in pair:
                require(key not in tail(process.log, 10**6), "a key stands in a log")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2], "--long" in sys.argv)
