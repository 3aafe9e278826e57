"""What a container has written: as a list of changes, as an archive, as an image."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest

from tests.integration import raw, tars
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

SCRIPT = (
    "echo hi > /etc/new; mkdir -p /a/b; echo x > /a/b/c; ln /a/b/c /a/hard; rm /bin/vi /etc/passwd; "
    "chmod 700 /tmp; echo q > /run/x; rm -r /root; mkdir /root; echo z > /root/z; chown 7:8 /a/b/c; "
    "ln -s /nowhere /a/soft; dd if=/dev/zero of=/a/sparse bs=1 count=1 seek=20000000 2> /dev/null"
)


def changed(pypod: Pypod, script: str = SCRIPT, *more: str) -> str:
    """A container that has ended, with changes to its files."""
    return pypod("create", "--network", "none", *more, pypod.image, "sh", "-c", script).out


def run(pypod: Pypod, script: str = SCRIPT, *more: str) -> str:
    cid = changed(pypod, script, *more)
    pypod("start", "-a", cid)
    return cid


def archive_of(pypod: Pypod, cid: str) -> dict[str, tarfile.TarInfo]:
    data = raw.run(pypod, "export", cid).out
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {entry.name: entry for entry in archive}


# diff


# covers: diff, diff --format, container diff, container diff --format
def test_changes_of_a_container(pypod: Pypod) -> None:
    cid = run(pypod)
    lines = pypod("diff", cid).lines
    for line in (
        "A /a",
        "A /a/b",
        "A /a/b/c",
        "C /bin",
        "D /bin/vi",
        "C /etc",
        "A /etc/new",
        "D /etc/passwd",
    ):
        assert line in lines
    assert {"A /run/x", "C /tmp", "C /root", "A /root/z"} <= set(lines)
    assert not [line for line in lines if re.search("/(dev|proc|sys|run|etc/hosts|etc/mtab)$", line)]
    assert [line[2:] for line in lines] == sorted(line[2:] for line in lines)
    found = pypod("container", "diff", "--format", "json", cid).json()
    assert sorted(found) == ["added", "changed", "deleted"]
    assert found["deleted"] == ["/bin/vi", "/etc/passwd"]
    assert found["changed"] == [line[2:] for line in lines if line[0] == "C"]
    assert pypod("diff", changed(pypod, "true")).out == ""


# covers: diff --latest, container diff --latest
def test_changes_of_the_latest_container(pypod: Pypod) -> None:
    run(pypod, "echo 1 > /latest")
    assert pypod("diff", "-l").out == "A /latest"
    assert pypod("container", "diff", "--latest").out == "A /latest"
    assert pypod("diff", "-l", "x", check=False).code == 125


# covers: diff
def test_changes_of_a_running_container(pypod: Pypod) -> None:
    cid = pypod.detached("--network", "none")
    pypod("exec", cid, "sh", "-c", "echo 1 > /new")
    assert pypod("diff", cid).out == "A /new"


# covers: image diff, image diff --format
def test_changes_of_an_image(pypod: Pypod, tmp_path: Path) -> None:
    image = pypod.image
    lines = pypod("image", "diff", image).lines
    assert "A /bin/busybox" in lines
    assert {line[0] for line in lines} == {"A"}
    other = tars.variant(
        pypod.image_tar, tmp_path / "other.tar", [tars.file("etc/passwd", b"root:x:0:0::/:\n")]
    )
    pypod("import", "-q", str(other), "other")
    assert pypod("image", "diff", "other", image).lines == ["C /etc", "C /etc/passwd"]
    assert pypod("image", "diff", "--format", "json", "other", image).json() == {
        "changed": ["/etc", "/etc/passwd"]
    }


# covers: diff
def test_two_names(pypod: Pypod) -> None:
    one, two = run(pypod, "echo 1 > /one"), run(pypod, "echo 2 > /two; rm /bin/vi")
    assert pypod("diff", one, two).lines == ["C /bin", "A /bin/vi", "A /one", "D /two"]
    assert pypod("diff", one, pypod.image).out == "A /one"
    assert pypod("diff", pypod.image, one).out == "D /one"


# covers: diff, container diff, image diff
def test_wrong_use_of_diff(pypod: Pypod) -> None:
    cid = changed(pypod, "true")
    for words, message in (
        (["diff", "nothing"], "nothing"),
        (["diff", "a", "b", "c"], "accepts between 1 and 2 arg(s), received 3"),
        (["diff"], "requires a name"),
        (["image", "diff"], "accepts between 1 and 2 arg(s), received 0"),
        (["diff", "--format", "table", cid], "json"),
        (["container", "diff", pypod.image], "no such container"),
        (["image", "diff", cid], "image not known"),
    ):
        result = pypod(*words, check=False)
        assert result.code == 125
        assert message in result.stderr


# export


# covers: export, export --output, container export
def test_export_of_a_stopped_container(pypod: Pypod, tmp_path: Path) -> None:
    cid = run(pypod)
    found = archive_of(pypod, cid)
    assert list(found) == [name for name in found if not name.startswith(("/", "./"))]
    assert found["a/b/c"].size == 2
    assert (found["a/b/c"].uid, found["a/b/c"].gid) == (7, 8)
    assert (found["a/hard"].islnk(), found["a/hard"].linkname) == (True, "a/b/c")
    assert found["a/soft"].linkname == "/nowhere"
    assert (found["a/sparse"].size, found["a/sparse"].issparse()) == (20000001, True)
    assert (found["tmp"].mode, found["bin/busybox"].isreg()) == (0o700, True)
    assert not {"bin/vi", "etc/passwd"} & set(found)
    file = tmp_path / "out.tar"
    pypod("container", "export", "-o", str(file), cid)
    assert file.read_bytes() == raw.run(pypod, "export", "--output=-", cid).out
    assert pypod("import", "-q", str(file), "again").out
    assert pypod("run", "--rm", "--network", "none", "again", "cat", "/etc/new").out == "hi"


# covers: export
def test_export_of_a_running_container_has_no_volumes(pypod: Pypod) -> None:
    cid = pypod.detached("-v", "vol:/data")
    pypod("exec", cid, "sh", "-c", "echo 1 > /data/in-volume; echo 2 > /new; grep -q . /etc/hosts")
    found = archive_of(pypod, cid)
    assert found["new"].size == 2
    assert not [n for n in found if n.startswith(("data/", "proc/", "sys/", "dev/"))]
    assert found["etc/hosts"].size == 0


# covers: export
def test_owners_are_those_seen_inside(pypod: Pypod) -> None:
    cid = run(pypod, "touch /tmp/mine", "--userns", "keep-id")
    uid = int(pypod("run", "--rm", "--userns", "keep-id", "--network", "none", pypod.image, "id", "-u").out)
    assert archive_of(pypod, cid)["tmp/mine"].uid == uid


# covers: export
def test_export_refuses_a_terminal_and_leaves_nothing_behind(pypod: Pypod, tmp_path: Path) -> None:
    cid = changed(pypod, "true")
    with pypod.terminal("export", cid) as terminal:
        terminal.expect(b"refusing to export to a terminal")
        assert terminal.wait() == 125
    assert pypod("export", "-o", str(tmp_path / "no" / "file"), cid, check=False).code == 125
    assert pypod("export", "-o", str(tmp_path / "file"), "nothing", check=False).code == 125
    assert list(tmp_path.iterdir()) == []


# commit


# covers: commit, commit --quiet, container commit
def test_an_image_of_a_container(pypod: Pypod) -> None:
    cid = run(
        pypod, SCRIPT + "; rm -r /tmp; mkdir /tmp; echo t > /tmp/t", "-e", "A=1", "-w", "/a", "--label", "l=m"
    )
    image_id = pypod("container", "commit", "-q", cid, "web:2").out
    assert re.fullmatch("[0-9a-f]{64}", image_id)
    shown = pypod("image", "inspect", "web:2").json()[0]
    base = pypod("image", "inspect", pypod.image).json()[0]
    assert shown["RepoTags"] == ["localhost/web:2"]
    assert shown["RootFS"]["Layers"][:-1] == base["RootFS"]["Layers"]
    assert shown["ManifestType"] == "application/vnd.oci.image.manifest.v1+json"
    config = shown["Config"]
    assert (config["WorkingDir"], config["Labels"]["l"], config["Cmd"][0]) == ("/a", "m", "sh")
    assert "A=1" in config["Env"]
    assert len(shown["History"]) == len(base["History"]) + 1
    assert pypod("image", "diff", "web:2").lines == pypod("diff", cid).lines
    look = (
        "cat /etc/new b/c; ls /tmp /root; stat -c '%u:%g %h' b/c; readlink soft; "
        "ls /bin/vi /etc/passwd 2> /dev/null; stat -c %s sparse; echo $A"
    )
    found = pypod("run", "--rm", "--network", "none", "web:2", "sh", "-c", look, check=None).lines
    assert found[:2] == ["hi", "x"]
    assert {"t", "z", "7:8 2", "/nowhere"} <= set(found)
    assert not {"/bin/vi", "/etc/passwd"} & set(found)
    assert found[-2:] == ["20000001", "1"]


# covers: commit
def test_a_chain_of_commits_and_a_container_that_never_ran(pypod: Pypod) -> None:
    first = pypod("commit", "-q", run(pypod, "echo 1 > /one")).out
    again = pypod("create", "--network", "none", first, "true").out
    second = pypod("commit", "-q", again).out
    third = pypod("run", "-d", "--network", "none", second, "sh", "-c", "rm /one; echo 3 > /three").out
    pypod("wait", third)
    last = pypod("commit", "-q", third).out
    assert pypod(
        "run", "--rm", "--network", "none", last, "sh", "-c", "ls /one /three 2> /dev/null", check=None
    ).out == ("/three")
    assert len(pypod("image", "inspect", last).json()[0]["RootFS"]["Layers"]) == 4


# covers: commit
def test_times_are_kept_to_the_nanosecond(pypod: Pypod) -> None:
    look = "stat -c '%y' /one /two /d /link"
    made = run(pypod, f"echo 1 >/one; mkdir /d; ln -s x /link; touch -d @-3 /two; echo; {look}")
    before = pypod("logs", made).lines[1:]
    assert not before[0].split(".")[1].startswith("000000000")
    assert (
        pypod.run("--rm", "--network=none", pypod("commit", "-q", made).out, "sh", "-c", look).lines == before
    )


# covers: image inspect
def test_the_parent_of_an_image(pypod: Pypod, tmp_path: Path) -> None:
    def about(name: str, field: str) -> str:
        return pypod("image", "inspect", "-f", "{{." + field + "}}", name).out

    pypod("commit", "-q", run(pypod, "echo 1 >/one"), "first")
    pypod("commit", "-q", pypod("create", "--network=none", "first", "true").out, "second")
    assert about(pypod.image, "Parent") == ""
    assert about("first", "Parent") == about(pypod.image, "Id")
    assert about("second", "Parent") == about("first", "Id")
    pypod("rm", "-a")
    pypod("rmi", "first")
    assert about("second", "Parent") == about(pypod.image, "Id")


# covers: commit --pause
def test_a_commit_that_is_killed_while_the_container_stands_still(pypod: Pypod) -> None:
    cid = pypod.detached("--network=none")
    died = pypod("commit", "-q", "--pause", cid, env={"PYPOD_FAILPOINT": "commit:after-pause"}, check=False)
    assert died.code == -9
    assert pypod.state(cid)["Status"] == "paused"
    assert pypod("commit", "-q", "--pause", cid).out
    assert pypod.state(cid)["Status"] == "paused", "it was not this commit that paused it"
    pypod("unpause", cid)
    assert pypod("exec", cid, "echo", "on").out == "on"


# covers: commit --change, commit --author, commit --iidfile, commit --include-volumes
def test_what_a_commit_changes_in_the_configuration(pypod: Pypod, tmp_path: Path) -> None:
    cid = changed(pypod, "true", "-v", "vol:/data", "-e", "A=1")
    file = tmp_path / "id"
    words = ["-c", "CMD echo new", "--change", "ENV A=2", "-c", "USER 5", "-a", "somebody", "-i"]
    image_id = pypod("commit", *words, "--iidfile", str(file), cid).out
    assert file.read_text() == image_id
    shown = pypod("image", "inspect", image_id).json()[0]
    assert (shown["Author"], shown["User"]) == ("somebody", "5")
    config = shown["Config"]
    assert config["Cmd"] == ["/bin/sh", "-c", "echo new"]
    assert (config["Env"][-1], list(config["Volumes"])) == ("A=2", ["/data"])
    assert not pypod("image", "inspect", pypod("commit", "-q", cid).out).json()[0]["Config"].get("Volumes")


# covers: commit --squash
def test_a_squashed_image_has_one_layer(pypod: Pypod) -> None:
    pypod("commit", "-q", "-s", run(pypod, "rm /bin/vi; echo 1 > /one"), "flat")
    shown = pypod("image", "inspect", "flat").json()[0]
    assert (len(shown["RootFS"]["Layers"]), len(shown["History"])) == (1, 1)
    out = pypod("run", "--rm", "--network", "none", "flat", "sh", "-c", "ls /one /bin/vi", check=False)
    assert out.out == "/one"


# covers: commit --format, commit --message
def test_the_format_of_docker(pypod: Pypod, tmp_path: Path) -> None:
    cid = run(pypod, "echo 1 > /one")
    pypod("commit", "-q", "-f", "docker", "-m", "a message", cid, "dock")
    shown = pypod("image", "inspect", "dock").json()[0]
    assert shown["ManifestType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert pypod("history", "--format", "{{.Comment}}", "dock").lines[0] == "a message"
    pypod("save", "-q", "-o", str(tmp_path / "saved"), "--format", "oci-archive", "dock")
    pypod("rmi", "dock")
    pypod("load", "-q", "-i", str(tmp_path / "saved"))
    assert pypod("run", "--rm", "--network", "none", "dock", "cat", "/one").out == "1"
    refused = pypod("commit", "-m", "a message", cid, check=False)
    assert (refused.code, "docker" in refused.stderr) == (125, True)


# covers: commit --pause
def test_commit_of_a_running_container(pypod: Pypod) -> None:
    cid = pypod.detached("-v", "vol:/data")
    pypod("exec", cid, "sh", "-c", "echo 1 > /one; echo 2 > /data/two")
    for words in ([], ["--pause"]):
        image_id = pypod("commit", "-q", *words, cid).out
        assert pypod("image", "diff", image_id).lines == ["A /data", "A /one"]
        assert pypod.state(cid)["Status"] == "running"
        assert pypod("exec", cid, "cat", "/one").out == "1"


# covers: commit
def test_a_commit_of_a_tree_that_changes(pypod: Pypod) -> None:
    script = "while :; do echo 1 > /tmp/a$((i = (i + 1) % 50)); rm -f /tmp/a$(((i + 25) % 50)); done"
    cid = pypod.detached("IMAGE", "sh", "-c", script)
    for _ in range(3):
        image_id = pypod("commit", "-q", cid).out
        assert pypod("run", "--rm", "--network", "none", image_id, "echo", "ok").out == "ok"
        with tarfile.open(fileobj=io.BytesIO(raw.run(pypod, "export", cid).out)) as archive:
            assert "bin/busybox" in archive.getnames()


# covers: commit
def test_wrong_use_of_commit_stores_nothing(pypod: Pypod, tmp_path: Path) -> None:
    cid = changed(pypod, "true")
    for words, message in (
        (["nothing"], "nothing"),
        ([cid, "BAD"], "lowercase"),
        (["-c", "FOO 1", cid], "invalid instruction FOO"),
        (["-f", "tar", cid], "unrecognized image format"),
        (["--iidfile", str(tmp_path / "no" / "id"), cid], "iidfile"),
        ([], "received 0"),
    ):
        result = pypod("commit", *words, check=False)
        assert result.code == 125
        assert message in result.stderr
    assert len(pypod("images", "-aq").lines) == 1


# covers: commit
@pytest.mark.parametrize(("point", "images"), [("commit:after-publish", 1), ("commit:after-row", 2)])
def test_a_commit_that_dies_leaves_an_image_or_none(pypod: Pypod, point: str, images: int) -> None:
    cid = run(pypod, "echo 1 > /one")
    died = pypod("commit", "-q", cid, "web", env={"PYPOD_FAILPOINT": f"{point}=kill"}, check=None)
    assert died.code == -9
    assert len(pypod("images", "-q").lines) == images
    pypod("commit", "-q", cid, "web:2")
    assert pypod("run", "--rm", "--network", "none", "web:2", "cat", "/one").out == "1"
    pypod("rmi", "web:2")  # collects what the dead one has left
