"""Bind mounts, volumes, tmpfs: `--volume`, `--mount`, `--tmpfs`, `--volumes-from`, and `volume`."""

from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path

import pytest

from tests.integration import tars
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def options_of(shared: Pypod, where: str, *options: str) -> list[str]:
    """The mount options that the process sees at a place."""
    out = shared.run("--rm", *options, "IMAGE", "cat", "/proc/self/mounts").lines
    return next(line.split()[3].split(",") for line in reversed(out) if line.split()[1] == where)


# Bind mounts


# covers: run --volume
def test_a_folder_of_the_host(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("from outside")
    out = shared.run("--rm", "-v", f"{tmp_path}:/d", "IMAGE", "sh", "-c", "cat /d/in; echo x > /d/out").out
    assert out == "from outside"
    assert (tmp_path / "out").read_text() == "x\n"
    assert "rw" in options_of(shared, "/d", "-v", f"{tmp_path}:/d")


# covers: run --volume
def test_read_only(shared: Pypod, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    for words in (["-v", f"{tmp_path}:/d:ro"], ["--mount", f"type=bind,src={tmp_path},dst=/d,ro=true"]):
        for path in ("/d/x", "/d/inner/x"):
            result = shared.run("--rm", *words, "IMAGE", "touch", path, check=False)
            assert "Read-only" in result.stderr
    assert os.listdir(inner) == []


# covers: run --volume
def test_a_file_of_the_host(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("content")
    for where in ("/new/place/f", "/etc/passwd", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname"):
        assert shared.run("--rm", "-v", f"{file}:{where}", "IMAGE", "cat", where).out == "content"


# covers: run --volume
def test_sources_are_relative_to_the_caller(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f").write_text("here")
    for source, where in ((".", "/d/sub/f"), ("./sub", "/d/f"), ("./sub/..", "/d/sub/f")):
        out = shared("run", "--rm", "-v", f"{source}:/d", shared.image, "cat", where, cwd=tmp_path).out
        assert out == "here"


# covers: run --volume
def test_odd_names(shared: Pypod, tmp_path: Path) -> None:
    for name in ("with space", "ž🐧", "-dash", "quote'\"", "new\nline", "$HOME", "back\\slash", "a=b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "f").write_text("ok")
        assert shared.run("--rm", "-v", f"{folder}:/d/{name}", "IMAGE", "cat", f"/d/{name}/f").out == "ok"
    comma = tmp_path / "a,b"
    comma.mkdir()
    assert shared.run("--rm", "-v", f"{comma}:/d", "IMAGE", "ls", "-d", "/d").out == "/d"


# covers: run --volume, run --mount
def test_a_source_that_is_not_there(shared: Pypod, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for words in (["-v", f"{missing}:/d"], ["--mount", f"type=bind,source={missing},target=/d"]):
        result = shared.run("--rm", *words, "IMAGE", "true", check=False)
        assert (result.code, str(missing) in result.stderr) == (125, True)
    assert not missing.exists()


# covers: run --volume
def test_a_link_in_the_container_does_not_lead_a_mount_outside(pypod: Pypod, tmp_path: Path) -> None:
    """The image has /data as a link to a folder of the host: what is mounted on /data stays inside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    tar = tars.variant(pypod.image_tar, tmp_path / "i.tar", [tars.link("data", str(outside))])
    pypod("import", str(tar), "linked")
    pypod("run", "--rm", "-v", "v:/data/sub", "linked", "touch", "/data/sub/file", check=None)
    pypod("run", "--rm", "-w", "/data/work", "linked", "touch", "x", check=None)
    assert os.listdir(outside) == []
    pypod("volume", "rm", "-af", check=None)


# covers: run --volume
def test_what_is_mounted_below_the_source_comes_along(shared: Pypod) -> None:
    """A bind is recursive: /proc of the host has mounts or at least its processes."""
    out = shared.run("--rm", "-v", "/sys:/host-sys:ro", "IMAGE", "ls", "/host-sys/fs/cgroup").lines
    assert "cgroup.controllers" in out


# covers: run --volume
def test_options_of_bind_mounts(shared: Pypod, tmp_path: Path) -> None:
    assert {"noexec", "nosuid", "nodev"} <= set(
        options_of(shared, "/d", "-v", f"{tmp_path}:/d:noexec,nosuid,nodev")
    )
    script = tmp_path / "s"
    script.write_text("#!/bin/sh\necho ran\n")
    script.chmod(0o755)
    assert shared.run("--rm", "-v", f"{tmp_path}:/d", "IMAGE", "/d/s").out == "ran"
    result = shared.run("--rm", "-v", f"{tmp_path}:/d:noexec", "IMAGE", "/d/s", check=False)
    assert result.code in (1, 126)
    for mode in ("z", "Z", "rprivate", "rslave", "rw"):
        assert shared.run("--rm", "-v", f"{tmp_path}:/d:{mode}", "IMAGE", "true").code == 0


@pytest.mark.parametrize(
    "value",
    [
        "v:/d:no-such-option",
        "v:relative",
        "v",
        ":/d",
        "v:",
        "/a:/b:/c:/d",
        "bad/name:/d",
        "v:/d:ro,rw",
        "/x:/",
    ],
)
# covers: run --volume
def test_volumes_that_cannot_be(shared: Pypod, value: str) -> None:
    assert shared.run("--rm", "-v", value, "IMAGE", "true", check=False).code == 125
    assert shared("volume", "ls", "-q").lines in ([], ["v"])


# covers: run --volume
def test_the_same_place_twice(shared: Pypod, tmp_path: Path) -> None:
    result = shared.run("--rm", "-v", f"{tmp_path}:/d", "--tmpfs", "/d", "IMAGE", "true", check=False)
    assert (result.code, "/d" in result.stderr) == (125, True)


# covers: run --volume
def test_parents_are_mounted_before_children(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("inner")
    options = ["-v", f"{tmp_path}:/a/b/c", "--tmpfs", "/a", "-v", "v:/a/b"]
    assert shared.run("--rm", *options, "IMAGE", "cat", "/a/b/c/f").out == "inner"


# covers: run --volume
def test_the_owner_that_the_user_asks_for(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    options = ["-u", "1000:1000", "-v", f"{tmp_path}:/d:U"]
    out = shared.run("--rm", *options, "IMAGE", "stat", "-c", "%u:%g", "/d", "/d/f").lines
    assert out == ["1000:1000", "1000:1000"]
    shared.run("--rm", "-v", f"{tmp_path}:/d:U", "IMAGE", "true")
    assert (tmp_path / "f").stat().st_uid == os.getuid()
    one = ["-u", "1000", "-v", f"{tmp_path / 'f'}:/f:U", "IMAGE", "stat", "-c", "%u", "/f"]
    assert shared.run("--rm", *one).out == "1000"
    shared.run("--rm", "-v", f"{tmp_path}:/d", "IMAGE", "rm", "/d/f")
    assert shared.run("--rm", "-u", "7", "-v", "v:/v:U", "IMAGE", "stat", "-c", "%u", "/v").out == "7"
    for precious in (Path.home(), Path.home().parent, "/"):
        assert shared.run("--rm", "-v", f"{precious}:/d:U", "IMAGE", "true", check=False).code == 125
    assert Path.home().stat().st_uid == os.getuid()


# Volumes


# covers: run --volume, volume ls
def test_a_volume_keeps_its_data(shared: Pypod) -> None:
    shared.run("--rm", "-v", "data:/d", "IMAGE", "sh", "-c", "echo kept > /d/f")
    assert shared.run("--rm", "-v", "data:/elsewhere", "IMAGE", "cat", "/elsewhere/f").out == "kept"
    assert shared("volume", "ls", "-q").lines == ["data"]


# covers: run --volume
def test_a_new_volume_is_filled_from_the_image(pypod: Pypod, tmp_path: Path) -> None:
    changes = [
        tars.folder("srv/app", 0o750, 1000),
        tars.file("srv/app/config", b"default", 0o640, 1000),
        tars.link("srv/app/link", "config"),
        tars.folder("srv/app/sub", 0o700, 33),
        tars.file("srv/app/sub/deep", b"x", 0o4755, 33),
    ]
    pypod("import", str(tars.variant(pypod.image_tar, tmp_path / "i.tar", changes)), "app")
    script = "cd /srv/app; stat -c '%a %u %n' . config sub sub/deep; readlink link; cat config"
    wanted = ["750 1000 .", "640 1000 config", "700 33 sub", "4755 33 sub/deep", "config", "default"]
    assert pypod("run", "--rm", "-v", "new:/srv/app", "app", "sh", "-c", script).lines == wanted
    pypod(
        "run",
        "--rm",
        "-v",
        "new:/srv/app",
        "app",
        "sh",
        "-c",
        "echo changed > /srv/app/config; rm /srv/app/link",
    )
    assert pypod("run", "--rm", "-v", "new:/srv/app", "app", "cat", "/srv/app/config").out == "changed"
    assert pypod("run", "--rm", "-v", "new:/srv/app", "app", "ls", "/srv/app").lines == ["config", "sub"]
    nothing = pypod("run", "--rm", "-v", "bare:/srv/app:nocopy", "app", "ls", "/srv/app")
    assert nothing.out == ""
    pypod("volume", "rm", "-af")


# covers: run --volume
def test_the_owner_of_a_new_volume(shared: Pypod) -> None:
    out = shared.run("--rm", "-u", "1000", "-v", "mine:/not-in-the-image", "IMAGE", "sh", "-c",
        "touch /not-in-the-image/x && stat -c %u /not-in-the-image").out  # fmt: skip
    assert out == "1000"
    out = shared.run("--rm", "-u", "1000", "-v", "tmp:/tmp", "IMAGE", "stat", "-c", "%u %a", "/tmp").out
    assert out == "0 1777"


# covers: run --volume, run --rm
def test_anonymous_volumes(shared: Pypod) -> None:
    shared.run("--name", "c", "-v", "/anonymous", "IMAGE", "touch", "/anonymous/x")
    name = shared("volume", "ls", "-q").out
    assert len(name) == 64
    assert shared.inspect("c")["Mounts"][0]["Name"] == name
    shared("start", "c")
    assert shared("volume", "ls", "-q").out == name
    shared("rm", "-v", "c")
    assert shared("volume", "ls", "-q").out == ""
    shared.run("--rm", "-v", "/anonymous", "IMAGE", "true")
    assert shared("volume", "ls", "-q").out == ""


# covers: run --image-volume
def test_volumes_of_the_image(pypod: Pypod) -> None:
    pypod("import", "--change", "VOLUME /data", str(pypod.image_tar), "with-volume")

    def kind(*options: str) -> str:
        script = ["cat", "/proc/self/mounts"]
        out = pypod("run", "--rm", *options, "with-volume", *script).lines
        return next((line.split()[2] for line in out if line.split()[1] == "/data"), "")

    assert kind() not in ("", "tmpfs")
    assert kind("--image-volume", "bind") not in ("", "tmpfs")
    assert kind("--image-volume", "tmpfs") == "tmpfs"
    assert kind("--image-volume", "ignore") == ""
    assert pypod("volume", "ls", "-q").out == ""


# covers: run --volumes-from
def test_volumes_of_another_container(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("bound")
    shared(
        "create", "--name", "first", "-v", "v:/v", "-v", f"{tmp_path}:/b", "-v", "/anon", shared.image, "true"
    )
    script = "echo x > /v/x; cat /b/f; touch /anon/y"
    assert shared.run("--rm", "--volumes-from", "first", "IMAGE", "sh", "-c", script).out == "bound"
    read_only = shared.run("--rm", "--volumes-from", "first:ro", "IMAGE", "touch", "/v/y", check=False)
    assert "Read-only" in read_only.stderr
    assert shared.run("--rm", "-v", "v:/w", "IMAGE", "cat", "/w/x").out == "x"
    assert len(shared("volume", "ls", "-q").lines) == 2  # --rm took nothing of the first one's
    assert shared.run("--volumes-from", "no-such-container", "IMAGE", "true", check=False).code == 125


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=1770", "tmpfs"),
        ("type=tmpfs,destination=/m,size=1m", "tmpfs"),
        ("type=volume,src=v,target=/m", ""),
        ("type=volume,dst=/m", ""),
        ("src=v,dst=/m,readonly", ""),
        ("type=devpts,dst=/m", "devpts"),
        ("type=devpts,dst=/m,uid=3,gid=4,mode=600,max=9", "devpts"),
        ("type=ramfs,dst=/m", "ramfs"),
    ],
)
# covers: run --mount
def test_mounts_in_the_long_form(shared: Pypod, value: str, kind: str) -> None:
    out = shared.run("--rm", "--mount", value, "IMAGE", "cat", "/proc/self/mounts").lines
    fields = next(line.split() for line in out if line.split()[1] == "/m")
    assert not kind or fields[2] == kind
    assert ("ro" in fields[3].split(",")) is ("readonly" in value)
    assert ("size=1024k" in fields[3]) is ("1m" in value)


@pytest.mark.parametrize(
    "value",
    [
        "type=bind,src=/tmp",
        "type=bind,dst=/x",
        "type=nothing,dst=/x",
        "dst",
        "type=tmpfs",
        "type=tmpfs,src=/a,dst=/b",
        "type=image,src=localhost/no-such:1,dst=/i",
        "type=volume,src=v,dst=/x,no-such-option=1",
        "",
    ],
)
# covers: run --mount
def test_mounts_that_cannot_be(shared: Pypod, value: str) -> None:
    assert shared.run("--rm", "--mount", value, "IMAGE", "true", check=False).code == 125


# tmpfs and read-only


# covers: run --tmpfs
def test_tmpfs(shared: Pypod) -> None:
    assert options_of(shared, "/t", "--tmpfs", "/t")[:3] == ["rw", "nosuid", "nodev"]
    found = options_of(shared, "/t", "--tmpfs", "/t:size=1m,mode=700,noexec,ro")
    assert {"ro", "noexec", "size=1024k", "mode=700"} <= set(found)
    script = "stat -c %a /t; dd if=/dev/zero of=/t/big bs=1k count=2000 2>&1 | grep -c 'No space'"
    assert shared.run("--rm", "--tmpfs", "/t:size=1m", "IMAGE", "sh", "-c", script, check=None).lines == [
        "1777",
        "1",
    ]
    for bad in ("relative", "/t:no-such-option", "/t:size=x", ""):
        assert shared.run("--rm", "--tmpfs", bad, "IMAGE", "true", check=False).code == 125


# covers: run --tmpfs
def test_a_tmpfs_has_what_the_image_has_there(shared: Pypod) -> None:
    assert "passwd" in shared.run("--rm", "--tmpfs", "/etc", "IMAGE", "ls", "/etc").lines
    assert shared.run("--rm", "--tmpfs", "/etc:notmpcopyup", "IMAGE", "ls", "/etc").lines != []
    assert "passwd" not in shared.run("--rm", "--tmpfs", "/etc:notmpcopyup", "IMAGE", "ls", "/etc").lines


# covers: run --read-only, run --read-only-tmpfs
def test_a_read_only_root(shared: Pypod) -> None:
    script = "for d in / /etc /usr /tmp /run /var/tmp /dev/shm /v; do touch $d/x 2>/dev/null && echo $d; done"
    words = ["IMAGE", "sh", "-c", script + "; true"]
    assert shared.run("--rm", "--read-only", "-v", "v:/v", *words).lines == [
        "/tmp",
        "/run",
        "/var/tmp",
        "/dev/shm",
        "/v",
    ]
    out = shared.run("--rm", "--read-only", "--read-only-tmpfs=false", *words).lines
    assert out in ([], ["/dev/shm"])
    assert shared.run("--rm", "--read-only", "IMAGE", "cat", "/etc/hostname").code == 0
    assert shared.run("--rm", "--read-only", "-w", "/made", "IMAGE", "pwd", check=None).code in (0, 125, 126)


# covers: run --shm-size
def test_the_size_of_shared_memory(shared: Pypod) -> None:
    assert "size=65536k" in options_of(shared, "/dev/shm")
    assert "size=2048k" in options_of(shared, "/dev/shm", "--shm-size", "2m")
    assert shared.run("--shm-size", "x", "IMAGE", "true", check=False).code == 125


# volume


# covers: volume create, volume inspect, volume ls, volume exists, volume rm
# covers: volume create --ignore, volume create --label, volume inspect --all, volume inspect --format
def test_the_life_of_a_volume(shared: Pypod) -> None:
    assert shared("volume", "create", "-l", "a=b", "--label", "c", "one").out == "one"
    made = shared("volume", "create").out
    assert len(made) == 64
    assert sorted(shared("volume", "ls", "-q").lines) == sorted(["one", made])
    shown = shared("volume", "inspect", "one").json()[0]
    assert (shown["Name"], shown["Driver"], shown["Labels"]) == ("one", "local", {"a": "b", "c": ""})
    assert stat.S_ISDIR(os.stat(shown["Mountpoint"]).st_mode)
    assert (
        shared("volume", "inspect", "-f", "{{.Name}} {{.Labels.a}} {{.UID}} {{.Scope}}", "one").out
        == "one b 0 local"
    )
    assert len(shared("volume", "inspect", "--all").json()) == 2
    assert shared("volume", "create", "one", check=False).code == 125
    assert shared("volume", "create", "--ignore", "one").out == "one"
    assert shared("volume", "rm", "one", made).lines == ["one", made]
    assert shared("volume", "inspect", "one", check=False).code == 125
    assert shared("volume", "rm", "--force", "one").code == 0
    for bad in ("a/b", "-x", ".x", "", "a b"):
        assert shared("volume", "create", "--", bad, check=None).code == (0 if bad == "" else 125)


# covers: volume create --uid, volume create --gid, volume create --driver, volume create --opt
def test_options_of_volume_create(shared: Pypod) -> None:
    shared("volume", "create", "--uid", "1000", "--gid", "33", "v")
    out = shared.run(
        "--rm", "-v", "v:/not-in-the-image", "IMAGE", "stat", "-c", "%u:%g", "/not-in-the-image"
    ).out
    assert out == "1000:33"
    assert shared("volume", "create", "-d", "local", "w").out == "w"
    assert shared("volume", "create", "-d", "nfs", "x", check=False).code == 125
    shared("volume", "create", "-o", "o=uid=7,gid=8,nocopy", "y")
    script = "stat -c %u:%g /etc; ls /etc/passwd || true"
    assert shared.run("--rm", "-v", "y:/etc", "IMAGE", "sh", "-c", script).lines == ["7:8"]
    for bad in (
        "type=tmpfs",
        "type=ext4",
        "o=size=1g",
        "o=noexec",
        "o=uid=-1",
        "o=bind",
        "device=/tmp",
        "colour=red",
        "type=",
    ):
        result = shared("volume", "create", "-o", bad, "z", check=False)
        assert (result.code, bool(result.stderr)) == (125, True), bad
    assert shared("volume", "exists", "z", check=None).code == 1


# covers: volume create --opt, volume inspect, volume export, volume rm
def test_a_volume_that_is_a_directory(shared: Pypod, tmp_path: Path) -> None:
    """Its files stay: when it is removed, when it is new to a container, and their owners with :U."""
    place = tmp_path / "data"
    options = ["--opt", "type=none", "--opt", "o=bind", "--opt", f"device={place}"]
    missing = shared("volume", "create", *options, "v", check=False)
    assert (missing.code, f"mkdir -p {place}" in missing.stderr) == (125, True)
    place.mkdir()
    shared("volume", "create", *options, "v")
    shared.run("--rm", "-v", "v:/etc", "IMAGE", "sh", "-c", "echo text >/etc/f")
    assert (place / "f").read_text() == "text\n"
    assert not (place / "passwd").exists()
    shown = shared("volume", "inspect", "v").json()[0]
    assert shown["Options"] == {"type": "none", "o": "bind", "device": str(place)}
    shared("volume", "export", "v", "-o", str(tmp_path / "v.tar"))
    with tarfile.open(tmp_path / "v.tar") as archive:
        assert {"f"} <= {name.removeprefix("./") for name in archive.getnames()}
    for words in (
        ["volume", "import", "v", str(tmp_path / "v.tar")],
        ["run", "--rm", "-v", "v:/d:U", shared.image, "true"],
    ):
        refused = shared(*words, check=False)
        assert (refused.code, str(place) in refused.stderr) == (125, True), (words, refused.stderr)
    place.rename(tmp_path / "moved")
    gone = shared.run("--rm", "-v", "v:/d", "IMAGE", "true", check=False)
    assert (gone.code, 'volume "v" are gone' in gone.stderr) == (125, True)
    (tmp_path / "moved").rename(place)
    shared("volume", "rm", "v")
    assert (place / "f").read_text() == "text\n"


# covers: volume ls --filter, volume ls --format, volume ls --noheading, volume ls --quiet
def test_lists_of_volumes(shared: Pypod) -> None:
    for name, label in (("one", "x"), ("two", "y")):
        shared("volume", "create", "-l", f"team={label}", name)
    shared("create", "-v", "two:/d", shared.image, "true")
    shared.run("--rm", "-v", "two:/d", "IMAGE", "true")
    assert shared("volume", "ls").lines == ["DRIVER      VOLUME NAME", "local       one", "local       two"]
    assert shared("volume", "ls", "--noheading").lines == ["local       one", "local       two"]
    assert shared("volume", "ls", "--format", "{{.Name}}:{{.Labels.team}}").lines == ["one:x", "two:y"]
    for text, wanted in (
        ("name=o", "one two"),
        ("label=team=y", "two"),
        ("label=team", "one two"),
        ("dangling=true", "one"),
        ("dangling=false", "two"),
        ("driver=local", "one two"),
        ("name=^t", "two"),
    ):
        assert shared("volume", "ls", "-q", "-f", text).out.split() == wanted.split(), text
    assert shared("volume", "ls", "-f", "nothing=1", check=False).code == 125
    assert [row["Name"] for row in shared("volume", "ls", "--format", "json").json()] == ["one", "two"]


# covers: volume rm --all, volume rm --force, volume rm --time
def test_removing_volumes(shared: Pypod) -> None:
    shared("volume", "create", "free")
    shared.detached("--name", "c", "-v", "used:/d")
    result = shared("volume", "rm", "used", "free", "missing", check=False)
    assert (result.code, result.lines) == (2, ["free"])
    assert shared("volume", "rm", "missing", "used", check=False).code == 1
    assert shared("volume", "rm", "--all", check=None).stdout == ""
    assert shared("volume", "rm", "-f", "-t", "0", "used").out == "used"
    assert shared("ps", "-aq").out == ""
