"""`system reset`: everything of the store goes, whatever state it is in, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import ENDS_WITH_42, Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def gone(pypod: Pypod) -> bool:
    return not pypod.graphroot.exists()


def works(pypod: Pypod) -> None:
    """The store can be used again, with a new image."""
    pypod._image = ""
    assert pypod.run("--rm", "--network=none", "IMAGE", "echo", "again").out == "again"
    assert pypod("ps", "-aq").out == ""
    assert pypod("volume", "ls", "-q").out == ""


# covers: system reset, system reset --force
def test_all_is_removed(pypod: Pypod) -> None:
    running = pypod.detached("--network=none", "-v", "data:/d", "IMAGE", *ENDS_WITH_42)
    pypod("create", pypod.image, "true")
    init, monitor = processes.Handle(pypod.init_pid(running)), processes.Handle(pypod.monitor_pid(running))
    out = pypod("system", "reset", "--force").out
    assert out == f"Removed 2 containers, 1 layers of images and 1 volumes, with the store {pypod.graphroot}"
    for process in (init, monitor):
        assert process.wait_gone(0)
        process.close()
    assert gone(pypod)
    assert not pypod.runroot.exists()
    assert pypod("system", "reset", "-f").out == f"There is nothing to remove in {pypod.graphroot}"
    works(pypod)


# covers: system reset
@pytest.mark.parametrize("damaged", [False, True])
def test_pods(pypod: Pypod, damaged: bool) -> None:
    """What a pod's members share ends with them, and nobody brings it back."""
    pypod("pod", "create", "--name", "p")
    cid = pypod.detached("--pod", "p", "IMAGE", *ENDS_WITH_42)
    init = processes.Handle(pypod.init_pid(cid))
    if damaged:
        for log in ("state.db-wal", "state.db-shm"):
            (pypod.graphroot / log).unlink(missing_ok=True)
        (pypod.graphroot / "state.db").write_bytes(b"this is no database" * 500)
    assert pypod("system", "reset", "-f").out.startswith("Removed 2 containers, ")
    assert init.wait_gone(0)
    init.close()
    assert gone(pypod)
    works(pypod)
    assert pypod("pod", "ps", "-q").out == ""


# covers: system reset
def test_it_is_asked_before(pypod: Pypod) -> None:
    pypod("create", pypod.image, "true")
    pypod("volume", "create", "data")
    for answer in ("n\n", ""):
        asked = pypod("system", "reset", input=answer)
        assert asked.lines[0] == "WARNING! This will remove:"
        for line in ("containers (1, 0 of them running)", "images (1 layers)", "volumes (1), with the data"):
            assert f"\t- all {line}" in asked.stdout
        assert str(pypod.graphroot) in asked.stdout
        assert asked.out.rstrip().endswith("continue? [y/N]")
    assert len(pypod("ps", "-aq").lines) == 1
    pypod("system", "reset", input="y\n")
    assert gone(pypod)


# covers: system reset
@pytest.mark.parametrize("damage", ["bytes", "missing", "newer"])
def test_a_database_that_cannot_be_read(pypod: Pypod, damage: str) -> None:
    running = pypod.detached("--network=none", "IMAGE", *ENDS_WITH_42)
    init = processes.Handle(pypod.init_pid(running))
    database = pypod.graphroot / "state.db"
    for log in (f"{database}-wal", f"{database}-shm"):
        Path(log).unlink(missing_ok=True)
    if damage == "bytes":
        database.write_bytes(b"this is no database" * 500)
    elif damage == "missing":
        database.unlink()
    else:
        import sqlite3

        con = sqlite3.connect(database)
        con.execute("PRAGMA user_version = 9999")
        con.close()
    if damage != "missing":
        assert pypod("ps", check=False).code == 125
    pypod("system", "reset", "-f")
    assert init.wait_gone(0)
    init.close()
    assert gone(pypod)
    works(pypod)


# covers: system reset
@pytest.mark.parametrize(
    "point", ["reset:after-signal", "reset:after-database", "reset:after-rename", "reset:after-files"]
)
def test_a_reset_that_is_killed(pypod: Pypod, point: str) -> None:
    pypod.detached("--network=none", "-v", "data:/d", "IMAGE", *ENDS_WITH_42)
    killed = pypod("system", "reset", "-f", env={"PYPOD_FAILPOINT": point}, check=False)
    assert killed.code == -9
    if point == "reset:after-rename":  # what others find then is an empty store, with no half of a layer
        works(pypod)
    pypod("system", "reset", "-f")
    assert gone(pypod)
    works(pypod)


# covers: system reset
def test_half_a_store(pypod: Pypod) -> None:
    pypod("create", pypod.image, "true")
    for name in ("containers", "blobs", "tmp"):
        shutil.rmtree(pypod.graphroot / name)
    pypod("system", "reset", "-f")
    assert gone(pypod)


# covers: system reset
def test_what_is_not_of_the_store_stays(pypod: Pypod) -> None:
    assert pypod.image
    kept, other = pypod.base / "kept", pypod.graphroot / "mine.txt"
    kept.mkdir()
    (kept / "file").write_text("x")
    other.write_text("x")
    shutil.rmtree(pypod.graphroot / "volumes")
    shutil.rmtree(pypod.graphroot / "trash")
    for name in ("volumes", "trash"):
        (pypod.graphroot / name).symlink_to(kept)
    done = pypod("system", "reset", "-f")
    assert "left in" in done.stderr
    assert "mine.txt" in done.stderr
    assert os.listdir(pypod.graphroot) == ["mine.txt"]
    assert os.listdir(kept) == ["file"]


# covers: system reset
def test_a_directory_that_is_no_store(pypod: Pypod) -> None:
    for name in ("containers", "tmp", "images"):
        (pypod.graphroot / name).mkdir(parents=True)
        (pypod.graphroot / name / "file").write_text("x")
    failed = pypod("system", "reset", "-f", check=False)
    assert failed.code == 125
    assert "does not look like a store" in failed.stderr
    assert (pypod.graphroot / "tmp" / "file").exists()
    shutil.rmtree(pypod.graphroot)


# covers: system reset
def test_other_commands_at_work(pypod: Pypod) -> None:
    """A command in the namespace has its time to end; then the reset names it and removes nothing."""
    pypod("volume", "create", "data")
    waits = pypod.start("unshare", "sh", "-c", "echo here; read x", stdin=subprocess.PIPE)
    assert waits.stdout
    assert waits.stdout.readline() == "here\n"
    failed = pypod("system", "reset", "-f", check=False)
    assert failed.code == 125
    assert "in use by process" in failed.stderr
    assert pypod("volume", "ls", "-q").out == "data"
    reset = pypod.start("system", "reset", "-f")
    waits.communicate("\n")
    out, err = reset.communicate(timeout=30)
    assert (reset.returncode, err) == (0, ""), out
    assert gone(pypod)


# covers: system reset
def test_others_that_only_read(pypod: Pypod) -> None:
    pypod("create", pypod.image, "true")
    readers = [pypod.start("ps", "-a") for _ in range(4)]
    reset = pypod("system", "reset", "-f")
    assert (reset.code, reset.stderr) == (0, "")
    for reader in readers:
        _, err = reader.communicate(timeout=30)
        assert "Traceback" not in err
    works(pypod)


# covers: system reset
def test_what_is_mounted_in_the_store(pypod: Pypod) -> None:
    pypod("volume", "create", "data")
    place = pypod.graphroot / "volumes" / "data" / "_data"
    script = (
        'mount -t tmpfs none "$0" && echo x >"$0"/file && shift && "$@"; code=$?; cat "$0"/file; exit $code'
    )
    failed = pypod(
        "unshare", "sh", "-c", script, str(place), "x", *pypod.argv("system", "reset", "-f"), check=False
    )
    assert failed.code == 125
    assert f"{place} is a mount in the store" in failed.stderr
    assert failed.out == "x"
    assert pypod("volume", "ls", "-q").out == "data"
