"""The quick question to a registry: only the plainest right answer counts, for what is here whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libpod.conf.registries import Registries
from libpod.image import access, meter, names, platform, pull, quick, store
from libpod.image import ref as refs
from libpod.state.db import open_db
from libpod.util.lock import Locks
from tests.support import images as make
from tests.support import registry as registries
from tests.support.registry import Answer, Fake, Routes
from tests.support.userns import Paths, as_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.image import ImageRecord

BASE = make.layer(("etc/", b""), ("etc/name", b"x"))


def _pulled(paths: Paths, server: Fake) -> str:
    ref, want = refs.parse(f"{server.host}/a/b:1"), platform.Platform()
    reach = access.Access(Registries(), {}, tls_verify=False)
    target = store.Store(paths, open_db(paths), Locks(paths.locks))
    with meter.Meter(None) as measured:
        return pull.bring(target, pull.fetch(reach, ref, want), ref, want, measured)["id"]


def _ask(paths: Paths, server: Fake, reference: str = "1", **environ: str) -> ImageRecord | None:
    [endpoint] = names.endpoints(Registries(), refs.parse(f"{server.host}/a/b:1"), False)
    return quick.unchanged(paths, open_db(paths), endpoint, reference, environ)


@as_root
def test_an_image_that_is_here_is_known_again(paths: Paths) -> None:
    layout = make.Oci()
    arm, amd = layout.image([BASE], architecture="arm64"), layout.image([BASE])
    for entry, arch in ((arm, "arm64"), (amd, platform.host()[1])):
        entry["platform"] = {"os": "linux", "architecture": arch}
    index = layout.index([arm, amd])
    for entry in (amd, index):
        routes = registries.image_routes("a/b", "1", layout, entry)
        with registries.fake(Path(paths.cache), routes) as server:
            image_id = _pulled(paths, server)
            found = _ask(paths, server)
            assert found is not None
            assert found["id"] == image_id
            assert "authorization" not in server.asked()[-1].headers
            assert _ask(paths, server, http_proxy="http://localhost:1") is None


@as_root
def test_an_image_that_is_not_whole_is_not_known(paths: Paths) -> None:
    layout = make.Oci()
    routes = registries.image_routes("a/b", "1", layout, layout.image([BASE]))
    with registries.fake(Path(paths.cache), routes) as server:
        _pulled(paths, server)
        for digest in layout.blobs:
            path = f"{paths.blobs}/sha256/{digest[7:]}"
            os.rename(path, path + ".away")
            assert _ask(paths, server) is None
            os.rename(path + ".away", path)
        [key] = os.listdir(paths.layers)
        os.rename(f"{paths.layers}/{key}", f"{paths.cache}/{key}")
        assert _ask(paths, server) is None


@as_root
def test_another_answer_than_the_plain_one_counts_for_nothing(paths: Paths) -> None:
    layout = make.Oci()
    entry = layout.image([BASE])
    right = registries.image_routes("a/b", "1", layout, entry)
    with registries.fake(Path(paths.cache), right) as server:
        _pulled(paths, server)
    plain = right["GET /v2/a/b/manifests/1"]
    assert isinstance(plain, Answer)
    answers = [
        plain._replace(status=401),
        plain._replace(status=307, headers={"Location": "/x"}),
        plain._replace(headers={"Content-Encoding": "gzip"}),
        plain._replace(headers={"Transfer-Encoding": "chunked"}),
        plain._replace(headers={"Content-Length": "-1"}),
        plain._replace(headers={"Content-Length": str(1 << 40)}),
        plain._replace(headers={"X": "y" * (40 << 10)}),
        plain._replace(cut=20),
        plain._replace(body=plain.body + b" "),
        Answer(body=b'{"manifests": 1}'),
        Answer(body=b""),
    ]
    for answer in answers:
        routes: Routes = {"*": answer}
        with registries.fake(Path(paths.cache), routes) as server:
            assert _ask(paths, server) is None, answer
    with registries.fake(Path(paths.cache), {"*": plain}) as server:
        assert _ask(paths, server) is not None
        assert _ask(paths, server, "sha256:" + "0" * 64) is None
    assert _ask(paths, server) is None  # nobody listens any more


@pytest.mark.parametrize(
    ("host", "expected"),
    [("h", ("h", 80)), ("h:5000", ("h", 5000)), ("[::1]:5", ("::1", 5)), ("[::1]", ("::1", 80))],
)
def test_addresses(host: str, expected: tuple[str, int]) -> None:
    assert quick._address(host) == expected
