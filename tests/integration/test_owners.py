"""Owners of files in containers with ids of their own: those of the image, with every storage driver."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import raw, tars
from tests.support.engine import Pypod, Result

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox", "fuse-overlayfs")

ME, GROUP = os.getuid(), os.getgid()
KEEP = ("--userns", "keep-id")
DRIVERS = ("overlay", "fuse-overlayfs", "vfs")


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def owned(shared: Pypod, tmp_path: Path) -> Iterator[str]:
    """An image with files of several users, one with their right to be run as it, and hard links."""
    hard = tarfile.TarInfo("d/hard")
    hard.type, hard.linkname = tarfile.LNKTYPE, "d/seven"
    mail = tarfile.TarInfo("d/group")
    mail.gid = 8
    changes = [
        tars.folder("d", 0o1777, 9),
        tars.file("d/seven", b"7", 0o640, 7),
        (hard, b""),
        tars.file("d/suid", b"#!", 0o4755, 7),
        (mail, b""),
        tars.link("d/link", "seven"),
    ]
    tars.variant(shared.image_tar, tmp_path / "owned.tar", changes)
    shared("import", "-q", str(tmp_path / "owned.tar"), "owned")
    yield "localhost/owned:latest"
    shared("rm", "-af", "-t", "0")
    shared("rmi", "owned")


def container(engine: Pypod, driver: str, image: str, *options: str, name: str = "c") -> str:
    words = ["run", "-d", "--name", name, "--network=none", *options, image, "sleep", "1000"]
    return engine("--storage-driver", driver, *words).out


def sh(engine: Pypod, script: str, *options: str) -> list[str]:
    return engine("exec", *options, "c", "sh", "-c", script).lines


LOOK = (
    "cd /d; stat -c '%n %a %u:%g %h' . seven hard suid group link; stat -c %u:%g / /bin/busybox /etc/passwd"
)
SEEN = [
    ". 1777 9:9 2",
    "seven 640 7:7 2",
    "hard 640 7:7 2",
    "suid 4755 7:7 1",
    "group 644 0:8 1",
    "link 777 0:0 1",
    *["0:0"] * 3,
]


def without_links_of_directories(lines: list[str]) -> list[str]:
    """fuse-overlayfs does not count the links of directories."""
    return [line.rpartition(" ")[0] if line.startswith(". ") else line for line in lines]


# covers: run --userns
def test_keep_id_has_the_owners_of_the_image(shared: Pypod, driver: str, owned: str) -> None:
    container(shared, driver, owned, *KEEP)
    for _ in range(2):
        found = sh(shared, LOOK)
        assert without_links_of_directories(found) == without_links_of_directories(SEEN)
        assert sh(shared, "id -u; id -g; touch /d/mine; stat -c %u:%g /d/mine") == [
            str(ME),
            str(GROUP),
            f"{ME}:{GROUP}",
        ]
        for forbidden in ("touch /bin/x", "rm /etc/passwd", "cat /d/seven", "ls /root/."):
            assert shared("exec", "c", "sh", "-c", forbidden, check=None).code == 1, forbidden
        own = shared.inspect("c")["Id"]
        upper = shared.graphroot / "containers" / own / "upper"
        assert upper.is_dir()
        shared("restart", "-t", "0", "c")
    assert sh(shared, "stat -c %u:%g /etc/mtab /etc/hosts /etc/hostname /run/.containerenv") == ["0:0"] * 4


# covers: run --userns, run --user
def test_what_others_write_keeps_its_owner(shared: Pypod, driver: str, owned: str) -> None:
    container(shared, driver, owned, *KEEP)
    script = (
        "echo a >/r; mkdir /new; chown 5:6 /new; chmod 600 /d/group; chown 33:34 /d/suid; "
        "chmod 6711 /d/suid; rm /d/seven; touch /etc/x; mkdir /usr/local; ln -s x /new/l"
    )
    sh(shared, script, "--user", "0")
    sh(shared, "touch /d/seventh", "--user", "7:8")
    look = "stat -c '%n %a %u:%g' /r /new /d/group /d/suid /d/seventh /new/l; ls /d; cat /d/suid"
    expected = [
        *("/r 644 0:0", "/new 755 5:6", "/d/group 600 0:8", "/d/suid 6711 33:34"),
        *("/d/seventh 644 7:8", "/new/l 777 0:0"),
        *("group", "hard", "link", "seventh", "suid", "#!"),
    ]
    assert sh(shared, look, "-u", "0") == expected
    shared("stop", "-t", "0", "c")
    shared("start", "c")
    assert sh(shared, look, "-u", "0") == expected


# covers: run --userns, run --volume
def test_volumes_of_a_keep_id_container(shared: Pypod, driver: str, owned: str, tmp_path: Path) -> None:
    """The user's files stay the user's, a volume gets the owners of the image."""
    (tmp_path / "there").touch()
    home = ["-v", f"{tmp_path}:/w", "-v", "fresh:/d", "-v", "empty:/no-such-place"]
    container(shared, driver, owned, *KEEP, *home, "-w", "/made")
    script = "touch /w/x /no-such-place/y /made/z; stat -c %u:%g /w /w/there /no-such-place /made /made/z"
    assert sh(shared, script) == [f"{ME}:{GROUP}"] * 5
    assert (tmp_path / "x").stat().st_uid == ME
    assert sh(shared, "stat -c '%n %a %u:%g' /d /d/seven /d/suid") == [
        *("/d 1777 9:9", "/d/seven 640 7:7", "/d/suid 4755 7:7"),
    ]
    sh(shared, "touch /w/roots", "-u", "0")
    seen = shared("unshare", "stat", "-c", "%u", str(tmp_path / "roots"), str(tmp_path / "x")).lines
    assert seen == ["1", "0"]
    shared("unshare", "rm", str(tmp_path / "roots"))


# covers: diff, commit, export, run --userns
def test_diff_commit_and_export(shared: Pypod, driver: str, owned: str, tmp_path: Path) -> None:
    container(shared, driver, owned, *KEEP)
    sh(shared, "touch /d/mine")
    script = (
        "rm -r /d/group /usr; mkdir /usr; touch /usr/five; chown 5:6 /usr/five; rm /etc/group; echo x >/etc/y"
    )
    sh(shared, script, "-u", "0")
    for state in ("running", "stopped"):
        told = shared("diff", "c").lines
        assert {"C /d", "A /d/mine", "D /d/group", "C /usr", "A /usr/five", "A /etc/y"} <= set(told)
        assert not [line for line in told if ".wh." in line or line[2:].startswith(("/bin", "/d/s", "/root"))]
        result = raw.run(shared, "export", "c")
        (tmp_path / "out.tar").write_bytes(result.out)
        with tarfile.open(tmp_path / "out.tar") as archive:
            owners = {e.name: (e.uid, e.gid) for e in archive}
        assert [owners[n] for n in ("d", "d/seven", "d/mine", "usr/five", "bin/busybox")] == [
            (9, 9),
            (7, 7),
            (ME, GROUP),
            (5, 6),
            (0, 0),
        ]
        assert not [name for name in owners if ".wh." in name]
        assert not {"d/group", "etc/group", "usr/bin"} & set(owners)
        whole = ["--squash"] if driver == "vfs" else []
        shared("commit", "-q", *whole, "c", f"made-{state}")
        look = "stat -c '%n %a %u:%g' /d /d/seven /d/mine /usr/five; ls /usr; ls /d/group /etc/group"
        found = shared.run("--rm", "--network=none", f"made-{state}", "sh", "-c", look, check=None)
        assert found.lines == [
            *("/d 1777 9:9", "/d/seven 640 7:7", f"/d/mine 644 {ME}:{GROUP}", "/usr/five 644 5:6", "five"),
        ]
        shared("rmi", f"made-{state}")
        shared("stop", "-t", "0", "c")


# covers: run --uidmap, run --gidmap
def test_maps_of_ones_own_show_the_owners_of_the_image(shared: Pypod, driver: str, owned: str) -> None:
    maps = ["--uidmap", "0:100:500", "--uidmap", "600:0:1", "--gidmap", "0:200:500", "--gidmap", "600:0:1"]
    container(shared, driver, owned, *maps)
    found = sh(shared, LOOK)
    assert without_links_of_directories(found) == without_links_of_directories(SEEN)
    sh(shared, "touch /root/mine; chown 3:4 /root/mine")
    assert sh(shared, "cut -c 1-30 /proc/1/uid_map; stat -c %u:%g /root/mine")[-1] == "3:4"
    where = shared.graphroot / "containers" / shared.inspect("c")["Id"] / "upper/root/mine"
    on_disk = shared("unshare", "stat", "-c", "%u:%g", str(where)).out
    assert on_disk == ("103:204" if driver == "vfs" else "3:4")


# covers: cp, run --userns
def test_cp_in_and_out(shared: Pypod, driver: str, owned: str, tmp_path: Path) -> None:
    container(shared, driver, owned, *KEEP)
    (tmp_path / "mine").write_text("m")
    for state in ("running", "stopped"):
        shared("cp", str(tmp_path / "mine"), f"c:/d/{state}")
        shared("cp", "c:/d/suid", str(tmp_path / state))
        assert (tmp_path / state).read_text() == "#!"
        shared("stop", "-t", "0", "c")
    shared("start", "c")
    mine = f"{ME}:{GROUP}"
    assert sh(shared, "stat -c %u:%g /d/running /d/stopped; cat /d/stopped") == [mine, mine, "m"]


def run_without_fuse(engine: Pypod, *args: str, check: bool | None = True) -> Result:
    hidden = 'mount --bind /etc/passwd /usr/bin/fuse-overlayfs; exec "$@"'
    return engine("unshare", "unshare", "-m", "sh", "-c", hidden, "sh", *engine.argv(*args), check=check)


def test_without_fuse_overlayfs_the_files_are_copied(shared: Pypod, owned: str) -> None:
    maps = ["--uidmap", "0:100:500", "--uidmap", "600:0:1"]
    result = run_without_fuse(shared, "run", "--name", "c", *maps, "--network=none", owned, "sh", "-c", LOOK)
    assert without_links_of_directories(result.lines) == without_links_of_directories(SEEN)
    assert result.stderr.count("\n") == 1
    assert "fuse-overlayfs" in result.stderr
    assert shared.inspect("c")["Driver"] == "vfs"
    assert shared("start", "-a", "c").lines == result.lines


# covers: run --uidmap
def test_files_of_users_that_the_container_lacks(shared: Pypod, owned: str) -> None:
    """A copy is refused, by name; what is only shown belongs to nobody."""
    few = ["--network=none", "--uidmap", "0:1:5", "--uidmap", "5:0:1", owned, "stat", "-c", "%u", "/d/seven"]
    failed = shared("--storage-driver", "vfs", "run", "--rm", *few, check=False)
    assert failed.code == 125
    assert re.search("files of (user|group) [789],", failed.stderr)
    assert shared("run", "--rm", *few).out == "65534"
    assert os.listdir(shared.graphroot / "containers") == []


@pytest.mark.parametrize("options", [(), KEEP], ids=["host", "keep-id"])
def test_files_with_several_names_stay_one_file(
    shared: Pypod, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """What is written through one name is there under the others, also after a restart."""
    changes = [tars.folder("d", 0o751, 3), tars.folder("d/e", 0o750, 4), tars.file("d/one", b"1\n", 0o644, 5)]
    for name in ("d/two", "d/e/three", "top", "gone", "other"):
        hard = tarfile.TarInfo(name)
        hard.type, hard.linkname = tarfile.LNKTYPE, "d/one"
        changes.append((hard, b""))
    tars.variant(shared.image_tar, tmp_path / "links.tar", changes)
    shared("import", "-q", str(tmp_path / "links.tar"), "links")
    container(shared, "fuse-overlayfs", "links", *options)
    sh(shared, "echo 2 >>/d/two; chmod 600 /d/two; rm /gone /other; echo o >/other", "-u", "0")
    look = (
        "cd /d; stat -c '%a %u' one two e/three /top; cat one two e/three /top /other; "
        "stat -c '%a %u' . e; ls /gone"
    )
    expected = ["600 5"] * 4 + ["1", "2"] * 4 + ["o", "751 3", "750 4"]
    for _ in range(2):
        shared("restart", "-t", "0", "c")
        assert shared("exec", "-u", "0", "c", "sh", "-c", look, check=None).lines == expected
    assert len(set(sh(shared, "stat -c %i /d/one /d/two /d/e/three /top", "-u", "0"))) == 1
    shared("rm", "-f", "-t", "0", "c")
    shared("rmi", "links")
