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
WANTED = ["usr/bin/tandem", "usr/lib/tandem/backup", "usr/lib/tandem/restore", "usr/lib/systemd/system/tandem@.service", "etc/tandem/tandem.toml"]


def make(binary, folder):
    done = subprocess.run([RELEASE, "--into", folder, "--binary", binary, "--output", "json"], capture_output=True, text=True)
    require(done.returncode == 0, f"deploy/release: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def main(binary):
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        one, two = make(binary, folder / "one"), make(binary, folder / "two")
        require(one["files"] == two["files"], "the same binary gave two releases")
        require(subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder / "one").returncode == 0, "SHA256SUMS")
        names = sorted(one["files"])
        deb = next(name for name in names if name.endswith(".deb"))
        subprocess.run(["dpkg-deb", "-x", folder / "one" / deb, folder / "root"], check=True)
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
