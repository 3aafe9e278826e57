"""Images without a registry: import, load, images, rmi, and what lies in archives of others."""

from __future__ import annotations

import gzip
import os
import re
import tarfile
from pathlib import Path

import pytest

from tests.integration import archives, raw, tars
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def base_layer(pypod: Pypod) -> bytes:
    return pypod.image_tar.read_bytes()


# import


# covers: import
def test_from_a_file_a_pipe_and_compressed(pypod: Pypod, tmp_path: Path) -> None:
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(gzip.compress(base_layer(pypod), 1))
    ids = {pypod("import", "-q", str(pypod.image_tar), "a").out}
    done = raw.run(pypod, "import", "-q", "-", "localhost/b:1", data=base_layer(pypod))
    ids.add(done.out.decode().strip())
    assert pypod("import", "-q", str(packed), "docker.io/library/c:2").out
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in ids)
    for name in ("a", "localhost/a", "b:1", "c:2", "docker.io/library/c:2"):
        assert pypod("run", "--rm", "--network", "none", name, "echo", "ok").out == "ok"
    names = pypod("images", "--format", "{{.Repository}}:{{.Tag}}").lines
    assert sorted(names) == ["docker.io/library/c:2", "localhost/a:latest", "localhost/b:1"]


# covers: import --change, import --message, import --arch, import --os, import --variant, import --quiet
def test_the_configuration_of_an_imported_image(pypod: Pypod) -> None:
    changes = [
        "CMD echo from cmd",
        "ENV A=1",
        "ENV B 2",
        "LABEL x=y",
        "EXPOSE 80/tcp",
        "USER 1000",
        "VOLUME /data",
        "WORKDIR /srv",
        "STOPSIGNAL SIGUSR1",
        "ONBUILD RUN x",
    ]
    words = [word for change in changes for word in ("-c", change)]
    pypod("import", *words, "-m", "a message", "--os", "linux", str(pypod.image_tar), "x")
    shown = pypod("image", "inspect", "x").json()[0]
    config = shown["Config"]
    assert config["Cmd"] == ["/bin/sh", "-c", "echo from cmd"]
    assert (config["Env"][-2:], config["Labels"], config["User"]) == (["A=1", "B=2"], {"x": "y"}, "1000")
    assert (list(config["Volumes"]), config["WorkingDir"], config["StopSignal"]) == (
        ["/data"],
        "/srv",
        "SIGUSR1",
    )
    assert shown["Comment"] == "a message"
    assert pypod("run", "--rm", "x").out == "from cmd"
    pypod("import", "--arch", "arm64", "--variant", "v8", str(pypod.image_tar), "other")
    assert pypod("image", "inspect", "-f", "{{.Architecture}}", "other").out == "arm64"
    for bad in ("NOTHING 1", "CMD", "WORKDIR"):
        assert pypod("import", "-c", bad, str(pypod.image_tar), "y", check=False).code == 125
    assert pypod("image", "exists", "y", check=False).code == 1


# covers: import, load
def test_files_that_are_no_archives(pypod: Pypod, tmp_path: Path) -> None:
    junk, empty, cut = (tmp_path / name for name in ("junk", "empty", "cut"))
    junk.write_bytes(b"no archive at all\n" * 1000)
    empty.write_bytes(b"")
    cut.write_bytes(base_layer(pypod)[:1000000])
    for file in (junk, cut, tmp_path / "missing", tmp_path):
        result = pypod("import", str(file), "x", check=False)
        assert (result.code, result.stderr.count("Error: ")) == (125, 1)
    for file in (junk, empty, cut, tmp_path / "missing", pypod.image_tar):
        result = pypod("load", "-i", str(file), check=False)
        assert (result.code, result.stderr.count("Error: ")) == (125, 1)
    assert pypod("images", "-q").out == ""
    assert pypod("import", str(pypod.image_tar), "BAD:name:x", check=False).code == 125
    assert pypod("load", "-i", check=False).code == 125


# covers: import
def test_hostile_archives_stay_inside(pypod: Pypod, tmp_path: Path) -> None:
    """Paths that climb, links out of the tree, and links to write through."""
    outside = tmp_path / "outside"
    outside.mkdir()
    up = "../" * 30 + str(outside).lstrip("/")
    hard = tarfile.TarInfo("hard")
    hard.type, hard.linkname = tarfile.LNKTYPE, str(outside / "target")
    (outside / "target").write_text("untouched")
    for entries in (
        [tars.file(f"{up}/climbed", b"x")],
        [tars.file(f"{outside}/absolute", b"x")],
        [tars.link("way", str(outside)), tars.file("way/through", b"x")],
        [tars.link("way", up), tars.file("way/through", b"x")],
        [(hard, b"")],
    ):
        file = tmp_path / "hostile.tar"
        file.write_bytes(archives.layer(entries))
        pypod("import", str(file), "hostile", check=None)
    assert [p.name for p in outside.iterdir()] == ["target"]
    assert (outside / "target").read_text() == "untouched"


# load


# covers: load, load --input, load --quiet
def test_an_archive_of_docker(pypod: Pypod, tmp_path: Path) -> None:
    top = archives.layer([tars.file("added", b"from the second layer"), tars.file("etc/.wh.group", b"")])
    layers = [base_layer(pypod), top]
    inner = {"Cmd": ["cat", "/added"], "Env": ["X=1"]}
    file = archives.docker(tmp_path / "d.tar", [(["example.com/app:1", "example.com/app:2"], layers, inner)])
    result = pypod("load", "-i", str(file))
    assert re.search("Loaded image: .*example.com/app:1", result.stdout)
    assert pypod("run", "--rm", "example.com/app:2").out == "from the second layer"
    listing = pypod("run", "--rm", "example.com/app:1", "sh", "-c", "ls /etc; echo $X").lines
    assert "passwd" in listing
    assert "group" not in listing
    assert listing[-1] == "1"
    assert len(pypod("images", "-q").lines) == 1
    assert len(pypod("images", "--noheading").lines) == 2
    again = raw.run(pypod, "load", "-q", data=gzip.compress(file.read_bytes(), 1))
    assert again.code == 0
    assert pypod("image", "inspect", "-f", "{{.Created}}", "example.com/app:1").out.startswith(
        "2024-02-03 04:05:06"
    )


# covers: load
def test_several_images_that_share_a_layer(pypod: Pypod, tmp_path: Path) -> None:
    layer = base_layer(pypod)
    images = [
        (["one:latest"], [layer], {"Cmd": ["echo", "one"]}),
        (["two:latest"], [layer, archives.layer([tars.file("two", b"2")])], {"Cmd": ["cat", "/two"]}),
        ([], [layer], {"Cmd": ["echo", "no name"]}),
    ]
    pypod("load", "-i", str(archives.docker(tmp_path / "d.tar", images)))
    assert pypod("run", "--rm", "one").out == "one"
    assert pypod("run", "--rm", "two").out == "2"
    nameless = pypod("images", "-q", "-f", "dangling=true").lines
    assert len(nameless) == 1
    assert pypod("run", "--rm", nameless[0]).out == "no name"
    assert len(list((pypod.graphroot / "layers").iterdir())) == 2


# covers: load
def test_archives_and_folders_of_oci(pypod: Pypod, tmp_path: Path) -> None:
    opaque = archives.layer(
        [tars.folder("usr"), tars.file("usr/.wh..wh..opq", b""), tars.file("new", b"new")]
    )
    files = archives.oci_files("example.com/oci:v1", [base_layer(pypod), opaque], {"Cmd": ["ls", "/usr"]})
    pypod("load", "-i", str(archives.write(tmp_path / "o.tar", files)))
    assert pypod("run", "--rm", "example.com/oci:v1").out == ""
    assert pypod("run", "--rm", "example.com/oci:v1", "cat", "/new").out == "new"
    pypod("rmi", "example.com/oci:v1")
    pypod("load", "-i", str(archives.oci_folder(tmp_path / "folder", files)))
    assert pypod("run", "--rm", "example.com/oci:v1", "cat", "/new").out == "new"


# covers: load
def test_archives_whose_content_was_changed(pypod: Pypod, tmp_path: Path) -> None:
    """Every blob is held against its digest."""
    files = archives.oci_files("x:1", [base_layer(pypod)], {})
    for number, name in enumerate(sorted(name for name in files if name.startswith("blobs/"))):
        data = bytearray(files[name])
        data[len(data) // 2] ^= 0xFF
        bad = archives.write(tmp_path / f"{number}.tar", {**files, name: bytes(data)})
        assert pypod("load", "-i", str(bad), check=False).code == 125
    assert pypod("images", "-q").out == ""
    assert pypod("load", "-i", str(archives.write(tmp_path / "good.tar", files))).code == 0


# images


# covers: images, images --quiet, images --noheading, images --no-trunc, images --digests, images --all
def test_the_list_of_images(shared: Pypod) -> None:
    lines = shared("images").lines
    assert re.split(r"\s{2,}", lines[0]) == ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]
    fields = re.split(r"\s{2,}", lines[1])
    assert fields[:2] == ["localhost/busybox", "latest"]
    assert re.fullmatch(r"[\d.]+ MB", fields[4])
    short = shared("images", "-q").out
    assert re.fullmatch("[0-9a-f]{12}", short)
    assert shared("images", "-q", "--no-trunc").out.startswith(f"sha256:{short}")
    assert shared("images", "--noheading").lines == lines[1:]
    assert "DIGEST" in shared("images", "--digests").lines[0]
    assert shared("images", "-a").stderr == ""
    for alias in (["image", "ls"], ["image", "list"]):
        assert shared(*alias, "-q").out == short
    assert shared("images", "localhost/busybox", "-q").out == short
    assert shared("images", "no-such-image").lines == ["REPOSITORY  TAG         IMAGE ID    CREATED     SIZE"]


# covers: images --filter, images --sort, images --format
def test_filters_order_and_templates(pypod: Pypod) -> None:
    pypod("import", "-c", "LABEL team=x", str(pypod.image_tar), "first:1")
    pypod("import", "-c", "LABEL team=y", str(pypod.image_tar), "second:2")
    pypod("import", str(pypod.image_tar))
    pypod("create", "second:2", "true")
    form = ["--format", "{{.Repository}}:{{.Tag}}"]
    for text, wanted in (
        ("label=team", {"localhost/second:2", "localhost/first:1"}),
        ("label=team=x", {"localhost/first:1"}),
        ("dangling=true", {"<none>:<none>"}),
        ("reference=fir*", {"localhost/first:1"}),
        ("containers=true", {"localhost/second:2"}),
        ("before=second:2", {"localhost/first:1"}),
        ("since=first:1", {"localhost/second:2", "<none>:<none>"}),
    ):
        assert set(pypod("images", "-f", text, *form).lines) == wanted, text
    for bad in ("nothing=1", "label", "dangling=maybe"):
        assert pypod("images", "-f", bad, check=False).code == 125
    assert pypod("images", "--sort", "repository", *form).lines[0] == "<none>:<none>"
    for key in ("created", "id", "size", "tag"):
        assert len(pypod("images", "--sort", key, *form).lines) == 3
    assert pypod("images", "--sort", "colour", check=False).code == 125
    rows = pypod("images", "--format", "json").json()
    assert {tuple(row.get("Names") or ()) for row in rows} == {
        ("localhost/first:1",),
        ("localhost/second:2",),
        (),
    }
    out = pypod("images", "first", "--format", "{{.ID}} {{.Size}} {{.CreatedSince}} {{.Digest}}").out
    assert re.fullmatch(r"[0-9a-f]{12} [\d.]+ MB .* sha256:[0-9a-f]{64}", out)
    assert pypod("images", "--format", "table {{.Tag}}\\t{{.ID}}").lines[0].split() == ["TAG", "IMAGE", "ID"]


# rmi


# covers: rmi, rmi --force, rmi --ignore, rmi --all, rmi --no-prune
def test_removing_images(pypod: Pypod) -> None:
    def add(name: str, *words: str) -> str:
        return pypod("import", "-q", *words, str(pypod.image_tar), name).out.removeprefix("sha256:")

    first = add("first", "-c", "ENV A=1")
    result = pypod("rmi", "first")
    assert result.lines == ["Untagged: localhost/first:latest", f"Deleted: {first}"]
    assert list((pypod.graphroot / "layers").iterdir()) == []
    used = add("used", "-c", "ENV A=2")
    free = add("free", "-c", "ENV A=3")
    pypod("create", "--name", "c", "used", "true")
    result = pypod("rmi", "used", "free", "missing", check=False)
    assert (result.code, f"Deleted: {free}" in result.lines) == (2, True)
    assert "in use" in result.stderr
    assert pypod("rmi", "missing", check=False).code == 1
    assert pypod("rmi", "-i", "missing").stdout == ""
    assert pypod("rmi", "-f", used[:12]).lines[-1] == f"Deleted: {used}"
    assert pypod("ps", "-aq").out == ""
    add("x", "-c", "ENV A=4")
    add("y", "-c", "ENV A=5")
    assert len(pypod("rmi", "-a").lines) == 4
    assert pypod("rmi", "-a").stdout == ""
    assert pypod("rmi", check=False).code == 125
    assert pypod("rmi", "-a", "x", check=False).code == 125
    assert pypod("image", "rm", "x", check=False).code == 1


# covers: rmi, run
def test_names_and_ids(pypod: Pypod) -> None:
    long = pypod("import", "-q", str(pypod.image_tar), "example.com:5000/team/app:v1").out.removeprefix(
        "sha256:"
    )
    for name in (long, long[:12], f"sha256:{long}", "example.com:5000/team/app:v1", "team/app:v1", "app:v1"):
        assert pypod("run", "--rm", "--network", "none", name, "echo", "ok", check=None).out == "ok", name
    assert pypod("image", "exists", "app", check=False).code == 1
    assert pypod("image", "exists", "example.com:5000/team/app", check=False).code == 1
    assert pypod("image", "exists", long[:3]).code == 0
    assert pypod("rmi", long).code == 0


# covers: rmi
def test_containers_outlive_a_removed_name(pypod: Pypod) -> None:
    """A name that goes to another image leaves the old one nameless, and what uses it works on."""
    assert pypod.image
    pypod("create", "--name", "c", pypod.image, "echo", "still works")
    pypod("import", "-c", "ENV NEW=1", str(pypod.image_tar), pypod.image)
    assert len(pypod("images", "-q").lines) == 2
    assert pypod("start", "-a", "c").out == "still works"
    assert pypod("ps", "-a", "--format", "{{.Names}}").out == "c"


# covers: images
def test_a_store_that_is_new(pypod: Pypod) -> None:
    assert pypod("images", "-q").out == ""
    assert pypod("images", "--format", "json").json() == []
    assert pypod("ps", "-a", "--format", "json").json() == []
    assert pypod("volume", "ls", "-q").out == ""


# covers: load
def test_a_full_disk_is_told_and_leaves_nothing(pypod: Pypod, tmp_path: Path) -> None:
    """The limit of a file's size stands for the disk: no half of an image is kept."""
    layer = archives.layer([tars.file("big", os.urandom(3 << 20))])
    file = archives.docker(tmp_path / "d.tar", [(["big:1"], [layer], {})])
    layers = sorted((pypod.graphroot / "layers").iterdir()) if pypod.image else []
    done = raw.shell(pypod, f'ulimit -f 1000; "$@" load -i {file}; echo code $?', timeout_s=60)
    assert b"code 125" in done.out, done
    assert len(pypod("images", "-q").lines) == 1
    assert sorted((pypod.graphroot / "layers").iterdir()) == layers
    assert pypod("load", "-i", str(file)).code == 0


@pytest.mark.parametrize(
    "manifest",
    [
        "[]",
        "{}",
        '"x"',
        '[{"Config": "../../etc/passwd", "RepoTags": [], "Layers": []}]',
        '[{"Layers": ["x"]}]',
        '[{"Config": "missing.json", "RepoTags": ["x:1"], "Layers": ["missing.tar"]}]',
        "[" * 100000,
        "no JSON",
    ],
    ids=lambda value: value[:20],
)
# covers: load
def test_manifests_that_make_no_sense(pypod: Pypod, tmp_path: Path, manifest: str) -> None:
    file = archives.write(tmp_path / "m.tar", {"manifest.json": manifest.encode()})
    result = pypod("load", "-i", str(file), check=False)
    assert (result.code, result.stderr.count("Error: ")) == (125, 1), str(result)
    assert pypod("images", "-q").out == ""


# covers: images --history
def test_names_that_an_image_had(pypod: Pypod) -> None:
    """The name that was given last comes first; what was taken away or has moved is told too."""
    pypod("import", str(pypod.image_tar), "first")
    pypod("tag", "first", "second", "other.io/x:1")
    pypod("untag", "first", "second")
    names = ["other.io/x:1", "localhost/second:latest", "localhost/first:latest"]
    pypod("import", "-c", "LABEL other=1", str(pypod.image_tar), "second")
    pypod("tag", "second", "first")  # moves
    table = pypod("images", "--history", "other.io/x").lines
    assert table[0].split()[-2:] == ["SIZE", "HISTORY"]
    assert table[1].endswith(" " + ", ".join(names))
    assert "HISTORY" not in pypod("images").out
    assert pypod("images", "--format", "{{.History}}", "other.io/x").out == ", ".join(names)
    (row,) = [row for row in pypod("images", "--format", "json").json() if row["Names"] == [names[0]]]
    assert row["History"] == names
    assert (
        pypod("image", "inspect", "other.io/x:1", "--format", "{{.NamesHistory}}").out
        == f"[{' '.join(names)}]"
    )
    pypod("untag", "other.io/x:1")
    pypod("tag", row["Id"], "second")
    (row,) = [r for r in pypod("images", "--format", "json").json() if r["Id"] == row["Id"]]
    assert row["History"] == [names[1], names[0], names[2]]
    image = row["Id"]
    pypod("rmi", "second")
    pypod("import", str(pypod.image_tar), "third")
    rows = {r["Id"]: r["History"] for r in pypod("images", "--format", "json").json()}
    assert rows.get(image, ["localhost/third:latest"]) == ["localhost/third:latest"]
