"""`mount`, `unmount`, `image mount`, `image unmount`: inside of `pypod unshare`, and gone with it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod, Result

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox", "fuse-overlayfs")

DRIVERS = ("overlay", "fuse-overlayfs", "vfs")


def inside(pypod: Pypod, script: str, *words: str, **more: object) -> Result:
    """Run a script in an unshare session; `$P` is pypod with this store, $1 ... are the words."""
    words = ("sh", *words)
    return pypod("unshare", "sh", "-ec", f'P="{shlex.join(pypod.argv())}"; {script}', *words, **more)  # type: ignore[arg-type]


class Session:
    """An unshare session that lasts; `sh` runs a line in it and returns what it prints."""

    def __init__(self, pypod: Pypod) -> None:
        self._shell = pypod.start("unshare", "sh", stdin=subprocess.PIPE)
        self.sh(f'P="{shlex.join(pypod.argv())}"')

    def sh(self, line: str) -> list[str]:
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.write(f"{line}; echo =$?\n")
        self._shell.stdin.flush()
        found: list[str] = []
        while not (text := self._shell.stdout.readline().rstrip("\n")).startswith("="):
            found.append(text)
        assert text == "=0", f"{line}: {found} {text}"
        return found

    def close(self) -> None:
        self._shell.communicate("exit\n")


@pytest.fixture
def session(shared: Pypod) -> Iterator[Session]:
    session = Session(shared)
    yield session
    session.close()


def mounts(session: Session, pypod: Pypod) -> list[str]:
    """What is mounted in the store, as the session sees it."""
    return session.sh(f"grep -o '{pypod.graphroot}[^ ]*' /proc/self/mountinfo; true")


def created(pypod: Pypod, *words: str, driver: str = "overlay", name: str = "c") -> str:
    options = ["--storage-driver", driver, "create", "--name", name, "--network=none"]
    return pypod(*options, *(pypod.image if word == "IMAGE" else word for word in words)).out


# covers: mount, unmount, image mount, image unmount
def test_outside_of_unshare(shared: Pypod) -> None:
    created(shared, "IMAGE", "true")
    for words in (
        ["mount"],
        ["mount", "c"],
        ["container", "mount", "c"],
        ["unmount", "c"],
        ["umount", "-a"],
        ["container", "umount", "c"],
        ["image", "mount"],
        ["image", "umount", "-a"],
    ):
        failed = shared(*words, check=False)
        assert failed.code == 125
        name = " ".join(w for w in words if w not in ("c", "-a")).replace("umount", "unmount")
        assert f'cannot run command "pypod {name}" in rootless mode' in failed.stderr
        assert "pypod unshare" in failed.stderr


# covers: mount, unmount
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_container_that_does_not_run(shared: Pypod, driver: str, session: Session) -> None:
    created(shared, "IMAGE", "sh", "-c", "cat /put; echo from inside >/got", driver=driver)
    (place,) = session.sh("m=$($P mount c); echo $m")
    assert session.sh("ls $m/bin/busybox && echo one >$m/put && $P mount c") == [
        f"{place}/bin/busybox",
        place,
    ]
    # Started from another mount namespace, and from this one: all see the same file system.
    assert shared("start", "-a", "c").out == "one"
    assert session.sh("cat $m/got; echo two >$m/put; rm $m/got; $P start -a c; cat $m/got") == [
        *("from inside", "two", "from inside")
    ]
    assert {"A /got", "A /put"} <= set(shared("diff", "c").lines)
    assert session.sh("$P unmount c; $P umount c; ls $m") == ["c", "c"]
    assert mounts(session, shared) == []
    assert shared("start", "-a", "c").out == "two"


# covers: mount, container mount
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_container_that_runs(shared: Pypod, driver: str, session: Session) -> None:
    created(shared, "-v", "data:/data", "IMAGE", "sleep", "1000", driver=driver)
    shared("start", "c")
    shared("exec", "c", "sh", "-c", "echo one >/one; echo hidden >/data/file")
    assert session.sh("m=$($P container mount c); cat $m/one; ls -A $m/data; echo two >$m/two") == ["one"]
    assert shared("exec", "c", "cat", "/two").out == "two"
    shared("exec", "c", "sh", "-c", "echo three >/three; rm /one")
    assert session.sh("cat $m/three; ls $m/one 2>/dev/null || true") == ["three"]
    shared("stop", "-t", "0", "c")
    assert session.sh("cat $m/two; echo four >$m/four") == ["two"], "it stays when the container ends"
    shared("start", "c")
    assert shared("exec", "c", "cat", "/four").out == "four"
    shared("exec", "c", "sh", "-c", "echo five >/five")
    assert session.sh("cat $m/five") == ["five"]


# covers: mount --all, mount --format, mount --no-trunc, mount --latest, unmount --all, unmount --latest
def test_lists(shared: Pypod) -> None:
    one, two = created(shared, "IMAGE", "true", name="one"), created(shared, "IMAGE", "true", name="two")
    out = inside(
        shared,
        "$P mount; echo =; $P mount one two; echo =; $P mount; echo =; $P mount --no-trunc; echo =; "
        "$P mount --notruncate; echo =; $P umount --all; echo =; $P mount --all; echo =; $P unmount -l; "
        "echo =; $P mount -l",
    ).stdout.split("=\n")
    places = [str(shared.graphroot / "containers" / cid / "mount") for cid in (one, two)]
    assert out[0] == ""
    assert out[1].splitlines() == places
    assert out[2].splitlines() == [f"{c[:12]}  {p}" for c, p in zip((one, two), places, strict=True)]
    assert out[3].splitlines() == [f"{c}  {p}" for c, p in zip((one, two), places, strict=True)]
    assert out[4] == out[3]
    assert out[5].split() == [one, two]
    assert out[6].splitlines() == places
    assert out[7].split() == [two]
    assert out[8].splitlines() == places[1:]
    found = inside(shared, "$P mount one >/dev/null; $P mount --format json").json()
    assert found == [{"id": one, "Names": ["one"], "mountpoint": places[0]}]
    for words, message in (
        ("mount one nothing", "nothing"),
        ("mount --all one", "no arguments are needed with --all"),
        ("mount --format x", 'unknown --format argument: "x"'),
        ("unmount", "you must provide at least one name or id"),
        ("umount nothing", "nothing"),
        ("image mount nothing", "image not known"),
        ("image mount --format x", 'unknown --format argument: "x"'),
        ("image unmount", "image name or ID must be specified"),
    ):
        failed = inside(shared, f"$P {words}", check=False)
        assert (failed.code, failed.stdout) == (125, ""), words
        assert message in failed.stderr


# covers: unmount --force, image unmount --force, container unmount
def test_what_is_in_use(shared: Pypod) -> None:
    created(shared, "IMAGE", "true")
    out = inside(
        shared,
        "cd $($P mount c); $P container unmount c 2>&1 && exit 1; $P umount --force c; cd /; $P mount; "
        "cd $($P image mount $1); $P image unmount $1 2>&1 && exit 1; $P image umount -f $1; $P image mount",
        shared.image,
    ).lines
    assert [line for line in out if "Device or resource busy" in line]
    assert [line for line in out if "--force" in line]
    assert (out[2], out[-1]) == ("c", shared("image", "inspect", "-f", "{{.Id}}", shared.image).out)


# covers: mount
def test_two_sessions_see_the_same(shared: Pypod, session: Session) -> None:
    created(shared, "IMAGE", "sh", "-c", "cat /one /two; echo three >/three")
    other = Session(shared)
    session.sh("m=$($P mount c); echo one >$m/one")
    assert other.sh("m=$($P mount c); cat $m/one; echo two >$m/two") == ["one"]
    assert session.sh("cat $m/two; $P umount c") == ["two", "c"]
    assert shared("start", "-a", "c").lines == ["one", "two"]
    assert other.sh("cat $m/three") == ["three"]
    other.close()


# covers: mount, rm
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_container_is_removed(shared: Pypod, driver: str, session: Session) -> None:
    for number in ("1", "2"):
        created(shared, "IMAGE", "true", driver=driver, name=f"c{number}")
        session.sh(f"$P mount c{number}")
    shared("rm", "c1")
    session.sh("$P rm c2")
    assert mounts(session, shared) == []
    assert os.listdir(shared.graphroot / "containers") == []


# covers: image mount, image unmount, image mount --all, image mount --format, image unmount --all
@pytest.mark.parametrize("driver", DRIVERS)
def test_images(pypod: Pypod, driver: str) -> None:
    cid = pypod.run("-d", "--network=none", "IMAGE", "sh", "-c", "echo 1 >/one; rm /bin/vi").out
    pypod("wait", cid)
    made, base = (
        pypod("commit", "-q", cid, "made").out,
        pypod("image", "inspect", "-f", "{{.Id}}", pypod.image).out,
    )
    pypod.options += ["--storage-driver", driver]
    session = Session(pypod)
    (place,) = session.sh("m=$($P image mount made); echo $m")
    assert place == str(pypod.graphroot / "images" / made / "mount")
    assert session.sh("cat $m/one; ls $m/bin/busybox; ls $m/bin/vi 2>/dev/null || true") == [
        *("1", f"{place}/bin/busybox")
    ]
    assert session.sh("touch $m/x 2>/dev/null || rm $m/one 2>/dev/null || echo read-only") == ["read-only"]
    assert session.sh("$P image mount made; $P image mount") == [place, f"localhost/made:latest  {place}"]
    told = session.sh("$P image mount --all")
    assert sorted(line.split()[0] for line in told) == ["localhost/busybox:latest", "localhost/made:latest"]
    json = "".join(session.sh("$P image mount --format json made"))
    for word in (f'"id": "{made}"', '"localhost/made:latest"', f'"mountpoint": "{place}"'):
        assert word in json
    files = pypod.graphroot / "images" / made / "files"
    assert files.exists() is (driver == "vfs")
    assert session.sh("$P image unmount made; $P image unmount made; ls $m") == [made]
    assert not files.exists()
    assert session.sh("$P image umount --all") == [base]
    assert mounts(session, pypod) == []
    session.sh("$P image mount made")
    pypod("rmi", "made")
    assert mounts(session, pypod) == []
    session.sh(f"$P rm -a; $P image mount {base}; $P rmi {base}")
    assert mounts(session, pypod) == []
    assert os.listdir(pypod.graphroot / "images") == []
    session.close()


# covers: mount
def test_nothing_is_left_of_a_session(shared: Pypod) -> None:
    names = []
    for driver in DRIVERS:
        created(shared, "IMAGE", "true", driver=driver, name=driver)
        names.append(driver)
    # The programs that serve mounts end with the session; the fixture looks for them.
    inside(shared, 'for name; do echo $name >"$($P mount $name)/name"; done', *names)
    for name in names:
        assert shared("export", "-o", str(shared.base / "out.tar"), name).out == ""
        assert f"{name}\n".encode() in (shared.base / "out.tar").read_bytes()
        assert shared("start", "-a", name).code == 0
    (shared.base / "out.tar").unlink()


# covers: mount, cp
def test_what_holds_a_pod_together_has_no_files(shared: Pypod, tmp_path: Path) -> None:
    shared("pod", "create", "--name", "p")
    member = shared.detached("--pod", "p", "--network=none")
    infra = shared("pod", "inspect", "-f", "{{.InfraContainerID}}", "p").out
    for failed in (
        inside(shared, "$P mount $1", infra, check=False),
        shared("cp", f"{infra}:/etc/passwd", str(tmp_path), check=False),
        shared("cp", str(shared.image_tar), f"{infra}:/tmp/x", check=False),
    ):
        assert failed.code == 125
        assert "has no files" in failed.stderr
    assert list(tmp_path.iterdir()) == []
    assert inside(shared, "$P mount --all").lines == [str(shared.graphroot / "containers" / member / "mount")]
    shared("pod", "rm", "-f", "p")


# covers: mount, system df
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_mount_takes_no_disk(shared: Pypod, driver: str) -> None:
    created(shared, "IMAGE", "true", driver=driver)
    shared("start", "c")
    before = shared("system", "df", "--format", "{{.Type}} {{.Size}}").lines
    assert inside(shared, "$P mount c >&2; $P system df --format '{{.Type}} {{.Size}}'").lines == before


# covers: mount, image mount
@pytest.mark.parametrize("point", ["mount:after-place", "mount:after-mount", "mount:after-copy"])
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_mount_that_is_killed(pypod: Pypod, driver: str, point: str) -> None:
    pypod.options += ["--storage-driver", driver]
    pypod("commit", "-q", pypod("create", "--name", "c", pypod.image, "true").out, "made")
    script = "for what in 'mount c' 'image mount made'; do PYPOD_FAILPOINT=$1 $P $what || true; done; $2"
    again = "test -e $($P mount c)/bin/busybox; test -e $($P image mount made)/bin/busybox"
    inside(pypod, script, point, "true")
    inside(pypod, f"{script}; {again}", point, "true")
    inside(pypod, again)
    pypod("rm", "c")
    pypod("rmi", "made")
    assert os.listdir(pypod.graphroot / "images") == []


# covers: image mount
def test_what_a_killed_rmi_leaves_is_removed(pypod: Pypod) -> None:
    inside(pypod, "$P image mount $1", pypod.image)
    assert pypod("rmi", pypod.image, env={"PYPOD_FAILPOINT": "rmi:after-row"}, check=False).code == -9
    assert len(os.listdir(pypod.graphroot / "images")) == 1
    pypod("system", "prune", "-f")
    assert os.listdir(pypod.graphroot / "images") == []


# covers: mount
def test_a_container_without_a_monitor(shared: Pypod) -> None:
    created(shared, "IMAGE", "sleep", "1000")
    session = Session(shared)
    shared("start", "c")
    processes.kill(shared.monitor_pid("c"))
    session.sh("echo one >$($P mount c)/one")
    assert shared("diff", "c").out == "A /one"
    session.close()
    # With the session the last one has gone that kept the container's user namespace.
    failed = inside(shared, "$P mount c", check=False)
    assert failed.code == 125
    assert "restart the container" in failed.stderr


def test_paths_are_not_taken_from_the_container(shared: Pypod, session: Session, tmp_path: Path) -> None:
    """What is a link in the container stays one: the mount is of its root, not of what it names."""
    created(shared, "IMAGE", "sh", "-c", "rm -r /tmp; ln -s /etc /tmp; ln -s /proc/self/root /up")
    shared("start", "-a", "c")
    assert session.sh("m=$($P mount c); readlink $m/tmp $m/up") == ["/etc", "/proc/self/root"]
