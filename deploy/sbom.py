"""What a binary is built from, as CycloneDX 1.5: reads `cargo metadata`, writes JSON. For deploy/release.

Usage: cargo metadata … | sbom.py VERSION SECONDS
"""

import datetime
import json
import sys
import uuid


def built_in(metadata):
    """Ids of the packages that end up in `tandem`, with what each needs."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = next(package["id"] for package in metadata["packages"] if package["name"] == "tandem")
    needed, waiting = {}, [root]
    while waiting:
        here = waiting.pop()
        if here in needed:
            continue
        # A kind of null is neither of tests nor of build scripts.
        needs = [dep["pkg"] for dep in nodes[here]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
        needed[here] = needs
        waiting += needs
    return root, needed


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, checksums):
    """One crate."""
    found = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "purl": reference(package),
        "scope": "required",
    }
    if package.get("license"):
        # Cargo still takes the old form `MIT/Apache-2.0`.
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package.get("description"):
        found["description"] = " ".join(package["description"].split())
    links = [("vcs", package.get("repository")), ("website", package.get("homepage"))]
    links = [{"type": kind, "url": url} for kind, url in links if url]
    if links:
        found["externalReferences"] = links
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return found


def locked(folder):
    """Checksums of the lock file."""
    import tomllib

    with open(f"{folder}/Cargo.lock", "rb") as file:
        packages = tomllib.load(file)["package"]
    return {(one["name"], one["version"]): one["checksum"] for one in packages if "checksum" in one}


def main(version, seconds):
    metadata = json.load(sys.stdin)
    packages = {package["id"]: package for package in metadata["packages"]}
    root, needed = built_in(metadata)
    checksums = locked(metadata["workspace_root"])
    made = sorted((packages[one] for one in needed if one != root), key=reference)
    depends = sorted(
        ({"ref": reference(packages[one]), "dependsOn": sorted({reference(packages[to]) for to in needs})} for one, needs in needed.items()),
        key=lambda entry: entry["ref"],
    )
    product = component(packages[root], checksums) | {"type": "application", "version": version}
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": product,
        },
        "components": [component(package, checksums) for package in made],
        "dependencies": depends,
    }
    # The same content has the same number.
    body["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))}"
    json.dump(body, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
