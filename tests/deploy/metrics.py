"""Dashboard and alerts of deploy/metrics: every metric that they name is exported, with every label that they use, and
whatever is exported is on the dashboard.

Usage: metrics.py BINARY [PROMTOOL]
"""

import json
import re
import subprocess
import sys

from clients import Firm
from world import EVERYTHING, ROOT, World, require, say, until

METRICS = ROOT / "deploy/metrics"
# Labels that Prometheus gives itself.
OF_PROMETHEUS = {"job", "instance", "le"}
# What happens seldom is counted from the first time on: the sources are asked for these alone.
SELDOM = {
    "tandem_background_failures_total",
    "tandem_connections_refused_total",
    "tandem_holds_expired_total",
    "tandem_kafka_carried_entries_total",
    "tandem_kafka_published_events_total",
    "tandem_notices_total",
    "tandem_unreadable_commands_total",
    "tandem_webhook_attempts_total",
}


def exported_by_sources():
    """Metrics of the sources: name → (kind, labels)."""
    found = {}
    call = re.compile(r'metrics::(counter|gauge|histogram)!\(\s*"(tandem_\w+)"((?:[^()"]|\([^()]*\)|"[^"]*")*)\)', re.S)
    for file in (ROOT / "services").rglob("*.rs"):
        for kind, name, rest in call.findall(file.read_text()):
            labels = set(re.findall(r'"(\w+)"\s*=>', rest))
            known = found.setdefault(name, (kind, labels))
            require(known == (kind, labels), f"{name} is counted in two ways: {known} and {(kind, labels)} in {file}")
    require(len(found) > 10, f"only {sorted(found)} were found in the sources: are they still recognised?")
    return found


def exported_by(text):
    """Metrics of a process: name → labels, with histograms under their own name."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    found = {}
    for name, labels in re.findall(r"^(tandem_\w+?)(?:\{(.*)\})? \S+$", text, re.M):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if kinds.get(base) == "histogram":
            name = base
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found, kinds


def asked():
    """What dashboard and rules ask: (where, expression)."""
    dashboard = json.loads((METRICS / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"dashboard, {panel['title']}", target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"dashboard, variable {variable['name']}", variable["definition"]
    rules = (METRICS / "rules.yaml").read_text()
    for alert, expression in re.findall(r"- alert: (\w+)\n(?:\s+#.*\n)*\s+expr: (.*)", rules):
        yield f"alert {alert}", expression


def named(expression):
    """The metrics of an expression with the labels that select them, and the labels that it groups by."""
    found = {}
    for name, labels in re.findall(r"\b(tandem_\w+)(?:\{([^}]*)\})?", expression):
        found.setdefault(name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels))
    by = {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in group.split(",")}
    by |= {label for label in re.findall(r"label_values\(\w+, (\w+)\)", expression)}
    return found, by


def check(sources, seen, kinds):
    """Every fault, not just the first."""
    faults, used = [], set()
    for where, expression in asked():
        metrics, by = named(expression)
        known = set(OF_PROMETHEUS)
        for name, selected in metrics.items():
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            kind, labels = sources.get(base, sources.get(name, (None, set())))
            used.add(base if base in sources else name)
            if kind is None:
                faults.append(f"{where}: nothing exports {name}")
                continue
            if base not in SELDOM and base not in seen and name not in seen:
                faults.append(f"{where}: the running process does not export {name}")
            if (kind == "histogram") != name.endswith("_bucket"):
                faults.append(f"{where}: {name} is a {kind}")
            if kind == "histogram" and kinds.get(base, "histogram") != "histogram":
                faults.append(f"{where}: {base} is exported as a {kinds[base]}, which adds up over no processes")
            known |= labels
            if base in seen and not labels <= seen[base]:
                faults.append(f"{base}: {labels - seen[base]} are in the sources and not exported")
            faults += [f"{where}: {name} has no label {label}" for label in selected - labels - OF_PROMETHEUS]
        faults += [f"{where}: no metric of it has the label {label}" for label in by - known]
    faults += [f"{name} is exported and on no panel and in no alert" for name in sorted(set(sources) - used)]
    return faults


def untried():
    """Alerts that no test of rules.test.yaml lets fire."""
    tests = (METRICS / "rules.test.yaml").read_text()
    fired = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n\s+- exp_labels:", tests))
    return sorted(set(re.findall(r"- alert: (\w+)", (METRICS / "rules.yaml").read_text())) - fired)


def running(world):
    """What a process exports that has done some of everything."""
    process = world.tandem("all", EVERYTHING).wait()
    address = f"127.0.0.1:{process.api}"
    with Firm(address, world.key("A1")) as buyer, Firm(address, world.key("S1")) as supplier:
        live = supplier.subscribe(30, latest=True)
        require(next(live).live, "the stream does not say that it is live")
        buyer.publish("METRICS-1")
        next(message for message in live if message.events)
        live.cancel()
        # Gauges are set every few seconds.
        text = until("the gauges are set", lambda: "tandem_pool_connections{" in process.text() and process.text(), 20)
        require("tandem_outbox_commands" in text, "the outbox is not counted")
    process.end()
    return exported_by(text)


def breaks_when_broken(sources, seen, kinds):
    """The check finds what it is for."""
    for name, without in (("a metric", "tandem_rpc_total"), ("a label", "tandem_pool_connections")):
        broken = dict(sources)
        broken.pop(without) if name == "a metric" else broken.update({without: ("gauge", {"pool"})})
        require(check(broken, seen, kinds), f"nothing was found where {name} is missing")


def main(binary, promtool=None):
    with World(binary, "metrics") as world:
        world.fill()
        seen, kinds = running(world)
    sources = exported_by_sources()
    faults = check(sources, seen, kinds)
    require(not faults, "\n  ".join(["dashboard and rules do not fit what is exported:", *faults]))
    require(not untried(), f"rules.test.yaml lets these fire never: {untried()}")
    breaks_when_broken(sources, seen, kinds)
    say(f"{len(sources)} metrics, {len(list(asked()))} expressions")
    if promtool:
        for command in (["check", "rules", METRICS / "rules.yaml"], ["test", "rules", METRICS / "rules.test.yaml"]):
            done = subprocess.run([promtool, *map(str, command)], capture_output=True, text=True)
            require(done.returncode == 0, f"promtool {command}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
