"""What is shipped and cannot be run here is read by whoever will read it: the image's file, Compose's, the chart, units.

Usage: files.py [--nginx PROGRAM] [--helm PROGRAM]
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml
from manual import TWO_MACHINES, blocks, typed
from world import EVERYTHING, ROOT, require, say

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/tandem"
BIN = pathlib.Path(sys.executable).parent
# How far a service of systemd's is exposed at most, of 10.
EXPOSURE = 2.0


def run(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)


def passes(what, *command, **more):
    done = run(*command, **more)
    require(done.returncode == 0, f"{what}: {done.stdout}{done.stderr}".strip())
    return done.stdout


def scripts():
    """Scripts say how they are used, and refuse what they do not know with one line."""
    found = [path for path in DEPLOY.rglob("*") if path.is_file() and os.access(path, os.X_OK)]
    for script in found:
        if script.read_bytes().startswith(b"#!") and "--help" in script.read_text():
            told = passes(f"{script} --help", script, "--help")
            require(told.startswith("Usage: deploy/") and "Example" in told, f"{script} --help says {told[:80]!r}")
    checker = shutil.which("shellcheck")
    if checker:
        sources = [*found, *DEPLOY.glob("*.sh"), ROOT / "tests/deploy/run"]
        passes("shellcheck", checker, "-x", "-S", "warning", *(path for path in sources if path.read_bytes().startswith((b"#!/usr/bin/env bash", b"#"))), cwd=ROOT)
    say(f"{len(found)} scripts{'' if checker else ', without shellcheck, which is not installed'}")


def addresses():
    """The database's address is read as the product reads it."""
    script = '. "$0"; self=test; reach "$1"; echo "$PGHOST $PGPORT ${PGUSER:-} ${PGPASSWORD:-} $PGDATABASE ${PGSSLMODE:-}"'
    for url, read in (
        ("postgres://own%20er:a%40b%2Fc%5Cd@db.example:5433/tan%64em?sslmode=require", "db.example 5433 own er a@b/c\\d tandem require"),
        ("postgresql://app@[::1]/tandem", "::1 5432 app  tandem "),
        ("postgres://app@/tandem?host=/var/run/postgresql", "/var/run/postgresql 5432 app  tandem "),
    ):
        told = passes(url, "bash", "-euc", script, DEPLOY / "postgres.sh", url).rstrip("\n")
        require(told == read, f"{url} is read as {told!r}")
    for url in ("mysql://x/y", "postgres://host", "postgres://host/", ""):
        require(run("bash", "-euc", script, DEPLOY / "postgres.sh", url).returncode == 1, f"{url} is taken")


def documents():
    """What documents tell people to type is typed without a mistake, and where there are two machines, of the right one."""
    for document in DEPLOY.rglob("*.md"):
        for block in blocks(document, "sh"):
            done = run("bash", "-n", "-c", block)
            require(done.returncode == 0, f"{document}: {done.stderr}")
    for program, machine in (("pg_basebackup", "10.0.0.1"), ("rsync", "10.0.0.1"), ("psql", "10.0.0.2"), ("pg_rewind", "10.0.0.2")):
        named = set(re.findall(r"10\.0\.0\.\d", " ".join(typed(TWO_MACHINES, program))))
        require(named == {machine}, f"{TWO_MACHINES}: {program} reaches {named} instead of {machine}")


def image():
    """The Dockerfile by hadolint; and the build finds every file that the sources take in."""
    hadolint = BIN / "hadolint"
    if hadolint.exists():
        passes("hadolint", hadolint, DEPLOY / "compose/Dockerfile")
    user = re.findall(r"^USER (\S+)$", (DEPLOY / "compose/Dockerfile").read_text(), re.M)[-1:]
    require(user and user[0].split(":")[0] not in ("0", "root"), "the image runs as root")
    kept = [line[1:] for line in (DEPLOY / "compose/Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    taken = re.compile(r'include_(?:str|bytes)!\(\s*"([^"]+)"')
    for source in [*(ROOT / "services").rglob("*.rs"), *(ROOT / "proto").rglob("*.rs")]:
        if "tests" in source.parts:
            continue
        for named in taken.findall(source.read_text()):
            path = os.path.relpath((source.parent / named).resolve(), ROOT)
            require(any(path == keep or path.startswith(f"{keep}/") for keep in kept), f"{source} takes in {path}, which the image's build does not see")
    for line in (DEPLOY / "compose/Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line and not line.startswith("COPY . "):
            named = [word for word in line.split()[1:-1] if not word.startswith("--")]
            require(all((ROOT / name).exists() and any(name.startswith(keep) for keep in kept) for name in named), line)


def interpolated(text, values):
    """`${NAME}`, `${NAME:-default}` and `${NAME:?message}` as Compose reads them."""

    def value(found):
        name, how, rest = found[1], found[2], found[3]
        given = values.get(name, "")
        require(given or how != ":?", f"compose.yaml: {name} is not in secrets.env: {rest}")
        return given or (rest if how == ":-" else "")

    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", value, text)


def compose(folder):
    """compose.yaml with what `prepare` writes, and the names in it against one another."""
    told = json.loads(passes("prepare", DEPLOY / "compose/prepare", "--into", folder, "--output", "json"))
    require(len(told["made"]) == 4, f"{told}")
    again = json.loads(passes("prepare", DEPLOY / "compose/prepare", "--into", folder, "--output", "json"))
    require(again["made"] == [], "prepare made again what was there")
    require(oct((folder / "secrets.env").stat().st_mode)[-2:] == "00", "others may read secrets.env")
    lines = [line.split("=", 1) for line in (folder / "secrets.env").read_text().splitlines() if "=" in line and not line.startswith("#")]
    file = yaml.safe_load(interpolated((DEPLOY / "compose/compose.yaml").read_text(), dict(lines)))
    services = file["services"]
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            require(other in services, f"{name} waits for {other}, which is not there")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                made = folder / source if source.startswith("./site") else DEPLOY / "compose" / source
                require(made.exists(), f"{name} mounts {source}, which is not there")
            else:
                require(source in file["volumes"], f"{name} mounts {source}, which is no volume")
    running = [word for service in services.values() for word in service.get("command", []) if word in EVERYTHING]
    require(sorted(running) == sorted(EVERYTHING * 2), f"not two replicas of each service: {sorted(running)}")
    upstreams = set(re.findall(r"server ([\w-]+):\d+", (DEPLOY / "compose/services.conf").read_text()))
    require(upstreams < set(services), f"nginx sends calls to {upstreams - set(services)}")
    scraped = re.findall(r'"([\w-]+):9464"', (DEPLOY / "compose/prometheus.yaml").read_text())
    require(set(scraped) == upstreams, "Prometheus scrapes others than those that run")
    same = [re.sub(r"[\w.-]+:\d+ (resolve )?max", "X max", (DEPLOY / name).read_text()) for name in ("compose/services.conf", "nginx/services.conf")]
    require(same[0].endswith(same[1]), "services.conf of compose and of nginx differ by more than addresses")
    return folder


def units(folder):
    """Units by systemd's own check, with a program where they expect it."""
    if not shutil.which("systemd-analyze"):
        say("without systemd-analyze, which is not installed")
        return
    names = [path.name for path in (DEPLOY / "systemd").glob("*.service")] + ["tandem-backup.timer"]
    for name in names:
        text = (DEPLOY / "systemd" / name).read_text()
        # The programs are installed by the package.
        (folder / name).write_text(re.sub(r"(?m)^ExecStart=/usr/\S+", "ExecStart=/bin/true", text))
    done = run("systemd-analyze", "verify", "--man=no", *(f"./{name}" for name in names), cwd=folder, env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"})
    require(done.returncode == 0 and not done.stderr.strip(), f"systemd-analyze verify: {done.stderr}")
    for name in names:
        if name.endswith(".service"):
            told = passes(name, "systemd-analyze", "security", "--offline=true", "--no-pager", f"./{name}", cwd=folder)
            level = float(re.search(r"level for \S+: ([\d.]+)", told)[1])
            require(level <= EXPOSURE, f"{name} is exposed by {level}")


def patient():
    """What starts before its Postgres does comes up all the same: nothing ends its start for good."""
    units = {path.name: path.read_text() for path in (DEPLOY / "systemd").glob("*.service")}

    def named(unit, setting):
        return {word for value in re.findall(rf"(?m)^{setting}=(.*)$", units[unit]) for word in value.split()}

    for name in (unit for unit in units if named(unit, "Restart")):
        for setting in ("Requires", "Requisite", "BindsTo"):
            require(not named(name, setting), f"{name}: {setting}= ends its start for good where that fails, in spite of Restart=")
        before = named(name, "After") & set(units)
        require(before <= named(name, "Wants"), f"{name} comes after {before} and does not start them again with itself")
        for unit in {name} | before:
            require(named(unit, "StartLimitIntervalSec") == {"0"}, f"{unit} is given up after some attempts")
        require(all(unit in units[name].partition("ExecStartPre=")[2].split("\n")[0] for unit in before), f"{name} starts after {before} failed")


def guarded(folder):
    """What a process asks before it starts, by a shell: after a migration that failed it waits and does not start, and where
    people migrate by hand it starts all the same."""
    asked = re.search(r"(?m)^ExecStartPre=\+/bin/sh -c '(.*)'$", (DEPLOY / "systemd/tandem@.service").read_text())[1]
    owner, slept = folder / "owner.env", folder / "slept"
    require("/etc/tandem/owner.env" in asked, f"tandem@.service asks {asked}")
    for program, does in (("systemctl", "exit $IS_FAILED"), ("sleep", f"echo $1 > {slept}")):
        (folder / program).write_text(f"#!/bin/sh\n{does}\n")
        (folder / program).chmod(0o755)
    for by_itself, failed, starts in ((True, True, False), (True, False, True), (False, True, True)):
        slept.unlink(missing_ok=True)
        owner.touch() if by_itself else owner.unlink(missing_ok=True)
        found = {"PATH": f"{folder}:{os.environ['PATH']}", "IS_FAILED": "0" if failed else "1"}
        done = run("sh", "-c", asked.replace("/etc/tandem/owner.env", str(owner)), env=os.environ | found)
        require((done.returncode == 0, slept.exists()) == (starts, not starts), f"owner.env {by_itself}, failed {failed}: {done}")
    require(int(slept.read_text() if slept.exists() else 30) >= 30, "a migration that failed is tried again at once")


def values(text):
    """The services of values.yaml, each in its own process."""
    found = yaml.safe_load(text)["processes"]
    require(sorted(service for process in found.values() for service in process["services"]) == sorted(EVERYTHING), "values.yaml: processes")


def chart(folder, helm, nginx):
    """The chart: its values by its schema; by Helm where it is installed, each rendering by Kubernetes' schemas."""
    values((CHART / "values.yaml").read_text())
    import jsonschema

    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load((CHART / "values.yaml").read_text()), schema)
    require((CHART / "rules.yaml").resolve() == DEPLOY / "metrics/rules.yaml", "the chart has rules of its own")
    if not helm:
        say("skipped: the chart is rendered by helm, which is not here; tests/deploy/run --long builds it where Go is installed")
        return
    examples = [None, *sorted((DEPLOY / "helm/examples").glob("*.yaml"))]
    kinds = set()
    for example in examples:
        given = ["-f", example] if example else []
        passes("helm lint", helm, "lint", "--quiet", CHART, *given)
        text = passes("helm template", helm, "template", "t", CHART, "--kube-version", "1.31.0", *given)
        rendered = folder / "rendered.yaml"
        rendered.write_text(text)
        objects = [one for one in yaml.safe_load_all(text) if one]
        kinds |= {one["kind"] for one in objects}
        checker = BIN / "kubernetes-validate"
        if checker.exists():
            told = run(checker, "-k", "1.31", "--strict", "--quiet", rendered)
            require(told.returncode == 0, f"{example}: {told.stdout}{told.stderr}")
        consistent(objects)
        settings = next(one["data"] for one in objects if one["kind"] == "ConfigMap" and "TANDEM_API__URL" in one["data"])
        given_settings = yaml.safe_load(example.read_text()).get("settings", {}) if example else {}
        require(all(settings[name] == str(value) for name, value in given_settings.items()), f"{example}: settings are written as {settings}")
        believed = {"50050": True, "50051": bool(example)}
        require(trusting(objects) == believed, f"{example}: the router believes {trusting(objects)}, not {believed}")
        if nginx:
            router(folder, objects, nginx)
    for wrong, told in (
        (["--set", "nonsense=1"], "nonsense"),
        (["--set", "replicas=0"], "replicas"),
        (["--set", "api.publicUrl=http://x"], "publicUrl"),
        (["--set", "processes.orders=null"], "the service orders stands in 0"),
        (["--set", "processes.orders.services={orders,stream}"], "the service stream stands in 2"),
        (["--set", "files.volume.accessMode=ReadWriteOnce"], "ReadWriteOnce serves one replica"),
    ):
        done = run(helm, "template", "t", CHART, "--kube-version", "1.31.0", *wrong)
        require(done.returncode != 0 and told in done.stderr, f"helm takes {wrong}: {done.stderr[-300:]}")
    say(f"the chart in {len(examples)} ways, {len(kinds)} kinds of objects")


def consistent(objects):
    """Selectors select, what is named exists, and every process answers its probes without being root."""
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    pods = {one["metadata"]["name"]: one["spec"]["template"] for one in objects if one["kind"] in ("Deployment", "Job")}
    for one in objects:
        wanted = one["spec"].get("selector", {}) if one["kind"] in ("Service", "PodDisruptionBudget") else {}
        wanted = wanted.get("matchLabels", wanted)
        chosen = [pod for pod in pods.values() if wanted.items() <= pod["metadata"]["labels"].items()]
        require(not wanted or len(chosen) == 1, f"{one['kind']} {one['metadata']['name']} selects {len(chosen)} kinds of pods")
    for name, pod in pods.items():
        require(pod["spec"]["securityContext"]["runAsNonRoot"], f"{name} may be root")
        for container in pod["spec"]["containers"]:
            require(container["securityContext"]["readOnlyRootFilesystem"], f"{name} may write its image")
            for source in container.get("envFrom", []):
                require(("ConfigMap", source["configMapRef"]["name"]) in by_name, f"{name}: {source}")
    deployments = [one for one in objects if one["kind"] == "Deployment"]
    require(all(one["spec"]["replicas"] >= 2 for one in deployments), "a Deployment without a second replica")


def routes(objects):
    """The router's file."""
    return next(one["data"]["nginx.conf"] for one in objects if one["kind"] == "ConfigMap" and "nginx.conf" in one["data"])


def trusting(objects):
    """Whether the router believes what X-Forwarded-For says, by the port where it listens; else it says whom it sees."""
    file = routes(objects)
    require("grpc_set_header X-Forwarded-For $remote_addr;" in file, "the router passes X-Forwarded-For on as it came")
    listeners = re.findall(r"listen (\d+) http2;(.*?)location", file, re.S)
    return {port: "set_real_ip_from" in rest for port, rest in listeners}


def router(folder, objects, nginx):
    """The router's file by nginx itself; names of Services are looked up when it starts."""
    file = routes(objects)
    for service in (one["metadata"]["name"] for one in objects if one["kind"] == "Service"):
        file = file.replace(f"server {service}:50051", "server 127.0.0.1:50051")
    require("server t-" not in file, "the router sends calls to a Service that is not there")
    (folder / "router.conf").write_text(file)
    passes("nginx", nginx, "-t", "-q", "-c", folder / "router.conf", "-e", folder / "router.log")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--nginx")
    arguments.add_argument("--helm")
    given = arguments.parse_args()
    scripts()
    addresses()
    documents()
    image()
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        compose(folder)
        units(folder)
        patient()
        guarded(folder)
        chart(folder, given.helm, given.nginx)


if __name__ == "__main__":
    main()
