"""deploy/backup and deploy/restore: everything is destroyed and comes back; readers go on or are told that they cannot.

Usage: restore.py BINARY
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from clients import Firm, reason
from google.protobuf import message_factory
from world import API, ROOT, World, request_id, require, say

BACKUP, RESTORE = ROOT / "deploy/backup", ROOT / "deploy/restore"


def stored(folder):
    """Every content below a folder, by its path, held against the hash that names it."""
    found = {}
    for path in (folder / "content").rglob("*"):
        if path.is_file() and path.suffix == "":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            require(digest == path.name, f"{path} holds {digest}")
            found[str(path.relative_to(folder))] = path.stat().st_size
    return found


def upload(firm, name, content):
    """A file of a new drawing, in chunks over gRPC; its id."""
    draft = firm.drawing(name)
    begun = firm.call(
        "resources.v1.TransferService", "BeginUpload",
        requestId=request_id(), revisionId=draft, fileName="YZ_A.pdf", mediaType="application/pdf",
    )
    pool, size = firm.contract.pool, begun.chunk_bytes
    descriptor = pool.FindServiceByName("tandem.resources.v1.TransferService").methods_by_name["UploadChunks"]
    chunk, answer = (message(kind) for kind in (descriptor.input_type, descriptor.output_type))
    send = firm.channel.stream_unary(
        "/tandem.resources.v1.TransferService/UploadChunks", lambda message: message.SerializeToString(), answer.FromString
    )
    parts = (chunk(upload_id=begun.id, offset_bytes=at, data=content[at : at + size]) for at in range(0, len(content), size))
    send(parts, metadata=[("authorization", f"Bearer {firm.key}")], timeout=30)
    done = firm.call("resources.v1.TransferService", "FinishUpload", requestId=request_id(), uploadId=begun.id)
    require(done.sha256 == hashlib.sha256(content).digest(), "the file arrived changed")
    return done.id


def message(descriptor):
    return message_factory.GetMessageClass(descriptor)


def download(firm, file):
    return b"".join(part.data for part in firm.call("resources.v1.TransferService", "Download", fileId=file))


def entries(firm, after=None):
    """The feed as those who verify it keep it."""
    return [(entry.seq, entry.event.id, entry.chain.hex(), entry.cursor) for entry in firm.events(after)]


def bad_calls(world, owner, folder):
    """What cannot be done says what to do, and changes nothing."""
    for command, told in (
        ([BACKUP], "--to names the folder"),
        ([BACKUP, "--to", folder, "--keep", "0"], "--keep is a number"),
        ([BACKUP, "--to", folder, "--config", "/nowhere"], "no settings can be read at /nowhere"),
        ([RESTORE, "--from", world.folder], "is no backup"),
        ([RESTORE, "--nonsense"], "--nonsense is not known"),
    ):
        refused(world, command, told, owner)
    refused(world, [BACKUP, "--to", folder], "DATABASE_URL is not set", {})
    app = world.cluster.url().replace(f"postgres:{world.cluster.password}", f"tandem_app:{world.secrets[2]}")
    held = [BACKUP, "--to", folder, "--config", world.config]
    refused(world, held, "held back by row-level security", owner | {"DATABASE_URL": app})
    for script in (BACKUP, RESTORE):
        require("Example:" in world.run(script, "--help"), f"{script} has no help")


def refused(world, command, told, env):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=world.environment | env)
    require(done.returncode != 0 and told in done.stderr, f"{command[1:]} answered {done.stderr!r}, without {told!r}")
    require(world.cluster.password not in done.stderr, "a password is told")


def damaged(world, backup, owner, folder):
    """A backup that changed since is refused before anything is touched."""
    content = next((folder / "files").rglob("content/*/*/" + "?" * 64))
    kept = content.read_bytes()
    content.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    refused(world, [RESTORE, "--from", backup, "--replace"], "missing or damaged in the backup", owner)
    content.write_bytes(kept)
    about = pathlib.Path(backup) / "about.json"
    text = about.read_text()
    about.write_text(text + " ")
    refused(world, [RESTORE, "--from", backup, "--replace"], "is damaged; take an older backup", owner)
    about.write_text(text)


def after(world, before, keys):
    """The restored deployment: feeds, cursors, receipts, files."""
    process = world.tandem("after", [*API, "stream"]).wait()
    address = f"127.0.0.1:{process.api}"
    with Firm(address, keys[0]) as buyer, Firm(address, keys[1]) as supplier:
        for firm, name in ((buyer, "buyer"), (supplier, "supplier")):
            feed = entries(firm)
            require([row[:3] for row in feed] == [row[:3] for row in before[name]], f"the {name}'s feed is another")
            middle = before[name][len(feed) // 2]
            require([row[0] for row in entries(firm, middle[3])] == [row[0] for row in feed if row[0] > middle[0]], "a cursor from before")
            require(entries(firm, before[f"{name} head"]) == [], "the head at the time of the backup")
            code, why = reason(lambda firm=firm, at=before[f"{name} lost"]: firm.events(at))
            require(code == "FAILED_PRECONDITION" and "restored" in why, f"a cursor of what is lost: {code} {why}")
        # Repeating what was acknowledged before the backup answers its receipt; what was lost happens anew.
        again = buyer.publish("BEFORE-1", requestId="before-1")
        require(again.replayed and again.order_id == before["order"], f"{again}")
        anew = buyer.publish("LOST-1", requestId="lost-1")
        require(not anew.replayed and anew.order_id != before["lost order"], f"{anew}")
        for number in range(5):
            buyer.publish(f"AFTER-{number}")
        for firm, name in ((buyer, "buyer"), (supplier, "supplier")):
            # What was just acknowledged comes into the feeds a moment later.
            since = time.monotonic()
            while len(going_on := entries(firm, before[f"{name} head"])) < 6 and time.monotonic() - since < 10:
                time.sleep(0.05)
            head = before[name][-1][0]
            require([row[0] for row in going_on] == list(range(head + 1, head + 1 + len(going_on))) and len(going_on) >= 6, "the feed goes on")
            # The feed is by now longer than what was lost; its history is another all the same.
            code, why = reason(lambda firm=firm, at=before[f"{name} lost"]: firm.events(at))
            require("restored" in why, f"a cursor of what is lost, later: {code} {why}")
        require(hashlib.sha256(download(buyer, before["file"])).hexdigest() == before["sha256"], "the file came back changed")
        code, _ = reason(lambda: download(buyer, before["lost file"]))
        require(code == "NOT_FOUND", f"the lost file: {code}")
    process.end()


def main(binary):
    with World(binary, "restore") as world:
        world.fill()
        owner = {"DATABASE_URL": world.cluster.url(), "TANDEM_BINARY": str(world.binary)}
        keys, before, folder = (world.key("A1"), world.key("S1")), {}, world.folder / "backups"
        process = world.tandem("before", [*API, "stream"]).wait()
        address = f"127.0.0.1:{process.api}"
        with Firm(address, keys[0]) as buyer, Firm(address, keys[1]) as supplier:
            before["order"] = buyer.publish("BEFORE-1", requestId="before-1").order_id
            content = b"%PDF-1.7\n" + os.urandom(3_000_000)
            before["file"], before["sha256"] = upload(buyer, "备份图纸", content), hashlib.sha256(content).hexdigest()
            for firm, name in ((buyer, "buyer"), (supplier, "supplier")):
                before[name], before[f"{name} head"] = entries(firm), firm.head().cursor
            bad_calls(world, owner, folder)
            # Twice, so that the second finds what the first has kept; both while everything runs.
            made = [json.loads(world.run(BACKUP, "--to", folder, "--config", world.config, "--output", "json", env=owner))]
            time.sleep(1.1)
            made.append(json.loads(world.run(BACKUP, "--to", folder, "--config", world.config, "--keep", "1", "--output", "json", env=owner)))
            require(made[1]["removed"] == 1 and not os.path.exists(made[0]["backup"]), f"{made}")
            before["lost order"] = buyer.publish("LOST-1", requestId="lost-1").order_id
            for number in range(2, 4):
                buyer.publish(f"LOST-{number}")
            before["lost file"] = upload(buyer, "丢失图纸", content[:100_000])
            for firm, name in ((buyer, "buyer"), (supplier, "supplier")):
                before[f"{name} lost"] = firm.head().cursor
        backup = made[1]["backup"]
        require(oct(os.stat(backup).st_mode)[-2:] == "00", "others may read the backup")
        refused(world, [RESTORE, "--from", backup], "stop every process first", owner)
        process.end()
        refused(world, [RESTORE, "--from", backup], "--replace drops it", owner)
        damaged(world, backup, owner, folder)
        files = stored(world.files)
        # The machine is lost: its cluster, its files, its settings.
        world.cluster.stop()
        shutil.rmtree(world.cluster.folder)
        shutil.rmtree(world.files)
        world.cluster.make().start()
        world.config.unlink()
        owner["DATABASE_URL"] = world.cluster.url()
        done = json.loads(world.run(RESTORE, "--from", backup, "--output", "json", env=owner))
        require(done["lost_files"] == 0 and done["feeds"] == made[1]["feeds"], f"{done}")
        back = stored(world.files)
        require(back and back.items() <= files.items(), f"files came back as {back}")
        shutil.copy(f"{backup}/tandem.toml", world.config)
        after(world, before, keys)
        sizes = f"{made[1]['database_bytes'] >> 10} KiB of database, {made[1]['files']} files"
        say(f"{sizes}: backed up in {made[1]['seconds']} s, restored in {done['seconds']} s")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
