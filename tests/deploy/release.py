"""deploy/release twice from one binary: the same to the byte, and what is in it is what a machine needs.

Usage: release.py BINARY
"""

import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

from world import ROOT, require, say

RELEASE = ROOT / "deploy/release"
# What dpkg calls, and the programs that any of it may call.
SCRIPTS = ["postinst", "prerm", "postrm"]
PROGRAMS = ["systemctl", "systemd-sysusers", "systemd-tmpfiles", "getent", "adduser", "install"]
WANTED = ["usr/bin/tandem", "usr/lib/tandem/backup", "usr/lib/tandem/restore", "usr/lib/systemd/system/tandem@.service", "etc/tandem/tandem.toml"]


def make(binary, folder):
    done = subprocess.run([RELEASE, "--into", folder, "--binary", binary, "--output", "json"], capture_output=True, text=True)
    require(done.returncode == 0, f"deploy/release: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def called(script, reason, without=(), failing=(), systemd=True):
    """What a script calls where dpkg runs it for this reason, in an empty root with programs that only write down their calls."""
    with tempfile.TemporaryDirectory() as made:
        root = pathlib.Path(made)
        (root / "bin").mkdir()
        if systemd:
            (root / "run/systemd/system").mkdir(parents=True)
        for program in set(PROGRAMS) - set(without):
            stub = root / "bin" / program
            stub.write_text(f'#!/bin/sh\necho {program} "$@" >>{root}/calls\nexit {int(program in failing)}\n')
            stub.chmod(0o755)
        done = subprocess.run([script, reason], env={"PATH": f"{root}/bin", "DPKG_ROOT": str(root)}, capture_output=True, text=True)
        require(done.returncode == 0 and not done.stderr, f"{script.name} {reason}: {done.stdout}{done.stderr}")
        calls = (root / "calls").read_text() if (root / "calls").exists() else ""
        return calls.replace(made, "").splitlines()


def scripts(folder):
    """What runs on a machine when the package comes, is replaced, and goes."""
    for name in SCRIPTS:
        require(subprocess.run(["sh", "-n", folder / name]).returncode == 0, f"{name} is no script")
    postinst, prerm, postrm = (folder / name for name in SCRIPTS)
    told = ["systemd-sysusers tandem.conf", "systemd-tmpfiles --create tandem.conf"]
    plain = {"without": ["systemd-sysusers", "systemd-tmpfiles", "systemctl"], "systemd": False}
    user = "adduser --system --group --home /var/lib/tandem --no-create-home tandem"
    folders = [
        "install -d -o tandem -g tandem -m 0750 /var/lib/tandem /var/lib/tandem/files",
        "install -d -o tandem -g tandem -m 0700 /var/backups/tandem",
    ]
    for calls, expected in (
        (called(postinst, "configure"), [*told, "systemctl daemon-reload"]),
        (called(postinst, "configure", failing=["systemctl", "systemd-tmpfiles"]), [*told, "systemctl daemon-reload"]),
        (called(postinst, "configure", systemd=False), told),
        (called(postinst, "configure", failing=["getent"], **plain), ["getent passwd tandem", user, *folders]),
        (called(postinst, "configure", **plain), ["getent passwd tandem", *folders]),
        (called(postinst, "abort-upgrade"), []),
        (called(prerm, "upgrade"), []),
        (called(prerm, "remove", **plain), []),
        (called(prerm, "remove", failing=["systemctl"]), ["systemctl stop tandem@*.service tandem-migrate.service tandem-backup.timer tandem-backup.service"]),
        (called(postrm, "remove"), ["systemctl daemon-reload"]),
        (called(postrm, "purge", **plain), []),
    ):
        require(calls == expected, f"the package's scripts call {calls} instead of {expected}")


def main(binary):
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        one, two = make(binary, folder / "one"), make(binary, folder / "two")
        require(one["files"] == two["files"], "the same binary gave two releases")
        require(subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder / "one").returncode == 0, "SHA256SUMS")
        names = sorted(one["files"])
        deb = next(name for name in names if name.endswith(".deb"))
        subprocess.run(["dpkg-deb", "-x", folder / "one" / deb, folder / "root"], check=True)
        subprocess.run(["dpkg-deb", "-e", folder / "one" / deb, folder / "control"], check=True)
        scripts(folder / "control")
        for path in WANTED:
            require((folder / "root" / path).exists(), f"the package lacks {path}")
        require((folder / "root/etc/tandem/tandem.toml").stat().st_mode & 0o77 == 0, "others may read the settings")
        told = subprocess.run([folder / "root/usr/bin/tandem", "--version"], capture_output=True, text=True).stdout.strip()
        require(told == f"tandem {one['version']}", f"the packaged program says {told}")
        # The example settings are settings: what has to be filled in is all that is missing.
        shown = subprocess.run([folder / "root/usr/bin/tandem", "config", "show", "--config", folder / "root/etc/tandem/tandem.toml"], capture_output=True, text=True)
        require(shown.returncode == 0, f"the example settings: {shown.stderr}")
        with tarfile.open(folder / "one" / next(name for name in names if name.endswith(".tar.gz"))) as archive:
            held = {member.name.split("/", 1)[-1] for member in archive.getmembers()}
        require(set(WANTED) | {"LICENSE"} <= held, f"the tarball lacks {set(WANTED) - held}")
        parts = json.loads((folder / "one" / next(name for name in names if name.endswith(".json"))).read_text())
        inside = {component["name"] for component in parts["components"]}
        require({"tonic", "sqlx", "rdkafka"} <= inside, "the list of parts is not that of the product")
        require(not {"tandem-tests", "criterion", "tonic-prost-build"} & inside, "parts of tests or builds are listed")
        require(all(component.get("licenses") for component in parts["components"]), "a part without a licence")
        references = {component["bom-ref"] for component in parts["components"]}
        require(all(set(one["dependsOn"]) <= references for one in parts["dependencies"]), "a part that is needed is not listed")
        size = (folder / "one" / deb).stat().st_size >> 20
        say(f"{', '.join(names)}; the package has {size} MiB, {len(inside)} parts")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
