"""Who runs in the container: `--user`, groups, and the entries that /etc/passwd gets."""

from __future__ import annotations

import grp
import os
import pwd
import tarfile
from pathlib import Path

import pytest

from tests.integration import tars
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

IDS = "echo $(id -u):$(id -g) $(id -G | tr ' ' '\\n' | sort -n)"


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], "0:0 0"),
        (["-u", "0"], "0:0 0"),
        (["-u", "user"], "1000:1000 50 1000"),
        (["-u", "1000"], "1000:1000 50 1000"),
        (["--user=user:staff"], "1000:50 50"),
        (["-u", "1000:33"], "1000:33 33"),
        (["-u", ":50"], "0:50 50"),
        (["-u", "12345"], "12345:0 0"),
        (["-u", "12345:54321"], "12345:54321 54321"),
        (["-u", "user", "--group-add", "daemon", "--group-add", "77"], "1000:1000 1 50 77 1000"),
        (["-u", "65535:65535"], "65535:65535 65535"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
# covers: run --user, run --group-add
def test_users_by_name_and_number(shared: Pypod, options: list[str], ids: str) -> None:
    assert shared.run("--rm", *options, "IMAGE", "sh", "-c", IDS).out == ids


@pytest.mark.parametrize("user", ["no-such-user", "user:no-such-group", "99999999999", "-1", "4294967295"])
# covers: run --user
def test_users_that_are_not_there_cannot_run_anything(shared: Pypod, user: str) -> None:
    result = shared.run("--rm", f"--user={user}", "IMAGE", "true", check=False)
    assert result.code == 126
    assert user.rpartition(":")[2] in result.stderr


@pytest.mark.parametrize("user", ["user:", "a:b:c", ":"])
# covers: run --user
def test_users_that_are_malformed(shared: Pypod, user: str) -> None:
    assert shared.run("--rm", "-u", user, "IMAGE", "true", check=False).code == 125


# covers: run --user
def test_a_user_beyond_the_subordinate_ids(shared: Pypod) -> None:
    result = shared.run("--rm", "-u", "4000000000", "IMAGE", "true", check=False)
    assert result.code == 126
    assert "/etc/subuid" in result.stderr


# covers: run --user
def test_home_is_that_of_the_user(shared: Pypod) -> None:
    for user, home in (("user", "/home"), ("root", "/root"), ("12345", "/tmp")):
        script = ["-w", "/tmp", "-u", user, "IMAGE", "sh", "-c", "echo $HOME"]
        assert shared.run("--rm", *script).out == home
    assert shared.run("--rm", "-u", "user", "-e", "HOME=/x", "IMAGE", "sh", "-c", "echo $HOME").out == "/x"


# covers: run --user, run --passwd
def test_a_number_has_a_name(shared: Pypod) -> None:
    """Programs such as ssh and git refuse to work for a user without an entry."""
    script = "id -un; grep ^12345: /etc/passwd; grep :33: /etc/group"
    out = shared.run("--rm", "-w", "/srv", "-u", "12345:33", "IMAGE", "sh", "-c", script).lines
    assert out == ["12345", "12345:*:12345:33:container user:/srv:/bin/sh", "33:x:33:12345"]
    assert shared.run("--rm", "--read-only", "-u", "12345", "IMAGE", "id", "-un").out == "12345"
    bare = ["--passwd=false", "-u", "12345", "IMAGE", "grep", "-c", "^12345:", "/etc/passwd"]
    assert shared.run("--rm", *bare, check=False).out == "0"


# covers: run --user, start
def test_the_entry_is_made_once_and_the_file_can_be_replaced(shared: Pypod) -> None:
    script = "cp /etc/passwd /etc/new && mv /etc/new /etc/passwd && grep -c ^12345: /etc/passwd"
    shared("create", "--name", "p", "-u", "12345", shared.image, "sleep", "100")
    for _ in range(2):
        shared("start", "p")
        assert shared("exec", "-u", "0", "p", "sh", "-c", script).out == "1"
        shared("stop", "-t", "0", "p")


@pytest.mark.parametrize("kind", ["absolute", "relative"])
# covers: run --user
def test_a_passwd_file_that_leads_out_of_the_image(pypod: Pypod, tmp_path: Path, kind: str) -> None:
    """A link in an image means a place in the image: no file of the host is read or written through it."""
    outside = pypod.base / "passwd"
    outside.write_text("evil:x:7:7::/:/bin/sh\n")
    target = str(outside) if kind == "absolute" else "../" * 20 + str(outside).lstrip("/")
    tar = tars.variant(pypod.image_tar, tmp_path / "hostile.tar", [tars.link("etc/passwd", target)])
    pypod("import", str(tar), "hostile")
    assert pypod("run", "--rm", "-u", "evil", "hostile", "true", check=False).code == 126
    assert pypod("run", "--rm", "-u", "4242", "hostile", "id", "-u").out == "4242"
    pypod("run", "-d", "--name", "c", "hostile", "sleep", "100")
    assert pypod("exec", "-u", "evil", "c", "true", check=False).code == 126
    assert outside.read_text() == "evil:x:7:7::/:/bin/sh\n"


# covers: run --user
def test_a_passwd_file_that_is_none(pypod: Pypod, tmp_path: Path) -> None:
    fifo = tarfile.TarInfo("etc/passwd")
    fifo.type = tarfile.FIFOTYPE
    for name, change in (("fifo", (fifo, b"")), ("folder", tars.folder("etc/passwd"))):
        tar = tars.variant(pypod.image_tar, tmp_path / f"{name}.tar", [change])
        pypod("import", str(tar), name)
        # not by id, which would read the file
        for user, uid in ((), "0"), (("-u", "4242"), "4242"):
            script = ["sh", "-c", "grep ^Uid: /proc/self/status"]
            assert pypod("run", "--rm", *user, name, *script).out.split()[1] == uid
        assert pypod("run", "--rm", "-u", "user", name, "true", check=False).code == 126


# covers: exec --user
def test_the_files_of_the_running_container_count(shared: Pypod) -> None:
    script = (
        "mv /etc/passwd /etc/real; ln -s /etc/real /etc/passwd; echo linked:x:7:7::/:/bin/sh >> /etc/real"
    )
    cid = shared.detached("IMAGE", "sh", "-c", f"{script}; echo ready; sleep 100")
    shared.wait_for_log(cid, "ready")
    assert shared("exec", "-u", "linked", cid, "id", "-u").out == "7"


# covers: run --hostuser, create --hostuser
def test_a_user_of_the_host(shared: Pypod) -> None:
    """It can be the container's user, has its entries once, and its name wins over nothing of the image."""
    me = pwd.getpwuid(os.getuid())
    script = "id -un; grep -c :$(id -u): /etc/passwd; id -gn; grep ^root: /etc/passwd"
    shared(
        "create",
        "--name",
        "h",
        "--hostuser",
        f"{me.pw_name},root",
        "-u",
        me.pw_name,
        shared.image,
        "sh",
        "-c",
        script,
    )
    image_root = shared.run("--rm", "IMAGE", "grep", "^root:", "/etc/passwd").out
    group = grp.getgrgid(me.pw_gid).gr_name
    for _ in range(2):
        assert shared("start", "-a", "h").lines == [me.pw_name, "1", group, image_root]
    by_number = [
        "--hostuser",
        str(me.pw_uid),
        "--read-only",
        "IMAGE",
        "grep",
        f"^{me.pw_name}:",
        "/etc/passwd",
    ]
    entry = shared.run("--rm", *by_number).out.split(":")
    assert entry[2:] == [str(me.pw_uid), str(me.pw_gid), me.pw_gecos, me.pw_dir, me.pw_shell]
    for name in ("no-such-user-here", "a:b", "../x"):
        result = shared.run("--rm", f"--hostuser={name}", "IMAGE", "true", check=False)
        assert (result.code, "--hostuser" in result.stderr) == (125, True), name


# covers: run --passwd-entry, run --group-entry, create --passwd-entry, create --group-entry
def test_entries_as_the_user_wants_them(shared: Pypod) -> None:
    templates = ["--passwd-entry", "$USERNAME:x:$UID:${GID}:me, $NAME:/srv$HOME:/bin/ash"]
    templates += ["--group-entry", "my$GROUPNAME:x:$GID:$USERLIST,other"]
    script = "grep :4242: /etc/passwd; grep :77: /etc/group"
    options = ["-w", "/tmp", "-u", "4242:77", "IMAGE", "sh", "-c", script]
    lines = shared.run("--rm", *templates, *options).lines
    assert lines == ["4242:x:4242:77:me, container user:/srv/tmp:/bin/ash", "my77:x:77:4242,other"]
    bad = [["--passwd-entry", "a:b"], ["--group-entry", "a:b:c:d:e"], ["--passwd-entry", ":x:1:1:::"]]
    for words in (*bad, ["--group-entry", "a:x:1:\nroot:x:0:"]):
        result = shared.run("--rm", *words, "IMAGE", "true", check=False)
        assert (result.code, words[0] in result.stderr) == (125, True), words
