"""A pull stores a whole image or nothing, whatever the registry sends; what is wrong is told in one line."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from libpod.conf.registries import Registries
from libpod.errors import ImageError, PypodError, RegistryError, StorageError
from libpod.image import access, meter, platform, pull, store
from libpod.image import ref as refs
from libpod.state import images
from libpod.state.db import open_db
from libpod.util.lock import Locks
from tests.support import images as make
from tests.support import registry as registries
from tests.support.messages import one_line
from tests.support.registry import Answer, Fake, Routes
from tests.support.userns import Paths, as_root

BASE = make.layer(("etc/", b""), ("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"))
TOP = make.layer(("data", os.urandom(200_000)))
Change = Callable[[Routes, make.Oci, dict[str, Any]], None]


def _access(server: Fake, **options: Any) -> access.Access:
    found = access.Access(
        Registries(), {"HOME": "/nonexistent"}, tls_verify=False, retry_delay_s=0.01, **options
    )
    assert server.port
    return found


def _pull(paths: Paths, server: Fake, want: platform.Platform | None = None, **options: Any) -> str:
    target = store.Store(paths, open_db(paths), Locks(paths.locks))
    ref = refs.parse(f"{server.host}/a/b:1")
    wanted = want or platform.Platform()
    fetched = pull.fetch(_access(server, **options), ref, wanted)
    with meter.Meter(None) as measured:
        return pull.bring(target, fetched, ref, wanted, measured)["id"]


def _image(change: Change | None = None, **members: Any) -> tuple[Routes, make.Oci]:
    layout = make.Oci()
    entry = layout.image([BASE, TOP], **members)
    routes = registries.image_routes("a/b", "1", layout, entry)
    if change is not None:
        change(routes, layout, entry)
    return routes, layout


def _nothing_is_left(paths: Paths) -> None:
    assert images.all_images(open_db(paths)) == []
    assert os.listdir(paths.layers) == []
    assert os.listdir(paths.tmp) == []


def _fails(paths: Paths, routes: Routes, kind: type[PypodError], text: str, **options: Any) -> None:
    with registries.fake(Path(paths.cache), routes) as server:
        with pytest.raises(kind) as caught:
            _pull(paths, server, **options)
    assert text in caught.value.message, caught.value.message
    one_line(caught.value)
    _nothing_is_left(paths)


def _biggest(layout: make.Oci) -> str:
    return max(layout.blobs, key=lambda digest: len(layout.blobs[digest]))


def _manifest(routes: Routes, **members: Any) -> None:
    """Serve another manifest under the tag."""
    old = routes["GET /v2/a/b/manifests/1"]
    assert isinstance(old, Answer)
    body = json.dumps({**json.loads(old.body), **members}).encode()
    routes["GET /v2/a/b/manifests/1"] = old._replace(body=body)


@as_root
def test_the_image_is_stored_with_its_name(paths: Paths) -> None:
    routes, _ = _image()
    with registries.fake(Path(paths.cache), routes) as server:
        image_id = _pull(paths, server)
        record = images.get(open_db(paths), image_id)
        assert record["names"] == [f"{server.host}/a/b:1"]
        assert len(os.listdir(paths.layers)) == 2


@as_root
def test_a_pull_that_is_killed_leaves_nothing_and_can_be_repeated(paths: Paths) -> None:
    routes, _ = _image()
    with registries.fake(Path(paths.cache), routes) as server:
        pid = os.fork()
        if pid == 0:
            os.environ["PYPOD_FAILPOINT"] = "pull:before-layers"
            try:
                _pull(paths, server)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        _nothing_is_left(paths)
        assert _pull(paths, server)


@as_root
def test_a_layer_that_is_kept_already_is_not_fetched(paths: Paths) -> None:
    routes, layout = _image()
    more = make.Oci()
    entry = more.image([TOP])
    routes.update(registries.image_routes("a/c", "1", more, entry))
    with registries.fake(Path(paths.cache), routes) as server:
        _pull(paths, server)
        target = store.Store(paths, open_db(paths), Locks(paths.locks))
        ref, want = refs.parse(f"{server.host}/a/c:1"), platform.Platform()
        fetched = pull.fetch(_access(server), ref, want)
        with meter.Meter(None) as measured:
            pull.bring(target, fetched, ref, want, measured)
        assert server.count("GET", _biggest(layout)) == 1


@as_root
def test_a_cut_connection_is_continued_where_it_ended(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    data = layout.blobs[digest]
    rest = Answer(206, data[70_000:], {"Content-Range": f"bytes 70000-{len(data) - 1}/{len(data)}"})
    routes[f"GET /v2/a/b/blobs/{digest}"] = [Answer(body=data, cut=70_000), rest]
    with registries.fake(Path(paths.cache), routes) as server:
        assert _pull(paths, server)
        ranges = [a.headers.get("range") for a in server.asked() if digest in a.path]
        assert ranges == [None, "bytes=70000-"]


@as_root
def test_a_registry_without_partial_answers_is_read_again(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    whole = Answer(body=layout.blobs[digest])
    routes[f"GET /v2/a/b/blobs/{digest}"] = [whole._replace(cut=50_000), whole._replace(cut=90_000), whole]
    with registries.fake(Path(paths.cache), routes) as server:
        assert _pull(paths, server)


@as_root
def test_failures_of_the_server_are_tried_again(paths: Paths) -> None:
    routes, layout = _image()
    key = f"GET /v2/a/b/blobs/{_biggest(layout)}"
    fine = routes[key]
    assert isinstance(fine, Answer)
    routes[key] = [Answer(503), Answer(429, headers={"Retry-After": "0"}), fine]
    with registries.fake(Path(paths.cache), routes) as server:
        assert _pull(paths, server)


@as_root
def test_a_connection_that_is_always_cut(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    routes[f"GET /v2/a/b/blobs/{digest}"] = Answer(body=layout.blobs[digest], cut=10)
    _fails(paths, routes, RegistryError, "was cut")


@as_root
def test_a_blob_with_another_digest(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    other = bytearray(layout.blobs[digest])
    other[len(other) // 2] ^= 1
    routes[f"GET /v2/a/b/blobs/{digest}"] = Answer(body=bytes(other))
    with registries.fake(Path(paths.cache), routes) as server:
        with pytest.raises(ImageError) as caught:
            _pull(paths, server)
    one_line(caught.value)
    _nothing_is_left(paths)


@as_root
def test_a_blob_that_is_longer_than_said(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    routes[f"GET /v2/a/b/blobs/{digest}"] = Answer(body=layout.blobs[digest] + bytes(300_000))
    _fails(paths, routes, ImageError, "has more than the")


@as_root
def test_a_blob_that_is_shorter_than_said(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    routes[f"GET /v2/a/b/blobs/{digest}"] = Answer(body=layout.blobs[digest][:-9])
    _fails(paths, routes, RegistryError, "bytes of")


@as_root
def test_a_manifest_with_another_digest(paths: Paths) -> None:
    routes, _ = _image()
    old = routes["GET /v2/a/b/manifests/1"]
    assert isinstance(old, Answer)
    routes["GET /v2/a/b/manifests/1"] = old._replace(
        headers={**old.headers, "Docker-Content-Digest": "sha256:" + "0" * 64}
    )
    _fails(paths, routes, ImageError, "does not have the digest")


@as_root
def test_a_configuration_with_another_digest(paths: Paths) -> None:
    routes, layout = _image()
    config = next(d for d, data in layout.blobs.items() if b"rootfs" in data)
    routes[f"GET /v2/a/b/blobs/{config}"] = Answer(body=layout.blobs[config].replace(b"amd64", b"arm64"))
    _fails(paths, routes, ImageError, "does not have that digest")


@as_root
def test_a_manifest_without_end(paths: Paths) -> None:
    routes, _ = _image()
    routes["GET /v2/a/b/manifests/1"] = Answer(body=b"{" + b" " * (5 << 20))
    _fails(paths, routes, RegistryError, "is longer than")


@as_root
def test_a_configuration_that_claims_to_be_huge(paths: Paths) -> None:
    routes, _ = _image()
    old = routes["GET /v2/a/b/manifests/1"]
    assert isinstance(old, Answer)
    config = json.loads(old.body)["config"]
    _manifest(routes, config={**config, "size": 1 << 40})
    _fails(paths, routes, ImageError, "is longer than")


@as_root
def test_schema_1_is_refused(paths: Paths) -> None:
    routes, _ = _image()
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    body = json.dumps({"schemaVersion": 1, "name": "a/b", "tag": "1", "fsLayers": []}).encode()
    routes["GET /v2/a/b/manifests/1"] = Answer(body=body, headers={"Content-Type": kind})
    _fails(paths, routes, ImageError, "schema 1")


@as_root
def test_unknown_media_types_are_refused(paths: Paths) -> None:
    routes, _ = _image()
    old = routes["GET /v2/a/b/manifests/1"]
    assert isinstance(old, Answer)
    one, two = json.loads(old.body)["layers"]
    _manifest(routes, layers=[one, {**two, "mediaType": "application/x\x1b[31m"}])
    _fails(paths, routes, ImageError, "unknown media type")
    routes["GET /v2/a/b/manifests/1"] = Answer(body=b"<html>", headers={"Content-Type": "text/html"})
    _fails(paths, routes, ImageError, "not JSON")
    _manifest_of_type = Answer(body=b'{"mediaType":"application/vnd.cncf.helm.config.v1+json"}')
    routes["GET /v2/a/b/manifests/1"] = _manifest_of_type
    _fails(paths, routes, ImageError, "is not that of an image manifest")


@as_root
def test_an_index_without_this_platform(paths: Paths) -> None:
    layout = make.Oci()
    entry = layout.image([BASE], architecture="s390x")
    entry["platform"] = {"os": "linux", "architecture": "s390x"}
    routes = registries.image_routes("a/b", "1", layout, layout.index([entry]))
    _fails(paths, routes, ImageError, "only for linux/s390x")


@as_root
def test_indexes_that_are_nested_for_ever(paths: Paths) -> None:
    layout = make.Oci()
    entry = layout.image([BASE])
    for _ in range(200):
        entry = layout.index([entry])
    routes = registries.image_routes("a/b", "1", layout, entry)
    with registries.fake(Path(paths.cache), routes) as server:
        with pytest.raises(ImageError, match="nested more than 8 deep"):
            _pull(paths, server)
        assert server.count("GET", "/manifests/") < 12
    _nothing_is_left(paths)


@as_root
def test_a_layer_that_inflates_for_ever(paths: Paths) -> None:
    layout = make.Oci()
    bomb = make.layer(("zeros", bytes(64 << 20)))
    entry = layout.image([bomb])
    routes = registries.image_routes("a/b", "1", layout, entry)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("libpod.image.unpack.room", lambda paths, size=0: 1 << 20)
        _fails(paths, routes, PypodError, "")


@as_root
def test_names_that_leave_the_root(paths: Paths) -> None:
    layout = make.Oci()
    entry = layout.image([make.layer(("../../../tmp/evil", b"x"))])
    routes = registries.image_routes("a/b", "1", layout, entry)
    _fails(paths, routes, ImageError, "../../../tmp/evil")
    assert not os.path.exists("/tmp/evil")


@as_root
def test_owners_beyond_the_range(paths: Paths) -> None:
    layout = make.Oci()
    entry = layout.image([make.layer(("etc/x", b"x"), uid=3_000_000)])
    routes = registries.image_routes("a/b", "1", layout, entry)
    if Path("/proc/self/uid_map").read_text().split()[2] != "4294967295":  # real root has every id
        _fails(paths, routes, PypodError, "3000000")


@as_root
def test_a_registry_that_always_wants_to_know_who_we_are(paths: Paths) -> None:
    realm = 'Basic realm="x"'
    routes: Routes = {"*": Answer(401, headers={"WWW-Authenticate": realm})}
    from libpod.image.auth import Credentials

    creds = Credentials("ann", "secret")
    _fails(paths, routes, RegistryError, "the credentials are not accepted", creds=creds)
    _fails(paths, routes, RegistryError, "wants to know who you are")


@as_root
def test_a_token_that_does_not_help(paths: Paths) -> None:
    def routes(port: int) -> Routes:
        challenge = f'Bearer realm="http://localhost:{port}/token",service="x"'
        return {
            "GET /token": Answer(body=b'{"token":"abc"}'),
            "*": Answer(401, headers={"WWW-Authenticate": challenge}),
        }

    with registries.fake(Path(paths.cache), routes) as server:
        with pytest.raises(RegistryError, match="not accepted"):
            _pull(paths, server)
        assert server.count("GET", "/token") == 1
        assert server.count("GET", "/manifests/") == 2


@as_root
def test_credentials_do_not_follow_a_redirect_elsewhere(paths: Paths) -> None:
    from libpod.image.auth import Credentials

    routes, layout = _image()
    digest = _biggest(layout)
    with registries.fake(Path(paths.cache), {"*": Answer(body=layout.blobs[digest])}) as storage:
        location = f"{storage.url}/stored?signature=1"
        routes[f"GET /v2/a/b/blobs/{digest}"] = Answer(307, headers={"Location": location})
        protected = _behind_basic(routes)
        with registries.fake(Path(paths.cache), protected) as server:
            assert _pull(paths, server, creds=Credentials("ann", "secret"))
            assert [a for a in storage.asked() if "authorization" in a.headers] == []
            assert [a for a in server.asked() if "authorization" in a.headers]
        assert storage.count("GET", "/stored") == 1


def _behind_basic(routes: Routes) -> Routes:
    def guard(answer: Any) -> Callable[[registries.Asked], Answer]:
        def check(asked: registries.Asked) -> Answer:
            if "authorization" not in asked.headers:
                return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            assert isinstance(answer, Answer)
            return answer

        return check

    return {key: guard(answer) for key, answer in routes.items()}


@as_root
def test_redirects_in_a_circle(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    routes[f"GET /v2/a/b/blobs/{digest}"] = Answer(302, headers={"Location": f"/v2/a/b/blobs/{digest}"})
    _fails(paths, routes, RegistryError, "redirects more than")


@as_root
def test_an_answer_that_nobody_asked_to_be_compressed(paths: Paths) -> None:
    routes, layout = _image()
    digest = _biggest(layout)
    body = gzip.compress(layout.blobs[digest])
    routes[f"GET /v2/a/b/blobs/{digest}"] = Answer(body=body, headers={"Content-Encoding": "gzip"})
    _fails(paths, routes, RegistryError, 'the coding "gzip"')


@as_root
def test_a_full_disk(paths: Paths) -> None:
    from libpod.kernel import mount, ns
    from libpod.kernel.const import CLONE_NEWNS

    ns.unshare(CLONE_NEWNS)
    mount.private_root()
    mount.mount("tmpfs", paths.tmp, "tmpfs", 0, "size=150k")
    routes, _ = _image()
    try:
        _fails(paths, routes, StorageError, "No space left")
    finally:
        mount.umount(paths.tmp)
