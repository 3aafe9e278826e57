"""`import` and `load` bring images in whole, from every kind of archive, or leave nothing."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from libpod import log
from libpod.conf import paths as conf_paths
from libpod.errors import ImageError, NotFoundError, PypodError, StorageError, UsageError
from libpod.image import blobs, manifest, store, unpack
from libpod.kernel import mount, ns
from libpod.kernel.const import CLONE_NEWNS
from libpod.state import images
from libpod.state.db import Db, open_db
from libpod.storage import gc, layers
from libpod.util.lock import Locks
from tests.support import images as make
from tests.support.messages import one_line
from tests.support.userns import Paths, as_root, tree

BASE = make.layer(("etc/", b""), ("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"), ("bin/sh", b"#!"))
TOP = make.layer(("etc/new", b"new"), ("etc/.wh.passwd", b""))


class Bench:
    """A store and what it says."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.db: Db = open_db(paths)
        self.lines: list[str] = []
        self.store = store.Store(paths, self.db, Locks(paths.locks), say=self.lines.append)

    def file(self, data: bytes, name: str = "archive") -> str:
        path = f"{self.paths.cache}/{name}"
        Path(path).write_bytes(data)
        return path

    def load(self, data: bytes | dict[str, bytes | str]) -> list[str]:
        source = self.file(data if isinstance(data, bytes) else make.tar(data))
        return [name for _, names in store.load(self.store, source) for name in names]

    def import_(self, data: bytes, name: str = "", **options: Any) -> str:
        path = self.file(data)
        fd = os.open(path, os.O_RDONLY)
        try:
            return store.import_tar(self.store, lambda count: os.read(fd, count), name, **options)["id"]
        finally:
            os.close(fd)

    def names(self) -> list[str]:
        return sorted(name for record in images.all_images(self.db) for name in record["names"])

    def content(self, name: str) -> list[dict[str, tuple[object, ...]]]:
        record, _ = images.find(self.db, name)
        return [tree(layers.diff_dir(self.paths, key)) for key in record["layers"]]

    def is_empty(self) -> None:
        """Nothing of an image is left anywhere."""
        assert images.all_images(self.db) == []
        assert layers.all_keys(self.paths) == []
        self.is_tidy()
        gc.collect_all(self.paths, self.db, self.store.locks)
        assert (
            not os.path.exists(f"{self.paths.blobs}/sha256") or os.listdir(f"{self.paths.blobs}/sha256") == []
        )

    def is_tidy(self) -> None:
        assert os.listdir(self.paths.tmp) == os.listdir(self.paths.trash) == []
        assert len(os.listdir("/proc/self/fd")) < 40


def refused(bench: Bench, data: bytes | dict[str, bytes | str]) -> str:
    with pytest.raises(PypodError) as caught:
        bench.load(data)
    assert isinstance(caught.value, (ImageError, StorageError))
    one_line(caught.value)
    bench.is_empty()
    return caught.value.message


# -- import -------------------------------------------------------------------------------------------------


@as_root
def test_an_imported_archive_is_an_image_of_one_layer(paths: Paths) -> None:
    bench = Bench(paths)
    before = time.time_ns()
    image_id = bench.import_(BASE, "web", change=['CMD ["/bin/sh"]', "ENV A=b"], message="hello")
    record = images.get(bench.db, image_id)
    assert record["names"] == ["localhost/web:latest"]
    assert record["config"]["cmd"] == ["/bin/sh"]
    assert record["config"]["env"] == ["A=b"]
    assert record["comment"] == "hello"
    assert record["diff_ids"] == [make.digest(BASE)]
    assert record["layers"] == [make.digest(BASE)[7:39]]
    assert before <= record["created_ns"] <= time.time_ns()
    assert bench.content("web")[0]["etc/passwd"][4] == b"root:x:0:0::/root:/bin/sh\n"
    config = blobs.read(paths, f"sha256:{image_id}")
    assert json.loads(config)["history"][0]["comment"] == "hello"
    view = manifest.parse_manifest(blobs.read(paths, record["manifest_digest"]))
    assert view["media_type"] == manifest.OCI_MANIFEST
    assert [(d["mediaType"], d["digest"], d["size"]) for d in view["layers"]] == [
        (manifest.OCI_LAYER, make.digest(BASE), len(BASE))
    ]
    assert Path(blobs.path(paths, make.digest(BASE))).read_bytes() == BASE
    assert record["size_bytes"] == len(BASE) + len(config) + blobs.size(paths, record["manifest_digest"])
    assert images.history(bench.db, image_id)[0]["created_by"] == (
        f"/bin/sh -c #(nop) ADD file:{make.digest(BASE)[7:]} in /"
    )
    bench.is_tidy()


@as_root
def test_every_compression_is_found_by_its_first_bytes(paths: Paths) -> None:
    from tests.unit.image.test_compress import zstd

    bench = Bench(paths)
    kept = {"gzip": "+gzip", "zstd": "+zstd", "bzip2": "", "xz": ""}
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "zstd": zstd,
        "bzip2": bz2.compress,
        "xz": lzma.compress,
    }
    for kind, pack in packers.items():
        data = pack(BASE)
        record = images.get(bench.db, bench.import_(data, kind))
        assert record["diff_ids"] == [make.digest(BASE)]
        (layer,) = manifest.parse_manifest(blobs.read(paths, record["manifest_digest"]))["layers"]
        assert layer["mediaType"] == manifest.OCI_LAYER + kept[kind]
        assert layer["digest"] == make.digest(data if kept[kind] else BASE)
        assert blobs.exists(paths, layer["digest"])
        assert blobs.size(paths, layer["digest"]) == layer["size"]
    assert len(layers.all_keys(paths)) == 1
    bench.is_tidy()


@as_root
def test_an_image_needs_no_name(paths: Paths) -> None:
    bench = Bench(paths)
    image_id = bench.import_(BASE)
    assert images.get(bench.db, image_id)["names"] == []
    assert images.lookup(bench.db, image_id[:12]) is not None


@as_root
def test_a_wrong_argument_is_refused_before_anything_is_read(paths: Paths) -> None:
    bench = Bench(paths)

    def read(count: int) -> bytes:
        raise AssertionError("it was read")

    with pytest.raises(ImageError, match="lowercase"):
        store.import_tar(bench.store, read, "Web")
    with pytest.raises(UsageError, match="invalid change"):
        store.import_tar(bench.store, read, "web", change=["FOO bar"])
    bench.is_empty()


@as_root
def test_a_platform_can_be_given(paths: Paths) -> None:
    bench = Bench(paths)
    image_id = bench.import_(BASE, architecture="arm64", os_name="linux", variant="v8")
    config = json.loads(blobs.read(paths, f"sha256:{image_id}"))
    assert (config["architecture"], config["os"], config["variant"]) == ("arm64", "linux", "v8")


@as_root
def test_a_bad_root_file_system_leaves_nothing(paths: Paths) -> None:
    bench = Bench(paths)
    cases = {
        b"": "is empty",
        bytes(10240): "is empty",
        b"hello world" * 1000: "not a tar archive",
        BASE[:700]: "cut off",
        gzip.compress(BASE)[:-20]: "cut off",
        gzip.compress(BASE) + b"garbage": "other data",
        make.layer(("../evil", b"x")): "points outside",
        make.layer(("ok", b"x"), ("bin/../../evil", b"x")): "points outside",
    }
    for data, words in cases.items():
        with pytest.raises(ImageError, match=words) as caught:
            bench.import_(data, "web")
        one_line(caught.value)
        bench.is_empty()


@as_root
def test_what_was_left_out_is_said(paths: Paths) -> None:
    bench = Bench(paths)
    said: list[str] = []
    log.warning = said.append  # type: ignore[assignment]
    bench.import_(make.layer(("f", b""), pax_headers={"SCHILY.xattr.system.odd": "y"}))
    assert said == ['the attribute system.odd of "f" was left out: it is not supported']
    many = [(f"dev{number}", b"") for number in range(30)]
    bench.import_(make.layer(*many, pax_headers={"SCHILY.xattr.system.odd": "y"}))
    assert len(said) == 1 + 20 + 1
    assert said[-1].startswith("10 more")


# -- load ---------------------------------------------------------------------------------------------------


@as_root
def test_a_docker_archive_is_loaded(paths: Paths) -> None:
    bench = Bench(paths)
    files = make.docker_files((["docker.io/library/web:1", "localhost/web:2"], [BASE, TOP]))
    assert bench.load(files) == ["docker.io/library/web:1", "localhost/web:2"]
    record, _ = images.find(bench.db, "web:2")
    assert f"sha256:{record['id']}" == make.digest(make.config([BASE, TOP]))
    base, top = bench.content("web:1")
    assert base["etc/passwd"][0] == "file"
    assert top["etc/passwd"][0] == "char"
    view = manifest.parse_manifest(blobs.read(paths, record["manifest_digest"]))
    assert view["media_type"] == manifest.DOCKER_MANIFEST
    assert [layer["digest"] for layer in view["layers"]] == [make.digest(BASE), make.digest(TOP)]
    assert record["size_bytes"] == len(BASE) + len(TOP) + view["config"]["size"] + blobs.size(
        paths, record["manifest_digest"]
    )
    assert record["config"]["labels"] == {"made": "for a test"}
    bench.is_tidy()


@as_root
def test_compressed_layers_of_a_docker_archive_are_kept_as_their_diff_ids_say(paths: Paths) -> None:
    bench = Bench(paths)
    plain = make.docker_files((["localhost/web:1"], [BASE, TOP]))
    packed = make.docker_files((["localhost/web:1"], [BASE, TOP]), compress=True)
    bench.load(packed)
    first = images.find(bench.db, "web:1")[0]
    bench.load(plain)
    assert images.find(bench.db, "web:1")[0] == first


@as_root
def test_names_without_a_domain_are_docker_names(paths: Paths) -> None:
    bench = Bench(paths)
    assert bench.load(make.docker_files((["web:1", "me/web:2"], [BASE]))) == [
        "docker.io/library/web:1",
        "docker.io/me/web:2",
    ]


@as_root
def test_several_images_of_one_archive_share_their_layers(paths: Paths) -> None:
    bench = Bench(paths)
    other = make.layer(("other", b"1"))
    files = make.docker_files(
        (["localhost/a:1"], [BASE, TOP]), (["localhost/b:1"], [BASE, other]), ([], [BASE])
    )
    assert bench.load(files) == ["localhost/a:1", "localhost/b:1"]
    assert len(images.all_images(bench.db)) == 3
    assert len(layers.all_keys(paths)) == 3


@as_root
def test_layers_that_are_links_to_each_other_are_found(paths: Paths) -> None:
    bench = Bench(paths)
    files = make.docker_files((["localhost/web:1"], [BASE]))
    listed = json.loads(files["manifest.json"])
    listed[0]["Layers"] = ["old/layer.tar"]
    files["old/layer.tar"] = f"../{make.digest(BASE)[7:]}/layer.tar"
    files["manifest.json"] = json.dumps(listed).encode()
    assert bench.load(files) == ["localhost/web:1"]


@as_root
def test_an_oci_archive_keeps_every_byte(paths: Paths) -> None:
    bench = Bench(paths)
    oci = make.Oci()
    entry = oci.image([BASE, TOP], "quay.io/x/web:1")
    assert bench.load(oci.files()) == ["quay.io/x/web:1"]
    record, _ = images.find(bench.db, "quay.io/x/web:1")
    assert record["manifest_digest"] == entry["digest"]
    for name, data in oci.blobs.items():
        assert Path(blobs.path(paths, name)).read_bytes() == data
    assert bench.content("quay.io/x/web:1")[1]["etc/new"][4] == b"new"


@as_root
def test_directories_are_loaded_too(paths: Paths) -> None:
    bench = Bench(paths)
    oci = make.Oci()
    oci.entries.append(oci.image([BASE]))
    folder = make.write_files(f"{paths.cache}/My-Dir", oci.files())
    ((record, names),) = store.load(bench.store, folder)
    assert names == ["localhost/my-dir:latest"]
    view = json.loads(oci.blobs[oci.entries[0]["digest"]])
    files: dict[str, bytes | str] = {
        "manifest.json": oci.blobs[oci.entries[0]["digest"]],
        "version": b"Directory",
    }
    files |= {d["digest"][7:]: oci.blobs[d["digest"]] for d in [view["config"], *view["layers"]]}
    ((again, names),) = store.load(bench.store, make.write_files(f"{paths.cache}/docker-dir", files))
    assert (again["id"], names) == (record["id"], [])
    bench.is_tidy()


@as_root
def test_an_archive_may_come_compressed_and_through_a_pipe(paths: Paths) -> None:
    bench = Bench(paths)
    data = make.tar(make.docker_files((["localhost/web:1"], [BASE])))
    for number, packed in enumerate((gzip.compress(data), lzma.compress(data), data)):
        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_fd)
            while packed:
                packed = packed[os.write(write_fd, packed) :]
            os._exit(0)
        os.close(write_fd)
        assert [n for _, n in store.load(bench.store, read_fd)] == [["localhost/web:1"]], number
        os.close(read_fd)
        os.waitpid(pid, 0)
    assert bench.load(gzip.compress(data)) == ["localhost/web:1"]
    bench.is_tidy()


@as_root
def test_the_image_for_this_machine_is_taken_from_an_index(paths: Paths) -> None:
    bench = Bench(paths)
    oci = make.Oci()
    other = oci.image([make.layer(("other", b""))], architecture="sparc")
    mine = oci.image([BASE])
    noise = oci.image([make.layer(("attestation", b""))])
    index = oci.index(
        [
            {**other, "platform": {"os": "linux", "architecture": "sparc"}},
            {**noise, "platform": {"os": "unknown", "architecture": "unknown"}},
            {**mine, "platform": {"os": "linux", "architecture": "amd64"}},
            {**mine, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        ]
    )
    oci.entries.append({**index, "annotations": {"io.containerd.image.name": "docker.io/library/multi:1"}})
    assert bench.load(oci.files()) == ["docker.io/library/multi:1"]
    assert bench.content("multi:1")[0]["bin/sh"]


@as_root
def test_a_name_moves_to_the_image_that_was_loaded_last(paths: Paths) -> None:
    bench = Bench(paths)
    bench.load(make.docker_files((["localhost/web:1"], [BASE])))
    bench.load(make.docker_files((["localhost/web:1"], [TOP])))
    assert bench.names() == ["localhost/web:1"]
    assert sorted(len(r["names"]) for r in images.all_images(bench.db)) == [0, 1]


@as_root
def test_a_layer_whose_archive_or_files_are_lost_is_brought_again(paths: Paths) -> None:
    bench = Bench(paths)
    files = make.docker_files((["localhost/web:1"], [BASE, TOP]))
    bench.load(files)
    os.unlink(blobs.path(paths, make.digest(BASE)))
    layers.delete(paths, layers.all_keys(paths)[0])
    bench.load(files)
    assert len(bench.content("web:1")) == 2
    assert blobs.exists(paths, make.digest(BASE))
    bench.is_tidy()


@as_root
def test_directories_without_a_member_keep_the_mode_of_the_layer_below(paths: Paths) -> None:
    bench = Bench(paths)
    base = make.layer(("./", b""), ("tmp/", b""), mode=0o1777, uid=3)
    bench.load(
        make.docker_files(
            (["localhost/web:1"], [base, make.layer(("tmp/file", b"")), make.layer(("tmp/f2", b""))])
        )
    )
    for content in bench.content("web:1"):
        assert content["tmp"][:3] == ("dir", 0o1777, 3)
    for key in images.find(bench.db, "web:1")[0]["layers"]:
        there = os.stat(layers.diff_dir(paths, key))
        assert (there.st_mode & 0o7777, there.st_uid) == (0o1777, 3)


def oci_with(change: Callable[[make.Oci], None]) -> dict[str, bytes | str]:
    oci = make.Oci()
    oci.image([BASE], "localhost/web:1")
    change(oci)
    return oci.files()


def replace_blob(of: str) -> Callable[[make.Oci], None]:
    """Put other bytes in the place of a blob: they do not have its digest."""

    def change(oci: make.Oci) -> None:
        view = json.loads(oci.blobs[oci.entries[0]["digest"]])
        name = {"manifest": oci.entries[0], "config": view["config"], "layer": view["layers"][0]}[of][
            "digest"
        ]
        data = bytearray(oci.blobs[name])
        at = data.index(b"a") if of != "layer" else 4  # the time in the header of gzip
        data[at] ^= 1
        oci.blobs[name] = bytes(data)

    return change


def drop_blob(of: str) -> Callable[[make.Oci], None]:
    def change(oci: make.Oci) -> None:
        view = json.loads(oci.blobs[oci.entries[0]["digest"]])
        del oci.blobs[{"config": view["config"], "layer": view["layers"][0]}[of]["digest"]]

    return change


def new_manifest(**members: Any) -> Callable[[make.Oci], None]:
    def change(oci: make.Oci) -> None:
        view = json.loads(oci.blobs[oci.entries[0]["digest"]])
        for key, value in members.items():
            view[key] = value(view) if callable(value) else value
        entry = oci.put(json.dumps(view).encode(), view["mediaType"])
        oci.entries = [{**oci.entries[0], **entry}]

    return change


def nested(depth: int) -> Callable[[make.Oci], None]:
    def change(oci: make.Oci) -> None:
        inner = {**oci.entries[0], "platform": {"os": "linux", "architecture": "amd64"}}
        del inner["annotations"]
        for _ in range(depth):
            inner = oci.index([inner])
        oci.entries = [{**inner, "annotations": {"org.opencontainers.image.ref.name": "localhost/web:1"}}]

    return change


def wrong_platform(oci: make.Oci) -> None:
    index = oci.index([{**oci.image([BASE]), "platform": {"os": "linux", "architecture": "s390y"}}])
    oci.entries = [{**index, "annotations": {"org.opencontainers.image.ref.name": "localhost/web:1"}}]


def swapped_diff_id(oci: make.Oci) -> None:
    document = make.config([TOP])
    descriptor = oci.put(document, f"{make.OCI}.config.v1+json")
    new_manifest(config=descriptor)(oci)


def first_layer(**members: Any) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    return lambda view: [{**view["layers"][0], **members}]


DAMAGED: dict[str, tuple[Callable[[], bytes | dict[str, bytes | str]], str]] = {
    "nothing": (lambda: b"", "not an image archive"),
    "text": (lambda: b"hello" * 500, "not a tar archive"),
    "a root file system": (lambda: BASE, "pypod import"),
    "cut": (lambda: make.tar(make.docker_files((["localhost/w:1"], [BASE])))[:3000], "cut off"),
    "cut gzip": (
        lambda: gzip.compress(make.tar(make.docker_files((["localhost/w:1"], [BASE]))))[:-9],
        "cut off",
    ),
    "manifest digest": (lambda: oci_with(replace_blob("manifest")), "does not have that digest"),
    "config digest": (lambda: oci_with(replace_blob("config")), "does not have that digest"),
    "layer digest": (lambda: oci_with(replace_blob("layer")), "does not have that digest"),
    "no config": (lambda: oci_with(drop_blob("config")), "the archive has no"),
    "no layer": (lambda: oci_with(drop_blob("layer")), "the archive has no"),
    "layer size": (lambda: oci_with(new_manifest(layers=first_layer(size=5))), "bytes, not 5"),
    "diff id": (lambda: oci_with(swapped_diff_id), "and the configuration says"),
    "layer type": (
        lambda: oci_with(new_manifest(layers=first_layer(mediaType="text/plain"))),
        '"text/plain"',
    ),
    "layer count": (
        lambda: oci_with(new_manifest(layers=[])),
        "0 layers in the manifest, 1 in the configuration",
    ),
    "digest outside": (
        lambda: oci_with(new_manifest(layers=first_layer(digest="sha256:../../etc/passwd"))),
        "not a sha256 digest",
    ),
    "schema 1": (lambda: oci_with(new_manifest(schemaVersion=1)), "schema 1"),
    "no platform": (lambda: oci_with(wrong_platform), "only for linux/s390y"),
    "deep index": (lambda: oci_with(nested(200)), "nested more than"),
    "config is no JSON": (
        lambda: (
            make.docker_files((["localhost/w:1"], [BASE])) | {"manifest.json": b'[{"Config":"x"}]', "x": b"{"}
        ),
        "not JSON",
    ),
    "manifest is no list": (lambda: {"manifest.json": b'"x"'}, "not a list"),
    "manifest is empty": (lambda: {"manifest.json": b"[]"}, "has no image"),
    "config outside": (lambda: {"manifest.json": b'[{"Config":"../../etc/passwd","Layers":[]}]'}, "has no"),
    "layer outside": (
        lambda: (
            make.docker_files((["localhost/w:1"], [BASE]))
            | {
                "manifest.json": json.dumps(
                    [{"Config": "c", "RepoTags": [], "Layers": ["/etc/passwd"]}]
                ).encode(),
                "c": make.config([BASE]),
            }
        ),
        "has no",
    ),
    "name outside": (lambda: make.docker_files((["../../evil:1"], [BASE])), "invalid reference"),
    "name with a line": (lambda: make.docker_files((["a\nb:1"], [BASE])), "invalid reference"),
    "member outside": (
        lambda: make.docker_files((["localhost/w:1"], [BASE, make.layer(("../x", b""))])),
        "outside",
    ),
    "second image": (
        lambda: make.docker_files(
            (["localhost/a:1"], [BASE]), (["localhost/b:1"], [make.layer(("../x", b""))])
        ),
        "points outside",
    ),
    "docker diff id": (
        lambda: make.docker_files((["localhost/w:1"], [BASE]), rootfs={"diff_ids": [make.digest(TOP)]}),
        "and the configuration says",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_bad_archive_says_why_and_leaves_nothing(case: str) -> None:
    @as_root
    def check(paths: Paths) -> None:
        archive, words = DAMAGED[case]
        message = refused(Bench(paths), archive())
        assert words in message or case == "a root file system"

    check()


@as_root
def test_a_deep_but_possible_index_is_loaded(paths: Paths) -> None:
    assert Bench(paths).load(oci_with(nested(5))) == ["localhost/web:1"]


@as_root
def test_a_missing_file_is_not_found(paths: Paths) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        store.load(Bench(paths).store, "/nowhere/archive.tar")


@as_root
def test_an_archive_that_inflates_for_ever_stops_at_the_free_space(paths: Paths) -> None:
    bench = Bench(paths)
    bomb = gzip.compress(BASE + bytes(30 << 20))
    room = unpack.room
    unpack.room = lambda _paths: 10 << 20  # type: ignore[assignment]
    try:
        with pytest.raises(ImageError, match="free on the disk"):
            bench.import_(bomb)
    finally:
        unpack.room = room
    bench.is_empty()


@as_root
def test_a_full_disk_is_said_and_leaves_nothing(paths: Paths) -> None:
    ns.unshare(CLONE_NEWNS)
    mount.private_root()
    small = Paths(f"{paths.tmp}/small", paths.runroot)
    os.mkdir(small.graphroot)
    mount.mount("tmpfs", small.graphroot, "tmpfs", 0, "size=3m")
    conf_paths.ensure(small)
    source = f"{paths.cache}/source"
    for files in ([("f", os.urandom(2 << 20))], [(f"f{n}", b"x" * 900) for n in range(1200)]):
        bench = Bench(small)
        data = make.layer(*files)  # fits once, and not a second time as files
        Path(source).write_bytes(make.tar(make.docker_files((["localhost/w:1"], [data]))))
        with pytest.raises(StorageError, match=r"[Nn]o space left") as caught:
            store.load(bench.store, source)
        one_line(caught.value)
        assert "--root" in caught.value.remedy
        bench.is_empty()
        bench.db.close()
    mount.umount(small.graphroot)


@as_root
def test_a_process_killed_at_any_point_leaves_a_store_that_works(paths: Paths) -> None:
    points: list[str] = []
    for module in (store, layers, blobs):
        points += re.findall(r'failpoint\.hit\("([^"]+)"\)', Path(str(module.__file__)).read_text())
    files = make.docker_files((["localhost/web:1"], [BASE, TOP]), (["localhost/b:1"], [BASE]))
    archive = make.tar(files)
    for point in sorted(set(points)):
        pid = os.fork()
        if pid == 0:
            os.environ["PYPOD_FAILPOINT"] = point
            try:
                bench = Bench(paths)
                if point.startswith("import"):
                    bench.import_(BASE, "web")
                else:
                    bench.load(archive)
            finally:
                os._exit(1)
        assert os.WIFSIGNALED(os.waitpid(pid, 0)[1]), f"{point} was not reached"
        bench = Bench(paths)
        for record in images.all_images(bench.db):
            assert point.endswith("after-row")
            for key in record["layers"]:
                assert layers.exists(paths, key)
        bench.load(archive)
        assert {"localhost/web:1", "localhost/b:1"} <= set(bench.names())
        for name in bench.names():
            assert all(bench.content(name))
        for record in images.all_images(bench.db):
            images.delete(bench.db, record["id"])
        for name in os.listdir(paths.tmp):
            os.utime(f"{paths.tmp}/{name}", (0, 0))
        gc.collect_all(paths, bench.db, bench.store.locks)
        bench.is_empty()
        bench.db.close()


@as_root
def test_loading_while_others_remove_never_leaves_an_image_without_layers(paths: Paths) -> None:
    archive = Bench(paths).file(make.tar(make.docker_files((["localhost/web:1"], [BASE, TOP]))))
    deadline = time.monotonic() + 2.0
    pids = []
    for role in ("load", "load", "remove", "remove"):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                bench = Bench(paths)
                while time.monotonic() < deadline:
                    if role == "load":
                        store.load(bench.store, archive)
                        continue
                    for record in images.all_images(bench.db):
                        try:
                            _, digests = images.delete(bench.db, record["id"])
                        except NotFoundError:
                            continue
                        gc.collect(paths, bench.db, bench.store.locks, record["layers"], digests)
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(code)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    bench = Bench(paths)
    for record in images.all_images(bench.db):
        assert all(layers.exists(paths, key) for key in record["layers"])
        assert blobs.exists(paths, record["manifest_digest"])
