"""cp: between host and containers, in every state of the container; what a container cannot make of it."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.integration import raw
from tests.support.engine import Pypod, Result, environment

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

STATES = ("running", "paused", "created", "exited")
NO_SUCH = "no such file or directory"


@pytest.fixture(params=STATES)
def state(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def container(pypod: Pypod, state: str, *options: str) -> str:
    """A container in this state, with some files in /src."""
    script = "mkdir -p /src/s; echo f > /src/f; echo g > /src/s/g; ln -s f /src/l; ln -s /src /to; "
    script += "ln -s new /src/dang"
    words = ["--network=none", *options, pypod.image, "sh", "-c"]
    if state == "exited":
        return pypod("run", "-d", *words, script).out
    if state == "created":
        cid = pypod("create", *words, "sleep 1000").out
        tree = pypod.base / f"tree-{cid[:6]}"
        (tree / "src/s").mkdir(parents=True)
        (tree / "src/f").write_text("f\n")
        (tree / "src/s/g").write_text("g\n")
        (tree / "src/l").symlink_to("f")
        (tree / "src/dang").symlink_to("new")
        (tree / "to").symlink_to("/src")
        pypod("cp", f"{tree}/.", f"{cid}:/")
        return cid
    cid = pypod("run", "-d", *words, f"{script}; exec sleep 1000").out
    pypod("exec", cid, "sh", "-c", "until [ -h /src/dang ]; do :; done")
    if state == "paused":
        pypod("pause", cid)
    return cid


def refused(failed: Result | raw.Raw, says: str) -> None:
    """Hold a failure of ours against a regular expression."""
    err = failed.stderr if isinstance(failed, Result) else failed.err.decode()
    assert failed.code == 125, err
    assert re.search(says, err), err


def tree(folder: Path) -> dict[str, str]:
    """Every path below a folder, with the content of files and the targets of links."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = (
            f"-> {path.readlink()}" if path.is_symlink() else "/" if path.is_dir() else path.read_text()
        )
    return found


def read(pypod: Pypod, cid: str, path: str) -> dict[str, tarfile.TarInfo]:
    data = raw.run(pypod, "cp", f"{cid}:{path}", "-").out
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {entry.name: entry for entry in archive}


def content(pypod: Pypod, cid: str, path: str) -> str:
    data = raw.run(pypod, "cp", f"{cid}:{path}", "-").out
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.extractfile(archive.getmembers()[0])
        assert member
        return member.read().decode()


# covers: cp, container cp
def test_out_of_a_container(shared: Pypod, state: str, tmp_path: Path) -> None:
    cid = container(shared, state)
    whole = {"f": "f\n", "l": "-> f", "s": "/", "s/g": "g\n", "dang": "-> new"}
    under = {"src": "/", **{f"src/{name}": text for name, text in whole.items()}}
    for source, there, expected in (
        ("/src", True, under),
        ("/src/", True, under),
        ("src", True, under),
        ("/to", True, under),
        ("/src/.", True, whole),
        ("/src", False, whole),
        ("/src/.", False, whole),
        ("/src/f", True, {"f": "f\n"}),
        ("/src/l", True, {"f": "f\n"}),
    ):
        target = tmp_path / "x"
        if there:
            target.mkdir()
        shared("cp", f"{cid}:{source}", str(target))
        assert tree(target) == expected, source
        shared("unshare", "rm", "-r", str(target))
    shared("container", "cp", f"{cid}:/src/s/g", str(tmp_path / "file"))
    shared("cp", f"{cid}:/src/f", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "f\n"
    assert (tmp_path / "file").stat().st_uid == os.getuid()
    for source, to, says in (
        ("/nx", "x", f'"/nx" could not be found on container .*: {NO_SUCH}'),
        ("/src/f", "nx/", f'"nx/" could not be found on the host: {NO_SUCH}'),
        ("/src/f", "nx/y", f'"nx/y" could not be found on the host: {NO_SUCH}'),
        ("/src", "file", "destination must be a directory when copying a directory"),
        ("", "x", "you must specify paths"),
        ("/src/f", "/dev/null", "must be a directory or a regular file"),
    ):
        failed = shared("cp", f"{cid}:{source}", to, check=False, cwd=tmp_path)
        refused(failed, says)


# covers: cp
def test_into_a_container(shared: Pypod, state: str, tmp_path: Path) -> None:
    cid = container(shared, state)
    (tmp_path / "d/s").mkdir(parents=True)
    (tmp_path / "d/f").write_text("new")
    (tmp_path / "d/s/h").write_text("h")
    for source, target in (
        ("d", "/src"),
        ("d/.", "/src/into"),
        ("d", "/src/named"),
        ("d/", "/to/slash"),
        ("d/f", "/src/file"),
        ("d/f", "/src/f"),
        ("d/f", "/src/dang"),
        ("d/f", "/src/s"),
        ("d/f", "src/relative"),
    ):
        shared("cp", source, f"{cid}:{target}", cwd=tmp_path)
    found = read(shared, cid, "/src/.")
    directories = ("d", "into", "named", "slash")
    expected = {"f", "l", "s", "s/g", "s/f", "dang", "new", "file", "relative", *directories}
    for name in directories:
        expected |= {f"{name}/f", f"{name}/s", f"{name}/s/h"}
    assert set(found) == expected
    assert found["dang"].issym()
    assert content(shared, cid, "/src/f") == content(shared, cid, "/src/new") == "new"
    (tmp_path / "l").symlink_to("d/f")
    shared("cp", "l", f"{cid}:/src/", cwd=tmp_path)
    assert content(shared, cid, "/src/l") == "new"
    for source, to, says in (
        ("nx", "/src", f'"nx" could not be found on the host: {NO_SUCH}'),
        ("d", "/src/f", "destination must be a directory when copying a directory"),
        ("d/f", "/src/nx/", '"/src/nx/" could not be found on container'),
        ("d/f", "/nx/y", '"/nx/y" could not be found on container'),
        ("d/f", "/src/f/y", "could not be found on container"),
        ("d", "", "you must specify paths"),
        ("/dev/null", "/src", "device"),
    ):
        failed = shared("cp", source, f"{cid}:{to}", check=False, cwd=tmp_path)
        refused(failed, says)
    assert "no such container" in shared("cp", "d", "nx:/", check=False, cwd=tmp_path).stderr
    assert "in a container" in shared("cp", "d", "e", check=False, cwd=tmp_path).stderr


# covers: cp
def test_what_was_copied_is_there_after_the_start(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("hello")
    cid = shared("create", "--network=none", shared.image, "cat", "/etc/f").out
    shared("cp", str(tmp_path / "f"), f"{cid}:/etc/f")
    assert shared("start", "-a", cid).out == "hello"
    shared("cp", f"{cid}:/etc/f", str(tmp_path / "g"))
    assert (tmp_path / "g").read_text() == "hello"


# covers: cp --archive
def test_owners(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("x")
    (tmp_path / "d/f").chmod(0o4640)
    os.utime(tmp_path / "d/f", (10**9, 10**9))
    for cid in (
        shared.detached("--network=none", "--user=5:6"),
        shared("create", "--network=none", "--user=5:6", shared.image, "true").out,
    ):
        shared("cp", str(tmp_path / "d"), f"{cid}:/a")
        shared("cp", "-a=false", str(tmp_path / "d"), f"{cid}:/b")
        found = {**read(shared, cid, "/a"), **read(shared, cid, "/b")}
        assert {(found[n].uid, found[n].gid) for n in ("a", "a/f")} == {(5, 6)}
        assert {(found[n].uid, found[n].gid) for n in ("b", "b/f")} == {(0, 0)}
        assert found["a/f"].mode == 0o4640
        assert found["a/f"].mtime == 10**9
        shared("cp", f"{cid}:/a", str(tmp_path / cid))
        assert (tmp_path / cid / "f").stat().st_uid == os.getuid()
    shared("cp", f"{cid}:/a", f"{cid}:/c")
    assert read(shared, cid, "/c")["c/f"].uid == 5
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as out:
        entry = tarfile.TarInfo("x")
        entry.uid, entry.gid = 33, 44
        out.addfile(entry)
    assert raw.run(shared, "cp", "--archive=false", "-", f"{cid}:/a", data=archive.getvalue()).code == 0
    assert read(shared, cid, "/a/x")["x"].uid == 33


# covers: cp --archive
@pytest.mark.needs("fuse-overlayfs")
@pytest.mark.parametrize("option", ["--userns=keep-id", "--userns=keep-id:uid=7,gid=8", "--uidmap=0:5:1000"])
def test_owners_in_a_user_namespace(shared: Pypod, tmp_path: Path, option: str) -> None:
    """The ids in an archive are the container's, whether it runs or not."""
    (tmp_path / "f").write_text("x")
    cid = shared.detached("--network=none", option, "-v", "/vol")
    mine = shared("exec", cid, "sh", "-c", "id -u; id -g").lines
    for name in ("one", "two"):
        for folder in ("/tmp", "/vol"):
            shared("cp", str(tmp_path / "f"), f"{cid}:{folder}/{name}")
            found = read(shared, cid, f"{folder}/{name}")[name]
            assert [str(found.uid), str(found.gid)] == mine
        shared("cp", "-a=false", str(tmp_path / "f"), f"{cid}:/tmp/{name}0")
        assert read(shared, cid, f"/tmp/{name}0")[f"{name}0"].uid == 0
        shared("cp", f"{cid}:/tmp/{name}", str(tmp_path / name))
        assert (tmp_path / name).stat().st_uid == os.getuid()
        shared("stop", "-t0", cid)
    shared("start", cid)
    assert shared("exec", cid, "sh", "-c", "cd /tmp; stat -c %u one two two0").lines == [
        mine[0],
        mine[0],
        "0",
    ]


# covers: cp
@pytest.mark.parametrize("compress", ["", "gz"])
def test_archives_on_stdin(shared: Pypod, state: str, compress: str) -> None:
    cid = container(shared, state)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode=f"w:{compress}") as out:
        for name in ("in/deep/f", "s/k"):
            entry = tarfile.TarInfo(name)
            entry.size = 3
            out.addfile(entry, io.BytesIO(b"tar"))
    assert raw.run(shared, "cp", "-", f"{cid}:/src", data=archive.getvalue()).code == 0
    assert {"src/in/deep/f", "src/s/k", "src/s/g"} <= set(read(shared, cid, "/src"))
    for target in ("/src/f", "/src/nx"):
        failed = raw.run(shared, "cp", "-", f"{cid}:{target}", data=archive.getvalue())
        refused(failed, "destination must be a directory when copying from stdin")
    failed = raw.run(shared, "cp", "-", f"{cid}:/src", data=b"junk")
    refused(failed, r"source must be a \(compressed\) tar archive")


# covers: cp
def test_an_archive_cannot_lead_out_of_its_target(shared: Pypod, tmp_path: Path) -> None:
    """A container's archive on the host: links in it lead nowhere else."""
    outside = tmp_path / "outside"
    outside.mkdir()
    cid = shared("create", "--network=none", shared.image, "true").out
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as out:
        link = tarfile.TarInfo("d/l")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        out.addfile(link)
    raw.run(shared, "cp", "-", f"{cid}:/", data=archive.getvalue())
    target = tmp_path / "target"
    target.mkdir()
    shared("cp", f"{cid}:/d/.", str(target))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as out:
        entry = tarfile.TarInfo("e/l/evil")
        out.addfile(entry)
    raw.run(shared, "cp", "-", f"{cid}:/", data=archive.getvalue())
    failed = shared("cp", f"{cid}:/e/.", str(target), check=False)
    refused(failed, "a directory is to take its place")
    shared("cp", "--overwrite", f"{cid}:/e/.", str(target))
    assert (target / "l/evil").is_file()
    assert not (target / "l").is_symlink()
    assert not list(outside.iterdir())


# covers: cp
def test_a_program_of_a_container_gets_no_rights_of_the_caller(shared: Pypod, tmp_path: Path) -> None:
    """Its owner on the host is the caller: with the set-user-id bit everybody could act as the caller."""
    script = (
        "mkdir -m 2755 /d; cp /bin/busybox /d/suid; chmod 6755 /d/suid; mkdir -m 1777 /d/sticky; sleep 1000"
    )
    cid = shared.detached("--network=none", "IMAGE", "sh", "-c", script)
    shared("exec", cid, "sh", "-c", "until [ -k /d/sticky ]; do :; done")
    shared("cp", f"{cid}:/d", str(tmp_path / "d"))
    modes = {p.name: p.stat().st_mode & 0o7777 for p in (tmp_path / "d", *(tmp_path / "d").iterdir())}
    assert modes == {"d": 0o755, "suid": 0o755, "sticky": 0o1777}
    assert read(shared, cid, "/d")["d/suid"].mode == 0o6755
    shared("cp", f"{cid}:/d", f"{cid}:/e")
    assert read(shared, cid, "/e")["e/suid"].mode == 0o6755


# covers: cp --overwrite
def test_overwrite(shared: Pypod, tmp_path: Path) -> None:
    cid = container(shared, "running")
    (tmp_path / "d/f").mkdir(parents=True)
    (tmp_path / "d/f/new").write_text("n")
    (tmp_path / "e").mkdir()
    (tmp_path / "e/s").write_text("file")
    for folder in ("d", "e"):
        failed = shared("cp", f"{folder}/.", f"{cid}:/src", check=False, cwd=tmp_path)
        refused(failed, "--overwrite")
        shared("cp", "--overwrite", f"{folder}/.", f"{cid}:/src", cwd=tmp_path)
    found = read(shared, cid, "/src")
    assert found["src/f"].isdir()
    assert found["src/s"].isreg()
    assert "src/s/g" not in found


# covers: cp
def test_mounts_are_as_the_container_sees_them(shared: Pypod, tmp_path: Path) -> None:
    folder, single = tmp_path / "folder", tmp_path / "single"
    folder.mkdir(mode=0o777)
    single.write_text("old")
    (tmp_path / "f").write_text("data")
    options = [
        f"-v=cpvol{tmp_path.name}:/vol",
        f"-v={folder}:/bind",
        f"-v={single}:/etc/one",
        f"-v={folder}:/ro:ro",
    ]
    for n, state in enumerate(("created", "running")):
        cid = container(shared, state, *options)
        shared("cp", "f", f"{cid}:/vol/v{n}", cwd=tmp_path)
        shared("cp", "f", f"{cid}:/bind/b{n}", cwd=tmp_path)
        shared("cp", "f", f"{cid}:/etc/one", cwd=tmp_path)
        assert (folder / f"b{n}").read_text() == single.read_text() == "data"
        assert content(shared, cid, "/etc/one") == "data"
        assert f"v{n}" in read(shared, cid, "/vol/.")
        failed = shared("cp", "f", f"{cid}:/ro/x", check=False, cwd=tmp_path)
        refused(failed, "(?i)read-only")
        single.write_text("old")
    assert shared("exec", cid, "ls", "/vol").lines == ["v0", "v1"]
    assert {"vol/v0", "bind/b0", "etc/one"} <= set(read(shared, cid, "/"))  # a whole container, with mounts
    assert not {n for n in read(shared, cid, "/") if n.startswith(("proc", "sys", "dev"))}
    assert content(shared, cid, "/proc/version").startswith("Linux")
    shared("rm", "-af", "-t0")


# covers: cp
def test_between_containers(shared: Pypod) -> None:
    one, two, three = container(shared, "paused"), container(shared, "created"), container(shared, "running")
    for source, target in ((one, two), (two, three), (three, two), (two, two)):
        shared("cp", f"{source}:/src", f"{target}:/from-{source[:6]}")
        assert f"from-{source[:6]}/s/g" in read(shared, target, f"/from-{source[:6]}")
    failed = shared("cp", f"{one}:/nx", f"{two}:/", check=False)
    refused(failed, NO_SUCH)
    failed = shared("cp", f"{one}:/src", f"{two}:/src/f", check=False)
    refused(failed, "must be a directory")


# covers: cp
def test_a_container_that_swaps_directories_and_links(shared: Pypod, tmp_path: Path) -> None:
    """Where a name leads is decided inside the container: following it on the host would write there."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    (outside / "secret").write_text("secret of the host")
    script = (
        "mkdir -p /a/real; echo inside > /a/real/secret; cd /a; "
        f"while :; do ln -s {outside} t; rm t; mv real t; mv t real; done"
    )
    cid = shared.detached("--network=none", "IMAGE", "sh", "-c", script)
    (tmp_path / "f").write_text("evil")
    (tmp_path / "d/t").mkdir(parents=True)
    (tmp_path / "d/t/evil").write_text("evil")
    for n in range(12):
        shared("cp", "f", f"{cid}:/a/t/evil", check=None, cwd=tmp_path)
        shared("cp", "d/.", f"{cid}:/a", check=None, cwd=tmp_path)
        shared("cp", f"{cid}:/a/t/secret", f"out{n}", check=None, cwd=tmp_path)
        shared("cp", f"{cid}:/a", f"all{n}", check=None, cwd=tmp_path)
    assert [p.name for p in outside.iterdir()] == ["secret"]
    got = [p for p in tmp_path.glob("out*") if p.is_file() and p != outside]
    got += [p for n in range(12) for p in (tmp_path / f"all{n}").rglob("secret") if not p.is_symlink()]
    assert not [p for p in got if "host" in p.read_text()]


# covers: cp
def test_paths_that_lead_out_by_dots_links_and_proc(shared: Pypod, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret of the host")
    cid = shared.detached(
        "--network=none",
        "IMAGE",
        "sh",
        "-c",
        f"ln -s {secret} /l; ln -s /proc/1/root /p; mkdir /ok; sleep 1000",
    )
    shared("exec", cid, "sh", "-c", "until [ -d /ok ]; do :; done")
    for path in ("/l", f"/../../../..{secret}", f"/p{secret}", f"/proc/1/root{secret}", "/proc/1/cwd/l"):
        assert shared("cp", f"{cid}:{path}", str(tmp_path / "out"), check=False).code == 125
        assert not (tmp_path / "out").exists()
    for path in (
        "/p/x",
        "/proc/1/root/x",
        "/proc/sys/kernel/core_pattern",
        "/proc/1/mem",
        "/proc/1/oom_score_adj",
    ):
        assert shared("cp", str(secret), f"{cid}:{path}", check=False).code == 125, path
    assert secret.read_text() == "secret of the host"
    assert shared.state(cid)["Status"] == "running"


# covers: cp
@pytest.mark.needs("fuse-overlayfs")
@pytest.mark.parametrize("driver", ["overlay", "fuse-overlayfs", "vfs"])
def test_with_every_driver(shared: Pypod, driver: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("data")
    words = [
        "--network=none",
        shared.image,
        "sh",
        "-c",
        "cat /etc/new /etc/f; rm /etc/group; echo o > /etc/own; sleep 1000",
    ]
    cid = shared("--storage-driver", driver, "create", *words).out
    shared("cp", str(tmp_path / "f"), f"{cid}:/etc/f")
    shared("cp", str(tmp_path / "f"), f"{cid}:/etc/new")
    shared("start", cid)
    shared("exec", cid, "sh", "-c", "until [ -s /etc/own ]; do :; done")
    assert shared("logs", cid).out == "datadata"
    shared("cp", str(tmp_path / "f"), f"{cid}:/etc/passwd")
    shared("cp", f"{cid}:/etc/own", str(tmp_path / "own"))
    assert (tmp_path / "own").read_text() == "o\n"
    shared("stop", "-t0", cid)
    shared("cp", str(tmp_path / "f"), f"{cid}:/etc/later")
    names = set(read(shared, cid, "/etc"))
    assert {"etc/later", "etc/own", "etc/f"} <= names
    assert "etc/group" not in names
    assert content(shared, cid, "/etc/passwd") == "data"


# covers: cp
@pytest.mark.needs("fuse-overlayfs")
@pytest.mark.parametrize("driver", ["overlay", "fuse-overlayfs"])
def test_a_killed_copy_leaves_no_mount_and_no_lock(shared: Pypod, driver: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("data")
    cid = shared("--storage-driver", driver, "create", "--network=none", shared.image, "cat", "/etc/f").out
    words = ["cp", str(tmp_path / "f"), f"{cid}:/etc/f"]
    assert shared(*words, env={"PYPOD_FAILPOINT": "cp:after-mount=kill"}, check=False).code == -9
    assert shared(*words, env={"PYPOD_FAILPOINT": "cp:after-mount=fail"}, check=False).code == 125
    shared(*words)
    assert shared("start", "-a", cid).out == "data"


# covers: cp
def test_what_is_there_only_while_it_runs(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("data")
    (tmp_path / "lower").mkdir()
    words = ["--network=none", "--tmpfs=/mem", "-v", f"{tmp_path / 'lower'}:/over:O"]
    cid = shared("create", *words, shared.image, "sleep", "1000").out
    for folder in ("/mem", "/over"):
        for pair in ([str(tmp_path / "f"), f"{cid}:{folder}/f"], [f"{cid}:{folder}", str(tmp_path / "out")]):
            failed = shared("cp", *pair, check=False)
            refused(failed, "only while it runs")
    shared("start", cid)
    for folder in ("/mem", "/over"):
        shared("cp", str(tmp_path / "f"), f"{cid}:{folder}/f")
        assert content(shared, cid, f"{folder}/f") == "data"
    assert not list((tmp_path / "lower").iterdir())


# covers: cp
def test_nobody_starts_a_container_that_is_written_to(shared: Pypod) -> None:
    """Two mounts of one upper directory destroy it: the start waits until the copy is done."""
    cid = shared("create", "--network=none", shared.image, "cat", "/etc/big").out
    read_fd, write_fd = os.pipe()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as out:
        entry = tarfile.TarInfo("big")
        entry.size = 5
        out.addfile(entry, io.BytesIO(b"whole"))
    copy = shared.start("cp", "-", f"{cid}:/etc", stdin=read_fd)
    start = shared.start("start", "-a", cid)
    os.write(write_fd, archive.getvalue())
    os.close(write_fd)
    os.close(read_fd)
    assert copy.wait(30) == 0
    out_text, err_text = start.communicate(timeout=30)
    assert out_text == "whole" or "No such file" in err_text
    assert shared("start", "-a", cid).out == "whole"


# covers: cp
def test_what_is_mounted_in_unshare_is_used(shared: Pypod, tmp_path: Path) -> None:
    """One upper directory has one mount: each sees what the other writes."""
    (tmp_path / "f").write_text("data")
    cid = shared("create", "--network=none", shared.image, "true").out
    words = " ".join(shared.argv())
    script = (
        f"m=$({words} mount {cid}) && echo shell > $m/etc/shell && echo ready && read x && "
        f"cat $m/etc/f && {words} cp {tmp_path}/f {cid}:/etc/inside && cat $m/etc/inside"
    )
    child = shared.start("unshare", "sh", "-c", script, stdin=subprocess.PIPE)
    assert child.stdin
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    shared("cp", str(tmp_path / "f"), f"{cid}:/etc/f")
    assert content(shared, cid, "/etc/shell") == "shell\n"
    out, err = child.communicate("go\n", timeout=60)
    assert out == "datadata", err
    assert content(shared, cid, "/etc/inside") == "data"
    statuses = shared("events", "--stream=false", "-f", f"container={cid}", "--format", "{{.Status}}").lines
    assert "mount" in statuses


# covers: cp, completion
def test_containers_are_completed_with_a_colon(shared: Pypod) -> None:
    shared("create", "--network=none", "--name=web", shared.image, "true")
    command, *before = shared.argv()
    for words in (["cp", "we"], ["cp", "./f", "we"], ["container", "cp", "we"]):
        argv = [command, "__complete", *before, *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment())
        assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == ["web:", ":files"]


# covers: cp
def test_an_archive_is_not_written_to_a_terminal(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "true").out
    with shared.terminal("cp", f"{cid}:/etc/passwd", "-") as terminal:
        assert terminal.wait() == 125
