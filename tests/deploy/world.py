"""A deployment on loopback, for the tests of deploy/: a Postgres, processes of Tandem, and clients of theirs.

Everything listens on 127.0.0.1 at ports that were free, lives in one folder below the system's temporary one, and ends
with `World.close`, whatever happened before.
"""

import glob
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))

API = ["partners", "orders", "interchange", "notices", "capacity", "resources"]
EVERYTHING = [*API, "stream", "portal"]


def say(text):
    """A line for whoever watches."""
    print(f"   {text}", file=sys.stderr, flush=True)


def require(holds, text):
    """Ends the test where it does not hold."""
    if not holds:
        raise SystemExit(f"failed: {text}")


def free_port(taken=set()):
    """A port that nobody has, and that no earlier call was given."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in taken:
            taken.add(port)
            return port


def until(what, holds, seconds=30, pause=0.05):
    """The first true answer of `holds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(pause)
    raise SystemExit(f"failed: {what} did not happen within {seconds} s")


def postgres_bin():
    """Where the newest of PostgreSQL's programs are."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if found:
        return found[-1]
    program = shutil.which("postgres")
    require(program, "PostgreSQL is not installed")
    return os.path.dirname(os.path.realpath(program))


def as_postgres():
    """Whom the server runs as: it refuses root."""
    if os.getuid() != 0:
        return {}
    import pwd

    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Cluster:
    """A Postgres of its own."""

    def __init__(self, folder, port=None):
        self.folder, self.port = pathlib.Path(folder), port or free_port()
        self.password = secrets.token_hex(12)
        self.bin = postgres_bin()
        self.process = None

    def program(self, name, *arguments, **more):
        """Runs one of PostgreSQL's programs as whom the server runs as."""
        command = [f"{self.bin}/{name}", *map(str, arguments)]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **as_postgres(), **more)
        require(done.returncode == 0, f"{name}: {done.stdout}{done.stderr}")
        return done

    def make(self):
        """An empty cluster."""
        self.own(self.folder)
        secret = self.folder.parent / f"{self.folder.name}.password"
        secret.write_text(self.password)
        if os.getuid() == 0:
            shutil.chown(secret, "postgres")
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--auth=scram-sha-256", "--data-checksums"]
        self.program("initdb", "-D", self.folder, *options, f"--pwfile={secret}", "--no-sync")
        secret.unlink()
        # In the file, since pg_rewind recovers a lost primary by it: without it, it recycles what it then looks for.
        with open(self.folder / "postgresql.conf", "a") as settings:
            settings.write("wal_keep_size = 256MB\n")
        return self

    def own(self, folder):
        """A folder that only the server may look into."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")

    def start(self, **settings):
        """Runs until `stop` or `kill`."""
        given = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "64MB",
        } | settings
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        log = open(f"{self.folder}.log", "ab")
        command = [f"{self.bin}/postgres", "-D", str(self.folder), *options]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **as_postgres())
        until("Postgres answers", self.answers)
        return self

    def answers(self):
        require(self.process.poll() is None, f"Postgres ended: {tail(f'{self.folder}.log')}")
        probe = [f"{self.bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe).returncode == 0

    def url(self, database="tandem"):
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement, database="tandem"):
        """The rows of a statement, as text."""
        command = [f"{self.bin}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement]
        done = subprocess.run(command, capture_output=True, text=True)
        require(done.returncode == 0, f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    def stop(self, how=signal.SIGINT):
        """Ends it: SIGINT at once and in order, SIGQUIT as a power failure does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)
        self.process = None


def tail(file, lines=8):
    try:
        return "\n".join(pathlib.Path(file).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "it left no log"


class Tandem:
    """One process of Tandem."""

    def __init__(self, world, name, services):
        self.world, self.name, self.services = world, name, services
        self.api, self.metrics, self.portal = free_port(), free_port(), free_port()
        self.log = world.folder / f"{name}.log"
        self.process = None

    def start(self, config=None):
        command = [str(self.world.binary), "serve", *self.services, "--config", str(config or self.world.config)]
        for flag, port in (("--api", self.api), ("--metrics", self.metrics), ("--portal", self.portal)):
            command += [flag, f"127.0.0.1:{port}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.world.environment)
        return self

    def ready(self):
        """Whether it and its database answer."""
        require(self.process.poll() is None, f"{self.name} ended: {tail(self.log)}")
        try:
            with plain.open(f"http://127.0.0.1:{self.metrics}/readyz", timeout=3) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait(self):
        until(f"{self.name} is ready", self.ready, 60)
        return self

    def text(self, path="/metrics"):
        with plain.open(f"http://127.0.0.1:{self.metrics}{path}", timeout=5) as answer:
            return answer.read().decode()

    def end(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


# A proxy of the machine's has no business on loopback.
plain = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class World:
    """A folder, a database with the sandbox, and whatever runs on them."""

    def __init__(self, binary, name):
        self.binary = pathlib.Path(binary).resolve()
        require(os.access(self.binary, os.X_OK), f"{binary} cannot be run; build it with `cargo build -p tandem`")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"tandem-{name}."))
        # The server's user has to pass through.
        self.folder.chmod(0o711)
        self.files = self.folder / "files"
        self.config = self.folder / "tandem.toml"
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith("TANDEM_") and key != "DATABASE_URL"
        } | {"NO_PROXY": "127.0.0.1", "no_grpc_proxy": "127.0.0.1"}
        self.cluster = Cluster(self.folder / "postgres")
        self.ends = []
        self.sandbox = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for end in reversed(self.ends):
            end()
        self.cluster.stop()
        if kind is None and not os.environ.get("TANDEM_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            say(f"logs stay in {self.folder}")

    def settings(self, file=None, cluster=None, **sections):
        """Writes a configuration file; sections over the usual ones."""
        cluster = cluster or self.cluster
        self.secrets = getattr(self, "secrets", None) or [secrets.token_hex(n) for n in (32, 32, 12, 12)]
        signing, notices, app, stream = self.secrets
        host = f"127.0.0.1:{cluster.port}/tandem"
        given = {
            "database": {
                "app_url": f"postgres://tandem_app:{app}@{host}",
                "stream_url": f"postgres://tandem_stream:{stream}@{host}",
            },
            "keys": {"current": signing},
            "notices": {"key": notices},
            "resources": {"store": f"file://{self.files}"},
        }
        for section, values in sections.items():
            given[section] = given.get(section, {}) | values
        lines = []
        for section, values in given.items():
            lines += [f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
        file = file or self.config
        file.write_text("\n".join(lines) + "\n")
        file.chmod(0o600)
        return file

    def fill(self):
        """A database with the sandbox of fictional firms; kept in TANDEM_FILLED for the next world, where that is set."""
        kept = os.environ.get("TANDEM_FILLED")
        if kept and os.path.exists(f"{kept}/world.json"):
            return self.refill(pathlib.Path(kept))
        self.cluster.make().start()
        self.cluster.sql("create database tandem", "postgres")
        self.settings()
        data = self.folder / "dev"
        command = [str(self.binary), "dev", "--data", str(data), "--config", str(self.config)]
        command += [part for flag in ("--api", "--portal", "--metrics") for part in (flag, "127.0.0.1:0")]
        environment = self.environment | {"DATABASE_URL": self.cluster.url()}
        log = open(self.folder / "dev.log", "ab")
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

        def filled():
            require(process.poll() is None, f"tandem dev ended: {tail(self.folder / 'dev.log')}")
            file = data / "sandbox.json"
            return file.exists() and json.loads(file.read_text())

        try:
            self.sandbox = until("the sandbox is filled", filled, 180)
        finally:
            process.terminate()
            process.wait(40)
        if kept:
            self.keep(pathlib.Path(kept))
        return self

    def keep(self, kept):
        """Copies what was filled, with its secrets."""
        self.cluster.stop()
        for name in ("postgres", "files"):
            subprocess.run(["cp", "-a", self.folder / name, kept / name], check=True)
        known = {"password": self.cluster.password, "secrets": self.secrets, "sandbox": self.sandbox}
        (kept / "world.json").write_text(json.dumps(known))
        self.cluster.start()

    def refill(self, kept):
        """The same sandbox as an earlier world's."""
        for name in ("postgres", "files"):
            subprocess.run(["cp", "-a", kept / name, self.folder / name], check=True)
        known = json.loads((kept / "world.json").read_text())
        self.cluster.password, self.secrets, self.sandbox = known["password"], known["secrets"], known["sandbox"]
        self.settings()
        self.cluster.start()
        return self

    def tandem(self, name, services):
        """Starts a process; `wait` says when it answers."""
        process = Tandem(self, name, services).start()
        self.ends.append(process.end)
        return process

    def run(self, *command, expect=0, env=None, **more):
        """Runs a command of the repository; its standard output."""
        done = subprocess.run(
            [str(part) for part in command],
            env=self.environment | (env or {}),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            **more,
        )
        told = f"{done.stdout}{done.stderr}"
        require(done.returncode == expect, f"{' '.join(map(str, command))} ended with {done.returncode}: {told}")
        return done.stdout

    def key(self, firm):
        """The key of a firm of the sandbox, such as A1 or S1."""
        everyone = [*self.sandbox["anchors"], *self.sandbox["suppliers"]]
        return next(entry["key"] for entry in everyone if entry["id"] == firm)


def request_id():
    return str(uuid.uuid4())


def order(number):
    """An order as protobuf JSON."""
    from client import order

    return order(number)
