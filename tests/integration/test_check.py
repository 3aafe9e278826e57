"""`system check`: damage is found and named, what is whole is left alone, and repair removes the one only."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from tests.integration import archives, tars
from tests.support.engine import IMAGE, Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for entry, content in members:
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def store(pypod: Pypod, tmp_path: Path) -> Pypod:
    """An image whose layers have all that is hard to compare, besides the busybox image."""
    hard = tarfile.TarInfo("d/hard")
    hard.type, hard.linkname = tarfile.LNKTYPE, "d/file"
    fifo = tarfile.TarInfo("d/fifo")
    fifo.type = tarfile.FIFOTYPE
    lower = tar(
        tars.folder("d", 0o3755),
        tars.file("d/file", b"content", 0o4755, 7),
        (hard, b""),
        (fifo, b""),
        tars.link("d/link", "/etc/passwd"),
        tars.file("d/gone", b"x"),
        tars.file("bare/x", b"x"),
        tars.file("d/twice", b"first"),
        tars.file("d/twice", b"second"),
    )
    upper = tar(
        tars.file("d/.wh.gone", b""), tars.file("d/new/.wh..wh..opq", b""), tars.file("d/new/y", b"y")
    )
    archives.oci(tmp_path / "hard.tar", "registry.example/hard:1", [lower, upper], {"Cmd": ["sh"]})
    assert pypod.image
    pypod("load", "-q", "-i", str(tmp_path / "hard.tar"))
    (tmp_path / "hard.tar").rename(pypod.base / "hard.tar")
    return pypod


HARD = "registry.example/hard:1"


def layers(pypod: Pypod, image: str) -> list[str]:
    """The keys of an image's layers, base first."""
    with sqlite3.connect(pypod.graphroot / "state.db") as con:
        wanted = pypod("image", "inspect", "-f", "{{.Id}}", image).out
        (keys,) = con.execute("SELECT layers FROM images WHERE id = ?", (wanted,)).fetchone()
    return str(keys).split()


def inside(pypod: Pypod, script: str, *words: str) -> None:
    """Change files of the store as its root."""
    pypod("unshare", "sh", "-ec", script, *words)


def damaged(pypod: Pypod, *options: str) -> str:
    result = pypod("system", "check", *options, check=False)
    assert result.code == 125
    assert "damage detected in local storage" in result.stderr
    assert "pypod system check --repair" in result.stderr
    return result.stdout


# covers: system check, system check --quick
def test_what_is_whole(store: Pypod) -> None:
    store("create", "--network=none", IMAGE, "true")
    cid = store.run("--network=none", "-d", "IMAGE", "sh", "-c", "mkdir /a; echo x >/a/b; rm /bin/vi").out
    store("wait", cid)
    store("commit", "-q", cid, "made")
    store("rm", cid)
    for options in ([], ["--quick"], ["--repair"], ["-q", "-r", "-f", "-m", "0s"]):
        result = store("system", "check", *options)
        assert (result.stdout, result.stderr) == ("", ""), options
    assert store("run", "--rm", "--network=none", "made", "cat", "/a/b").out == "x"
    assert os.listdir(store.graphroot / "tmp") == []


CHANGES = {
    "content": (
        "printf CONTENT >d/file; chmod 4755 d/file; touch -d @0 d/file",
        "d/file",
        "its content differs",
    ),
    "mode": ("chmod 755 d/file", "d/file", "its mode is 755, not 4755"),
    "owner": ("chown 8:8 d/file; chmod 4755 d/file", "d/file", "its owner is 8:8, not 7:7"),
    "time": ("touch -h d/link", "d/link", "its time of change differs"),
    "missing": ("rm d/fifo; touch -d @0 d", "d/fifo", "it is missing"),
    "more": ("touch d/new; touch -d @0 d", "d/new", "it does not belong there"),
    "link": ("ln -sfn /etc/shadow d/link; touch -hd @0 d/link; touch -d @0 d", "d/link", "leads elsewhere"),
    "hard link": ("cp -p d/file x; mv x d/hard; touch -d @0 d", "d/hard", "its hard links differ"),
    "attribute": ("setfattr -n user.x -v 1 d/file", "d/file", "its extended attributes differ"),
    "kind": ("rm d/twice; mkfifo d/twice; touch -d @0 d", "d/twice", "of another kind"),
}


# covers: system check
@pytest.mark.parametrize("change", CHANGES)
def test_files_of_a_layer(store: Pypod, change: str) -> None:
    script, name, why = CHANGES[change]
    if "setfattr" in script:
        script = 'python3 -c \'import os; os.setxattr("d/file", "user.x", b"1")\''
    key = layers(store, HARD)[0]
    inside(store, f'cd "$0"; {script}', str(store.graphroot / "layers" / key / "diff"))
    out = damaged(store)
    assert f"Damaged layer {key}:\n" in out
    assert f'\t* "{name}": ' in out
    assert why in out
    assert out.count("Damaged layer") == 1
    image = store("image", "inspect", "-f", "{{.Id}}", HARD).out
    assert f"Damaged image {image}:\n\t* its layer {key} is damaged\n" in out
    assert store("system", "check", "--quick").stdout == ""


# covers: system check
def test_a_store_that_had_a_single_id(store: Pypod) -> None:
    """All files were the user's then: that is no damage, and other changes are still seen."""
    key = layers(store, HARD)[0]
    folder = store.graphroot / "layers" / key / "diff"
    inside(store, 'chown 0:0 "$0"/d/file; chmod 4755 "$0"/d/file', str(folder))
    assert "its owner is 0:0, not 7:7" in damaged(store)
    (store.graphroot / "single-id").touch()
    assert store("system", "check").stdout == ""
    inside(store, 'chmod 755 "$0"/d/file', str(folder))
    assert '"d/file": ' in damaged(store)


# covers: system check --repair
def test_no_room_is_no_damage(store: Pypod) -> None:
    script = 'mount -t tmpfs -o size=1m none "$0"/tmp; "$@"'
    words = [str(store.graphroot), *store.argv("system", "check", "--repair")]
    failed = store("unshare", "sh", "-ec", script, *words, check=False)
    assert (failed.code, failed.stdout) == (125, "")
    assert "there is no room for its" in failed.stderr
    assert "--quick" in failed.stderr
    assert len(store("images", "-q").lines) == 2
    assert store("system", "check").stdout == ""


# covers: system check --repair
def test_repair_says_what_brings_it_back(store: Pypod) -> None:
    keys = layers(store, HARD)
    image = store("image", "inspect", "-f", "{{.Id}}", HARD).out
    inside(store, 'echo x >"$0"/d/file', str(store.graphroot / "layers" / keys[0] / "diff"))
    repaired = store("system", "check", "--repair")
    assert repaired.lines[-3:] == [
        f"Deleted damaged image: {image}",
        f"Deleted damaged layer: {keys[0]}",
        f"To bring it back: pypod pull {HARD}",
    ]
    assert not any((store.graphroot / "layers" / key).exists() for key in keys)
    assert store("images", "-q").lines == store("images", "-q", IMAGE).lines
    assert store("system", "check").stdout == ""
    store("load", "-q", "-i", str(store.base / "hard.tar"))
    assert store("system", "check").stdout == ""


# covers: system check --quick
def test_archives_and_documents(store: Pypod) -> None:
    blobs = store.graphroot / "blobs" / "sha256"
    image = store("image", "inspect", "-f", "{{.Id}}", HARD).out
    archive = max((p for p in blobs.iterdir() if p.read_bytes()[:2] == b"\x1f\x8b"), key=lambda p: p.name)
    whole = archive.read_bytes()
    archive.write_bytes(gzip.compress(b"x")[: len(whole)].ljust(len(whole), b"x"))
    assert store("system", "check", "-q").out == ""
    assert f"the blob sha256:{archive.name[:12]} is damaged on the disk" in damaged(store)
    archive.write_bytes(whole[:-1])
    assert f"has {len(whole) - 1} bytes, not {len(whole)}" in damaged(store, "-q")
    archive.unlink()
    assert "cannot be read" in damaged(store, "-q")
    archive.write_bytes(whole)
    config = blobs / image
    config.write_bytes(config.read_bytes().replace(b"amd64", b"amd65"))
    out = damaged(store, "--quick")
    assert f"Damaged image {image}:\n\t* the blob sha256:{image[:12]} is damaged on the disk\n" in out
    assert "Damaged layer" not in out


# covers: system check
@pytest.mark.parametrize(
    "damage", ["no layer", "no meta", "bad meta", "other meta", "no files", "unfinished"]
)
def test_what_is_written_down_about_layers(store: Pypod, damage: str) -> None:
    key, other = layers(store, HARD)
    folder = store.graphroot / "layers" / key
    meta = folder / "meta.json"
    if damage == "no layer":
        inside(store, 'rm -r "$0"', str(folder))
    elif damage == "no meta":
        meta.unlink()
    elif damage == "bad meta":
        meta.write_text('{"schema": ')
    elif damage == "other meta":
        meta.write_text((store.graphroot / "layers" / other / "meta.json").read_text())
    elif damage == "no files":
        inside(store, 'rm -r "$0"', str(folder / "diff"))
    else:
        (folder / "incomplete").touch()
    for options in (["--quick"], []):
        assert f"Damaged layer {key}:" in damaged(store, *options)
    store("system", "check", "-qr")
    assert not folder.exists()
    assert store("images", "-q", "registry.example/hard").out == ""
    assert store("system", "check").out == ""


# covers: system check --force
def test_containers_of_damaged_images(pypod: Pypod) -> None:
    running = pypod.detached("--network=none")
    key = layers(pypod, pypod.image)[0]
    image = pypod("image", "inspect", "-f", "{{.Id}}", IMAGE).out
    inside(pypod, 'echo x >"$0"', str(pypod.graphroot / "layers" / key / "diff" / "etc" / "passwd"))
    kept = pypod("system", "check", "--repair", check=False)
    assert kept.code == 125
    assert "still present after repair attempt" in kept.stderr
    assert "pypod system check --force" in kept.stderr
    assert f"Damaged container {running}:\n\t* its image {image} is damaged" in kept.stdout
    assert "Deleted" not in kept.stdout
    assert pypod.state(running)["Running"]
    forced = pypod("system", "check", "--force").lines
    assert forced[-4:] == [
        f"Deleted damaged container: {running}",
        f"Deleted damaged image: {image}",
        f"Deleted damaged layer: {key}",
        f'To bring it back: "{IMAGE}" has no registry: load it again with "pypod load", or import it',
    ]
    assert pypod("ps", "-aq").out == ""
    pypod._image = ""
    assert pypod.run("--rm", "--network=none", "IMAGE", "echo", "x").out == "x"


# covers: system check --force
def test_containers_and_directories(pypod: Pypod) -> None:
    lost = pypod("create", pypod.image, "true").out
    stray = pypod.run("--network=none", "-d", "IMAGE", "true").out
    pypod("wait", stray)
    shutil.rmtree(pypod.graphroot / "containers" / lost)
    with sqlite3.connect(pypod.graphroot / "state.db") as con:
        con.execute("DELETE FROM containers WHERE id = ?", (stray,))
    out = damaged(pypod, "-q")
    assert f"Damaged container {lost}:\n\t* its directory is missing\n" in out
    assert f"Damaged container {stray}:\n\t* it has a directory with files" in out
    assert pypod("system", "check", "-q", "-r", check=False).code == 125
    assert (pypod.graphroot / "containers" / stray).exists()
    pypod("system", "check", "-q", "-r", "-f")
    assert os.listdir(pypod.graphroot / "containers") == []
    assert pypod("ps", "-aq").out == ""
    assert pypod("system", "check").out == ""


# covers: system check --max
def test_layers_that_nothing_refers_to(store: Pypod) -> None:
    keys = layers(store, HARD)
    with sqlite3.connect(store.graphroot / "state.db") as con:
        for table in ("image_names", "image_blobs", "images"):
            column = "id" if table == "images" else "image_id"
            image = store("image", "inspect", "-f", "{{.Id}}", IMAGE).out
            con.execute(f"DELETE FROM {table} WHERE {column} <> ?", (image,))
    assert store("system", "check").out == ""
    out = damaged(store, "--max", "0s")
    assert f"Damaged layer {keys[0]}:\n\t* no image and no container refers to it\n" in out
    assert out.count("Damaged blob sha256:") + out.count("Damaged blob ") == 4
    store("system", "check", "-r", "-m", "0")
    assert not any((store.graphroot / "layers" / key).exists() for key in keys)
    assert len(os.listdir(store.graphroot / "blobs" / "sha256")) == 3
    assert store("run", "--rm", "--network=none", IMAGE, "echo", "x").out == "x"
    bad = store("system", "check", "--max", "soon", check=False)
    assert bad.code == 125
    assert "soon" in bad.stderr


# covers: system check --repair
@pytest.mark.parametrize("point", ["check:after-containers", "check:after-images", "rmi:after-row"])
def test_a_repair_that_is_killed(store: Pypod, point: str) -> None:
    key = layers(store, HARD)[1]
    inside(store, 'echo x >"$0"/d/new/y', str(store.graphroot / "layers" / key / "diff"))
    assert store("system", "check", "-r", env={"PYPOD_FAILPOINT": point}, check=False).code == -9
    store("system", "check", "-r", "-m", "0s")
    assert store("system", "check", "-m", "0s").out == ""
    assert store("images", "-q", "registry.example/hard").out == ""
    store("load", "-q", "-i", str(store.base / "hard.tar"))
    assert store("system", "check").out == ""


# covers: system check
def test_what_others_do_meanwhile_is_no_damage(store: Pypod) -> None:
    clients = []
    for number in range(3):
        clients.append(store.start("run", "--rm", "--network=none", IMAGE, "true"))
        clients.append(store.start("import", "-q", str(store.image_tar), f"other:{number}"))
        clients.append(store.start("rmi", "-f", HARD) if number == 1 else store.start("ps", "-a"))
    while any(client.poll() is None for client in clients):
        for options in ([], ["-q"]):
            assert store("system", "check", *options).stdout == ""
    assert store("system", "check").stdout == ""


# covers: system check
def test_an_archive_that_lies_is_not_unpacked_elsewhere(store: Pypod) -> None:
    """A blob with another content has another digest: it is told and not even looked into."""
    evil = tar(tars.file("../../evil", b"x"))
    blobs = store.graphroot / "blobs" / "sha256"
    archive = next(p for p in blobs.iterdir() if p.read_bytes()[:2] == b"\x1f\x8b")
    size = archive.stat().st_size
    archive.write_bytes(evil[:size].ljust(size, b"\0"))
    out = damaged(store)
    assert "is damaged on the disk" in out
    assert not list(store.base.rglob("evil"))
