"""The storage drivers: the same cases for each of them, and the choice of one."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import tars
from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox", "fuse-overlayfs")

DRIVERS = ("overlay", "fuse-overlayfs", "vfs")
KINDS = {"overlay": "overlay", "fuse-overlayfs": "fuse.fuse-overlayfs"}


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(shared: Pypod, driver: str) -> Pypod:
    """The shared store, without a setting; `made` gives the driver to one command only."""
    assert shared.image
    return shared


def made(engine: Pypod, driver: str, *args: str) -> str:
    """Start a container with the driver."""
    words = [engine.image if word == "IMAGE" else word for word in args]
    return engine("--storage-driver", driver, "run", "-d", "--network=none", *words).out


def sh(engine: Pypod, name: str, script: str) -> list[str]:
    return engine("exec", name, "sh", "-c", script).lines


@pytest.fixture
def layered(engine: Pypod, tmp_path: Path) -> Iterator[str]:
    """An image of two layers: the upper one has whiteouts, an opaque directory and replacements."""
    lower, upper, out = tmp_path / "lower.tar", tmp_path / "upper.tar", tmp_path / "image.tar"
    hard = tarfile.TarInfo("data/two")
    hard.type, hard.linkname = tarfile.LNKTYPE, "data/one"
    changes = [
        tars.folder("data", 0o1777),
        tars.file("data/one", b"one", 0o640, 7),
        (hard, b""),
        tars.file("data/suid", b"#!", 0o4755, 7),
        tars.file("data/gone", b"x"),
        tars.file("data/was-file", b"x"),
        tars.folder("data/was-dir"),
        tars.file("data/was-dir/x", b"x"),
        tars.folder("data/hidden"),
        tars.file("data/hidden/x", b"x"),
        tars.folder("data/merged", 0o700, 8),
        tars.file("data/merged/old", b"old"),
    ]
    tars.variant(engine.image_tar, lower, changes)
    with tarfile.open(upper, "w") as out_tar:
        for entry, content in (
            tars.file("data/.wh.gone", b""),
            tars.folder("data/was-file"),
            tars.file("data/was-dir", b"file"),
            tars.folder("data/hidden"),
            tars.file("data/hidden/.wh..wh..opq", b""),
            tars.file("data/hidden/new", b"new"),
            tars.folder("data/merged", 0o750, 9),
            tars.file("data/merged/new", b"new"),
            tars.link("data/link", "/etc/passwd"),
        ):
            out_tar.addfile(entry, io.BytesIO(content))
    _docker_archive(out, [lower, upper])
    engine("load", "-i", str(out))
    yield "localhost/layered:latest"
    engine("rm", "-af", "-t", "0")
    engine("rmi", "localhost/layered:latest")


def _docker_archive(out: Path, layers: list[Path]) -> None:
    import hashlib
    import json

    digests = ["sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() for path in layers]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["sh"], "Env": ["PATH=/bin:/usr/bin"]},
            "rootfs": {"type": "layers", "diff_ids": digests},
        }
    ).encode()
    names = [path.name for path in layers]
    manifest = [{"Config": "config.json", "RepoTags": ["localhost/layered:latest"], "Layers": names}]
    with tarfile.open(out, "w") as archive:
        for path in layers:
            archive.add(path, path.name)
        for name, content in (("config.json", config), ("manifest.json", json.dumps(manifest).encode())):
            archive.addfile(*_member(name, content))


def _member(name: str, content: bytes) -> tuple[tarfile.TarInfo, io.BytesIO]:
    entry, data = tars.file(name, content)
    return entry, io.BytesIO(data)


# covers: pypod --storage-driver
def test_what_is_mounted_and_what_is_told(engine: Pypod, driver: str) -> None:
    made(engine, driver, "--name", "c", "IMAGE", "sleep", "1000")
    kind = sh(engine, "c", "grep ' / ' /proc/mounts")[-1].split()[2]
    assert kind == KINDS.get(driver, kind)
    assert (kind in KINDS.values()) is (driver in KINDS)
    found = engine.inspect("c")
    assert (found["Driver"], found["GraphDriver"]["Name"]) == (driver, driver)
    data = found["GraphDriver"]["Data"]
    assert os.path.isdir(data["dir" if driver == "vfs" else "UpperDir"])
    told = engine("--storage-driver", driver, "info", "--format", "json").json()["store"]
    assert (told["graphDriverName"], told["graphDriverProblem"]) == (driver, "")


def test_layers_are_seen_as_they_are_meant(engine: Pypod, driver: str, layered: str) -> None:
    made(engine, driver, "--name", "c", layered, "sleep", "1000")
    assert sh(engine, "c", "cd /data; find . | sort") == [
        ".",
        "./hidden",
        "./hidden/new",
        "./link",
        "./merged",
        "./merged/new",
        "./merged/old",
        "./one",
        "./suid",
        "./two",
        "./was-dir",
        "./was-file",
    ]
    script = (
        "cd /data; stat -c '%n %a %u:%g %F' . one suid merged was-dir was-file; readlink link; cat one two"
    )
    assert sh(engine, "c", script) == [
        ". 1777 0:0 directory",
        "one 640 7:7 regular file",
        "suid 4755 7:7 regular file",
        "merged 750 9:9 directory",
        "was-dir 644 0:0 regular file",
        "was-file 755 0:0 directory",
        "/etc/passwd",
        "oneone",
    ]
    inodes = sh(engine, "c", "cd /data; stat -c '%i %h' one two")
    assert inodes[0] == inodes[1]
    assert inodes[0].endswith(" 2")


def test_what_is_changed_is_there_after_a_restart(engine: Pypod, driver: str, layered: str) -> None:
    made(engine, driver, "--name", "c", layered, "sleep", "1000")
    sh(
        engine,
        "c",
        "cd /data && rm one && rm -r merged && mkdir merged && echo b >merged/b && echo more >>was-dir "
        "&& ln was-dir hard && chown 33:34 suid && chmod 6711 suid && mv hidden/new moved && mkfifo pipe "
        "&& ln -s moved soft && rm -r was-file && mkdir -m 1770 own && chown 5:6 own",
    )
    look = (
        "cd /data; find . | sort; stat -c '%n %a %u:%g' suid hard own pipe; cat merged/b hard moved; echo; "
        "readlink soft"
    )
    before = sh(engine, "c", look)
    assert before == [
        *(".", "./hard", "./hidden", "./link", "./merged", "./merged/b", "./moved", "./own", "./pipe"),
        *("./soft", "./suid", "./two", "./was-dir"),
        *("suid 6711 33:34", "hard 644 0:0", "own 1770 5:6", "pipe 644 0:0"),
        *("b", "filemore", "new", "moved"),
    ]
    engine("stop", "-t", "0", "c")
    engine("start", "c")
    assert sh(engine, "c", look) == before
    made(engine, driver, "--name", "d", layered, "sleep", "1000")
    assert sh(engine, "d", "cd /data; cat one; ls merged; stat -c %a:%u suid") == ["onenew", "old", "4755:7"]


CHANGE = (
    "cd /data && rm one && rm -r merged && mkdir merged && echo b >merged/b && echo more >>was-dir && "
    "ln was-dir hard && chown 33:34 suid && chmod 6711 suid && mv hidden/new moved && mkfifo pipe && "
    "ln -s moved soft && rm -r was-file && mkdir -m 1770 own && chown 5:6 own && echo q >/run/x && "
    "tr a-z A-Z </etc/group >/run/y && touch -r /etc/group /run/z && cat /run/y >/etc/group && "
    "touch -r /run/z /etc/group && rm /run/y /run/z"
)
CHANGES = [
    *("C /data", "A /data/hard", "C /data/hidden", "D /data/hidden/new", "C /data/merged"),
    *("A /data/merged/b", "D /data/merged/new", "D /data/merged/old", "A /data/moved", "D /data/one"),
    *("A /data/own", "A /data/pipe", "A /data/soft", "C /data/suid", "C /data/was-dir"),
    *("D /data/was-file", "C /etc", "C /etc/group", "A /run/x"),
]
LOOK = (
    "cd /data; find . | sort; stat -c '%n %a %u:%g %h' suid hard own pipe; cat merged/b hard two moved; "
    "echo; readlink soft; cat /run/x; head -n1 /etc/group"
)


# covers: diff, container diff
def test_what_has_changed(engine: Pypod, driver: str, layered: str) -> None:
    cid = made(engine, driver, layered, "sh", "-c", CHANGE)
    assert engine("wait", cid).out == "0"
    # fuse-overlayfs copies a file whose other name is removed.
    assert [line for line in engine("diff", cid).lines if line != "C /data/two"] == CHANGES
    fresh = engine("--storage-driver", driver, "create", layered, "true").out
    assert engine("diff", fresh).out == ""
    assert engine("diff", fresh, layered).out == ""
    assert "A /data/one" in engine("diff", layered, cid).lines
    running = made(engine, driver, layered, "sleep", "1000")
    assert engine("diff", running).out == ""
    sh(engine, running, "rm /data/link; mkdir /data/merged/d")
    assert engine("diff", running).lines == [
        *("C /data", "D /data/link", "C /data/merged", "A /data/merged/d")
    ]


# covers: commit
@pytest.mark.parametrize("options", [[], ["--squash"]])
def test_commit(engine: Pypod, driver: str, layered: str, options: list[str]) -> None:
    cid = made(engine, driver, layered, "sh", "-c", CHANGE)
    engine("wait", cid)
    engine("start", cid)  # a second start finds it as it was left: the script fails at once
    engine("wait", cid)
    image = engine("commit", "-q", *options, cid, "again").out
    try:
        there = made(engine, "overlay", image, "sleep", "1000")
        found = sh(engine, there, LOOK)
        assert found == [
            *(".", "./hard", "./hidden", "./link", "./merged", "./merged/b", "./moved", "./own", "./pipe"),
            *("./soft", "./suid", "./two", "./was-dir"),
            *("suid 6711 33:34 1", "hard 644 0:0 2", "own 1770 5:6 2", "pipe 644 0:0 1"),
            *("b", "filemore", "onenew", "moved", "q", "ROOT:X:0:"),
        ]
        if not options:
            assert engine("image", "diff", "again").lines == engine("diff", cid).lines
        assert (
            sh(engine, there, "ls /proc/self/root/etc/.wh* /data/.wh* 2>&1 | grep -v 'No such'; true") == []
        )
    finally:
        engine("rm", "-af", "-t", "0")
        engine("rmi", "again")


# covers: commit
def test_commit_of_what_never_ran(engine: Pypod, driver: str, layered: str) -> None:
    cid = engine("--storage-driver", driver, "create", layered, "true").out
    image = engine("commit", "-q", cid, "again").out
    assert engine("diff", image, layered).out == ""
    assert engine("image", "diff", "again").out == ""
    engine("rmi", "again")


# covers: export
def test_export(engine: Pypod, driver: str, layered: str, tmp_path: Path) -> None:
    cid = made(engine, driver, layered, "sh", "-c", f"{CHANGE}; echo done; sleep 1000")
    engine.wait_for_log(cid, "done")
    running, stopped = tmp_path / "running.tar", tmp_path / "stopped.tar"
    engine("export", "-o", str(running), cid)
    engine("stop", "-t", "0", cid)
    engine("export", "-o", str(stopped), cid)
    found = []
    for file in (running, stopped):
        with tarfile.open(file) as archive:
            found.append({m.name: (m.type, m.mode, m.uid, m.gid, m.size) for m in archive})
            assert archive.extractfile("etc/group").read()[:4] == b"ROOT"  # type: ignore[union-attr]
            names = archive.getnames()
            assert names.index("data/hard") < names.index("data/was-dir")
            assert archive.getmember("data/was-dir").islnk()
    for name in ("dev/", "proc/", "sys/"):
        assert not [n for n in found[1] if n.startswith(name)]
    assert found[0] == found[1]
    assert found[0]["data/suid"][1:4] == (0o6711, 33, 34)
    assert not {"data/one", "data/was-file", "data/hidden/new"} & set(found[0])
    assert not [name for name in found[0] if ".wh." in name]
    fresh = engine("--storage-driver", driver, "create", layered, "true").out
    engine("export", "-o", str(tmp_path / "fresh.tar"), fresh)
    with tarfile.open(tmp_path / "fresh.tar") as archive:
        assert {"data/one", "data/merged/old", "data/hidden/new"} <= set(archive.getnames())
        assert "data/gone" not in archive.getnames()


# covers: commit, export
def test_what_was_written_a_moment_ago(engine: Pypod, driver: str, tmp_path: Path) -> None:
    """By a file that is still open, too."""
    cid = made(engine, driver, "IMAGE", "sh", "-c", "exec 3>/new; echo now >&3; echo done; sleep 1000")
    engine.wait_for_log(cid, "done")
    engine("export", "-o", str(tmp_path / "out.tar"), cid)
    with tarfile.open(tmp_path / "out.tar") as archive:
        assert archive.extractfile("new").read() == b"now\n"  # type: ignore[union-attr]
    image = engine("commit", "-q", "--pause", cid).out
    assert engine("run", "--rm", "--network=none", image, "cat", "/new").out == "now"
    assert engine.state(cid)["Status"] == "running"
    engine("rmi", image)


def test_set_user_id_and_other_users(engine: Pypod, driver: str) -> None:
    made(engine, driver, "--name", "c", "IMAGE", "sleep", "1000")
    sh(engine, "c", "cp /bin/busybox /bin/own && chmod 4755 /bin/own && mkdir -m 700 /mine")
    assert sh(engine, "c", "stat -c %a:%u /bin/own") == ["4755:0"]
    if driver in KINDS:  # a bound directory has the options of the store's file system
        assert "nosuid" not in sh(engine, "c", "grep ' / ' /proc/mounts")[-1].split()[3].split(",")
    assert engine("exec", "--user", "1000:1000", "c", "ls", "/mine", check=None).code == 1
    assert engine("exec", "--user", "1000:1000", "c", "touch", "/bin/y", check=None).code == 1


def test_rm_leaves_nothing(engine: Pypod, driver: str) -> None:
    cid = made(engine, driver, "--name", "c", "IMAGE", "sleep", "1000")
    assert (engine.graphroot / "containers" / cid / "upper").is_dir()
    engine("rm", "-f", "-t", "0", "c")
    assert not (engine.graphroot / "containers" / cid).exists()
    assert engine("--storage-driver", driver, "run", "--rm", engine.image, "echo", "x").out == "x"
    assert os.listdir(engine.graphroot / "containers") == []


def test_a_killed_monitor(engine: Pypod, driver: str) -> None:
    made(
        engine, driver, "--name", "c", "-v", f"{engine.base}:/out", "IMAGE", "sh", "-c",
        "until [ -e /out/go ]; do sleep 0.05; done; cat /bin/sh >/copy && cp /copy /out/copy; sleep 1000",
    )  # fmt: skip
    monitor, init = engine.monitor_pid("c"), engine.init_pid("c")
    served = [p.pid for p in processes.children(monitor) if p.name == "fuse-overlayfs"]
    assert len(served) == (1 if driver == "fuse-overlayfs" else 0)
    with processes.Handle(init) as first:
        processes.kill(monitor)
        (engine.base / "go").touch()
        processes.wait_until((engine.base / "copy").exists, 10, "the container goes on")
        assert not first.wait_gone(0)
        handles = [processes.Handle(pid) for pid in served]
        engine("stop", "-t", "0", "c")
        assert first.wait_gone()
    for handle in handles:
        assert handle.wait_gone(), "fuse-overlayfs ends with its container"
        handle.close()
    (engine.base / "copy").unlink()
    engine("start", "c")
    processes.wait_until((engine.base / "copy").exists, 10, "it starts again")


def test_a_copy_is_whole_or_not_there(shared: Pypod) -> None:
    cid = shared("--storage-driver", "vfs", "create", "--name", "c", shared.image, "cat", "/bin/sh").out
    files = shared.graphroot / "containers" / cid
    shared("start", "c", env={"PYPOD_FAILPOINT": "vfs:after-copy"}, check=False)
    assert not (files / "upper").exists()
    assert (files / "upper.new").exists()
    shared("start", "c")
    assert shared("wait", "c").out == "0"
    assert (files / "upper").is_dir()
    assert not (files / "upper.new").exists()


def test_the_driver_is_kept(shared: Pypod) -> None:
    made(shared, "vfs", "--name", "c", "IMAGE", "sh", "-c", "echo x >>/x; wc -l </x")
    shared("wait", "c")
    shared("--storage-driver", "overlay", "start", "c", env={"PYPOD_STORAGE_DRIVER": "fuse-overlayfs"})
    shared("wait", "c")
    assert shared("logs", "c").lines == ["1", "2"]
    assert shared.inspect("c")["Driver"] == "vfs"


# covers: pypod --storage-opt
def test_options_of_the_driver(shared: Pypod) -> None:
    program = "/usr/bin/fuse-overlayfs"
    for option in ("overlay.mount_program", "mount_program"):
        shared("--storage-opt", f"{option}={program}", "create", "--name", "c", shared.image, "true")
        assert shared.inspect("c")["Driver"] == "fuse-overlayfs"
        shared("rm", "c")
    for option in ("overlay.mountopt=nodev", "mount_program=x", "x"):
        failed = shared("--storage-opt", option, "create", shared.image, "true", check=False)
        assert failed.code == 125
        assert "--storage-opt" in failed.stderr
    failed = shared("--storage-opt", "mount_program=/no/such", "create", shared.image, "true", check=False)
    assert "apt-get install fuse-overlayfs" in failed.stderr
    failed = shared("--storage-driver", "btrfs", "create", shared.image, "true", check=False)
    assert "btrfs" in failed.stderr
    assert shared("ps", "-aq").lines == []


def test_a_program_that_does_not_serve(shared: Pypod) -> None:
    failed = shared(
        "--storage-opt", "mount_program=/bin/false", "run", "--name", "c", shared.image, "true", check=False
    )
    assert failed.code == 125
    assert "/bin/false does not serve" in failed.stderr
