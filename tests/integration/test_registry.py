"""Images from a real registry and back, with skopeo as the other side."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import images as make
from tests.support import registry as registries
from tests.support.engine import Pypod, Result
from tests.support.registry import PASSWORD, USER, Registry

pytestmark = pytest.mark.needs("docker-registry", "htpasswd", "skopeo", "newuidmap")

PLAIN = "--tls-verify=false"
BASE = make.layer(("etc/", b""), ("etc/name", b"base"), ("bin/", b""))
TOP = make.layer(("etc/name", b"top"), ("data", os.urandom(300_000)))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that speaks HTTP."""
    with registries.registry(tmp_path_factory.mktemp("plain")) as server:
        yield server


@pytest.fixture(autouse=True)
def own_files(pypod: Pypod, tmp_path: Path) -> None:
    """Credentials and configuration of the test's own."""
    home = tmp_path / "home"
    (home / ".config" / "containers").mkdir(parents=True)
    pypod.env.update({"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")})
    pypod.env["XDG_RUNTIME_DIR"] = str(_private(tmp_path / "runtime"))


def _private(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def skopeo(*words: str) -> str:
    done = subprocess.run(["skopeo", *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def put(
    folder: Path, server: Registry, name: str, *, docker: bool = False, layers: list[bytes] | None = None
) -> str:
    """Put an image into a registry; returns the digest of its manifest there."""
    layout = make.Oci()
    layout.image(layers or [BASE, TOP], "x")
    source = make.write_files(
        str(folder / f"layout-{name.replace('/', '-').replace(':', '-')}"), layout.files()
    )
    words = ["--format", "v2s2"] if docker else []
    skopeo(
        "copy", "-q", "--dest-tls-verify=false", *words, f"oci:{source}:x", f"docker://{server.name(name)}"
    )
    return digest(server, name)


def digest(server: Registry, name: str) -> str:
    text = skopeo("inspect", PLAIN, "--raw", f"docker://{server.name(name)}")
    return make.digest(text.encode())


# covers: pull, pull --quiet, pull --tls-verify, images --digests
@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_pull_brings_the_image_with_its_digest(
    pypod: Pypod, plain: Registry, tmp_path: Path, docker: bool
) -> None:
    name = plain.name(f"a/pull{int(docker)}:1")
    there = put(tmp_path, plain, f"a/pull{int(docker)}:1", docker=docker)
    done = pypod("pull", PLAIN, name)
    assert pypod.inspect(name)["Id"] == done.out
    assert pypod.inspect(name)["Digest"] == there
    words = [line.split()[0] for line in done.stderr.splitlines()]
    assert words == ["Trying", "Getting", "Copying", "Copying", "Copying", "Writing", "Storing"]
    assert done.stderr.startswith(f"Trying to pull {name}...\n")
    assert pypod("pull", "-q", PLAIN, name).stderr == ""


def test_a_second_pull_reads_the_manifest_only(pypod: Pypod, tmp_path: Path) -> None:
    layout = make.Oci()
    entry = layout.image([BASE])
    with registries.fake(tmp_path, registries.image_routes("a/b", "1", layout, entry)) as server:
        pypod("pull", PLAIN, f"{server.host}/a/b:1")
        before = server.count("GET", "/a/b/")
        done = pypod("pull", PLAIN, f"{server.host}/a/b:1")
        assert server.count("GET", "/a/b/") == before + 1
        assert "Copying" not in done.stderr


# covers: push, push --digestfile, push --quiet, push --format
def test_push_sends_what_is_missing_and_keeps_the_digest(
    pypod: Pypod, plain: Registry, tmp_path: Path
) -> None:
    there = put(tmp_path, plain, "a/push:1")
    pypod("pull", "-q", PLAIN, plain.name("a/push:1"))
    file = tmp_path / "digest"
    done = pypod("push", PLAIN, "--digestfile", str(file), plain.name("a/push:1"), plain.name("b/pushed:2"))
    assert file.read_text() == there == digest(plain, "b/pushed:2")
    assert "Writing manifest to image destination" in done.stderr
    assert pypod("push", "-q", PLAIN, plain.name("a/push:1"), plain.name("b/pushed:3")).stderr == ""
    # an image made here
    pypod("import", "-q", str(pypod.image_tar), plain.name("b/imported:1"))
    pypod("push", "-q", PLAIN, plain.name("b/imported:1"))
    assert digest(plain, "b/imported:1") == pypod.inspect(plain.name("b/imported:1"))["Digest"]
    # another format: the same configuration and layers
    pypod("push", "-q", PLAIN, "--format", "v2s2", plain.name("a/push:1"), plain.name("b/docker:1"))
    text = json.loads(skopeo("inspect", PLAIN, "--raw", f"docker://{plain.name('b/docker:1')}"))
    assert text["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert text["config"]["digest"] == "sha256:" + pypod.inspect(plain.name("a/push:1"))["Id"]


# covers: push --compression-format
@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_push_compresses_what_is_kept_plain(pypod: Pypod, plain: Registry, tmp_path: Path, kind: str) -> None:
    name = plain.name(f"z/{kind}:1")
    pypod("import", "-q", str(pypod.image_tar), "made:1")
    words = ["push", PLAIN, "--format", "oci", "--compression-format", kind, "--digestfile"]
    pypod(*words, str(tmp_path / "first"), "made:1", name)
    pypod(*words, str(tmp_path / "second"), "made:1", name)
    assert (
        (tmp_path / "first").read_text() == (tmp_path / "second").read_text() == digest(plain, f"z/{kind}:1")
    )
    sent = json.loads(skopeo("inspect", PLAIN, "--raw", f"docker://{name}"))
    kept = json.loads(skopeo("inspect", PLAIN, "--config", f"docker://{name}"))
    before = pypod.inspect("made:1")
    assert [d["mediaType"] for d in sent["layers"]] == [f"application/vnd.oci.image.layer.v1.tar+{kind}"]
    assert sent["layers"][0]["size"] < pypod.image_tar.stat().st_size
    assert kept["rootfs"]["diff_ids"] == before["RootFS"]["Layers"]
    pypod("rmi", "made:1")
    pypod("pull", "-q", PLAIN, name)
    assert pypod.inspect(name)["Id"] == before["Id"]
    assert pypod.run("--rm", name, "echo", "inside").out == "inside"


def test_push_names_what_cannot_be_compressed(pypod: Pypod, plain: Registry) -> None:
    pypod("import", "-q", str(pypod.image_tar), "made:1")
    target = plain.name("z/none:1")
    done = pypod("push", PLAIN, "--compression-format", "lzma", "made:1", target, check=False)
    assert 'unknown compression format "lzma"' in done.stderr
    assert "gzip, zstd" in done.stderr
    words = ["--format", "v2s2", "--compression-format", "zstd"]
    done = pypod("push", PLAIN, *words, "made:1", target, check=False)
    assert "the format v2s2 has no layers that are compressed with zstd" in done.stderr
    assert "--format=oci" in done.stderr


def test_push_asks_for_blobs_of_other_repositories(pypod: Pypod, tmp_path: Path) -> None:
    layout = make.Oci()
    entry = layout.image([BASE])
    routes = registries.image_routes("a/b", "1", layout, entry)
    routes["POST /v2/c/d/blobs/uploads/"] = registries.Answer(201)
    routes["PUT /v2/c/d/manifests/1"] = registries.Answer(201)
    with registries.fake(tmp_path, routes) as server:
        pypod("pull", "-q", PLAIN, f"{server.host}/a/b:1")
        pypod("push", "-q", PLAIN, f"{server.host}/a/b:1", f"{server.host}/c/d:1")
        posts = [a.path for a in server.asked() if a.method == "POST"]
        assert len(posts) == 2
        assert all("from=a%2Fb" in path and "mount=sha256:" in path for path in posts)


# covers: run --pull, run --tls-verify, create --pull
def test_run_pulls_what_is_missing(pypod: Pypod, plain: Registry) -> None:
    name = plain.name("r/busybox:1")
    pypod("import", "-q", str(pypod.image_tar), name)
    pypod("push", "-q", PLAIN, name)
    pypod("rmi", name)
    done = pypod("run", "--rm", "--pull=never", PLAIN, name, "true", check=False)
    assert done.code == 125
    assert "the policy is never to pull" in done.stderr
    done = pypod("run", "--rm", PLAIN, name, "echo", "hello")
    assert done.stdout == "hello\n"
    assert f"Trying to pull {name}..." in done.stderr
    assert "Trying" not in pypod("run", "--rm", PLAIN, name, "true").stderr
    assert "Trying" in pypod("run", "--rm", "--pull=always", PLAIN, name, "true").stderr
    assert pypod("run", "--rm", "--quiet", "--pull=always", PLAIN, name, "true").stderr == ""
    assert "Trying" in pypod("create", "--pull=newer", PLAIN, name, "true").stderr
    # newer: the local image serves where the registry does not answer
    local = "localhost:1/r/busybox:1"
    pypod("tag", name, local)
    done = pypod("run", "--rm", "--pull=newer", PLAIN, local, "echo", "here")
    assert done.stdout == "here\n"
    assert "the local image is used" in done.stderr


# covers: login, logout, login --password-stdin, login --username, login --get-login, logout --all
# covers: pull --creds
def test_login_with_basic(pypod: Pypod, tmp_path: Path) -> None:
    authfile = Path(pypod.env["XDG_RUNTIME_DIR"]) / "containers" / "auth.json"
    with registries.registry(tmp_path / "r", login=True) as server:
        name = server.name("team/x:1")
        pypod("import", "-q", str(pypod.image_tar), name)
        done = pypod("push", "-q", PLAIN, name, check=False)
        assert f"{server.host} refuses: it wants to know who you are" in done.stderr
        assert f'log in with "pypod login {server.host}"' in done.stderr
        done = login(pypod, server, "wrong", check=False)
        assert "the credentials are not accepted" in done.stderr
        assert not authfile.exists()
        assert login(pypod, server, PASSWORD).out == "Login Succeeded!"
        assert stat.S_IMODE(authfile.stat().st_mode) == 0o600
        assert pypod("login", "--get-login", server.host).out == USER
        assert "Already logged in" in pypod("login", PLAIN, server.host).out
        pypod("push", "-q", PLAIN, name)
        assert pypod("logout", server.host).out == f"Removed login credentials for {server.host}"
        pypod("push", "-q", PLAIN, name, check=False)
        assert "not logged into" in pypod("logout", server.host, check=False).stderr
        pypod("pull", "-q", PLAIN, "--creds", f"{USER}:{PASSWORD}", name)
        login(pypod, server, PASSWORD)
        pypod("logout", "--all")
        assert json.loads(authfile.read_text())["auths"] == {}


def login(pypod: Pypod, server: Registry, password: str, *, check: bool = True) -> Result:
    return pypod(
        "login", PLAIN, "-u", USER, "--password-stdin", server.host, input=password + "\n", check=check
    )


@pytest.mark.needs("openssl")
def test_login_with_tokens(pypod: Pypod, tmp_path: Path) -> None:
    with registries.token_server(tmp_path / "r") as tokens:
        with registries.registry(tmp_path / "r", token=tokens) as server:
            name = server.name("team/x:1")
            pypod("import", "-q", str(pypod.image_tar), name)
            assert pypod("push", "-q", PLAIN, name, check=False).code == 125  # nobody may only pull
            assert "credentials are not accepted" in login(pypod, server, "wrong", check=False).stderr
            login(pypod, server, PASSWORD)
            pypod("push", "-q", PLAIN, name)
            pypod("push", "-q", PLAIN, name, server.name("other/y:1"))
            pypod("logout", server.host)
            pypod("rmi", "-f", name)
            pypod("pull", "-q", PLAIN, name)


# covers: pull --cert-dir, push --cert-dir
@pytest.mark.needs("openssl")
def test_tls_with_an_authority_of_its_own(pypod: Pypod, tmp_path: Path) -> None:
    certs = registries.certificates(tmp_path / "ca")
    only_ca = tmp_path / "only"
    only_ca.mkdir()
    (only_ca / "ca.crt").write_bytes((certs / "ca.crt").read_bytes())
    with registries.registry(tmp_path / "r", tls=certs) as server:
        name = server.name("x:1")
        pypod("import", "-q", str(pypod.image_tar), name)
        done = pypod("push", "-q", name, check=False)
        assert "its certificate is not valid" in done.stderr
        assert f"/etc/containers/certs.d/{server.host}/ca.crt" in done.stderr
        pypod("push", "-q", "--cert-dir", str(only_ca), name)
        pypod("push", "-q", PLAIN, name)
        own = Path(pypod.env["XDG_CONFIG_HOME"]) / "containers" / "certs.d" / server.host
        own.mkdir(parents=True)
        (own / "ca.crt").write_bytes((certs / "ca.crt").read_bytes())
        pypod("pull", "-q", name)


def test_registries_conf_names_mirrors_and_aliases(pypod: Pypod, plain: Registry, tmp_path: Path) -> None:
    put(tmp_path, plain, "mirror/x:1")
    conf = Path(pypod.env["XDG_CONFIG_HOME"]) / "containers" / "registries.conf"
    conf.write_text(
        f"""
        unqualified-search-registries = ["{plain.host}"]
        [[registry]]
        location = "{plain.host}"
        insecure = true
        [[registry]]
        prefix = "images.example/team"
        location = "localhost:1/nowhere"
        [[registry.mirror]]
        location = "{plain.host}/mirror"
        insecure = true
        [[registry]]
        prefix = "bad.example"
        blocked = true
        [aliases]
        "short" = "{plain.host}/mirror/x"
        """
    )
    done = pypod("pull", "images.example/team/x:1")
    assert pypod.inspect("images.example/team/x:1")["Id"] == done.out
    done = pypod("pull", "short:1")
    assert f'Resolved "short" as an alias ({conf})' in done.stderr
    assert f"Trying to pull {plain.host}/mirror/x:1..." in done.stderr
    assert f"Trying to pull {plain.host}/mirror/x:1..." in pypod("pull", "mirror/x:1").stderr
    done = pypod("pull", "bad.example/x", check=False)
    assert "is blocked" in done.stderr


# covers: pull --platform, pull --arch, pull --all-tags
def test_platforms_and_tags(pypod: Pypod, tmp_path: Path) -> None:
    layout = make.Oci()
    arm = layout.image([BASE], architecture="arm64")
    amd = layout.image([TOP])
    for entry, arch in ((arm, "arm64"), (amd, "amd64")):
        entry["platform"] = {"os": "linux", "architecture": arch}
    index = layout.index([arm, amd])
    routes = registries.image_routes("a/b", "1", layout, index)
    routes["GET /v2/a/b/manifests/2"] = routes["GET /v2/a/b/manifests/1"]
    routes["GET /v2/a/b/tags/list"] = registries.Answer(body=b'{"name":"a/b","tags":["1","2"]}')
    with registries.fake(tmp_path, routes) as server:
        name = f"{server.host}/a/b:1"
        pypod("pull", "-q", PLAIN, "--platform", "linux/arm64/v8", name)
        assert pypod.inspect(name)["Architecture"] == "arm64"
        pypod("pull", "-q", PLAIN, "--arch", "x86_64", name)
        assert pypod.inspect(name)["Architecture"] == "amd64"
        done = pypod("pull", PLAIN, "--platform", "linux/s390x", name, check=False)
        assert "has nothing for linux/s390x, only for linux/amd64, linux/arm64" in done.stderr
        found = pypod("pull", "-q", PLAIN, "--all-tags", f"{server.host}/a/b").lines
        assert len(found) == 2
        done = pypod("pull", "-q", PLAIN, f"{server.host}/a/b@{index['digest']}")
        assert pypod.inspect(f"{server.host}/a/b@{index['digest']}")["Id"] == done.out


# covers: save, save --format, save --output, save --multi-image-archive, load --input
@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive", "oci-dir", "docker-dir"])
def test_save_and_load_again(pypod: Pypod, plain: Registry, tmp_path: Path, kind: str) -> None:
    put(tmp_path, plain, "s/x:1")
    name = plain.name("s/x:1")
    pypod("pull", "-q", PLAIN, name)
    before = pypod.inspect(name)
    out = tmp_path / "out"
    pypod("save", "-q", "--format", kind, "-o", str(out), name)
    other = {"docker-dir": "dir", "oci-dir": "oci"}.get(kind, kind)
    reference = f"{other}:{out}" + (f":{name}" if other in ("oci", "oci-archive") else "")
    skopeo("inspect", reference)
    pypod("rmi", name)
    assert not os.listdir(pypod.graphroot / "layers")
    loaded = pypod("load", "-q", "-i", str(out)).out.removeprefix("Loaded image: ")
    after = pypod.inspect(loaded.removeprefix("sha256:"))
    assert (after["Id"], after["RootFS"]) == (before["Id"], before["RootFS"])
    if kind in ("oci-archive", "oci-dir"):
        assert after["Digest"] == before["Digest"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_save_several_to_a_pipe(pypod: Pypod, plain: Registry, tmp_path: Path) -> None:
    put(tmp_path, plain, "s/one:1")
    put(tmp_path, plain, "s/two:1", layers=[BASE])
    names = [plain.name("s/one:1"), plain.name("s/two:1")]
    pypod("pull", "-q", PLAIN, *names)
    archive = tmp_path / "all.tar"
    with archive.open("wb") as f:
        argv = pypod.argv("save", "-q", "-m", *names)
        subprocess.run(argv, stdout=f, check=True, timeout=60, env={**os.environ, **pypod.env})
    pypod("rmi", *names)
    assert pypod("load", "-q", "-i", str(archive)).lines == [f"Loaded image: {n}" for n in names]


def test_a_save_that_fails_leaves_nothing(pypod: Pypod, plain: Registry, tmp_path: Path) -> None:
    put(tmp_path, plain, "s/broken:1", layers=[TOP])
    name = plain.name("s/broken:1")
    pypod("pull", "-q", PLAIN, name)
    blobs = pypod.graphroot / "blobs" / "sha256"
    biggest = max(blobs.iterdir(), key=lambda p: p.stat().st_size)
    data = bytearray(biggest.read_bytes())
    data[-1] ^= 1
    biggest.write_bytes(data)
    target = _private(tmp_path / "target")
    for kind in ("oci-archive", "oci-dir"):
        done = pypod("save", "-q", "--format", kind, "-o", str(target / "x"), name, check=False)
        assert "in the store is damaged" in done.stderr
        assert "pypod rmi" in done.stderr
        assert list(target.iterdir()) == []


# covers: tag, untag, history, image tree, image prune
def test_names_history_and_prune(pypod: Pypod, plain: Registry, tmp_path: Path) -> None:
    put(tmp_path, plain, "n/x:1")
    name = plain.name("n/x:1")
    pypod("pull", "-q", PLAIN, name)
    pypod("tag", name, "one", "two:2")
    assert pypod("image", "exists", "localhost/one:latest").code == 0
    lines = pypod("history", name).lines
    assert lines[0].split() == ["ID", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert len(lines) == 3
    assert [s["size"] for s in pypod("history", "--format", "json", name).json()] == [len(TOP), len(BASE)]
    assert f"{name} localhost/one:latest localhost/two:2" in pypod("image", "tree", name).stdout
    pypod("untag", name)
    assert "image not known" in pypod("untag", "nothing", check=False).stderr
    assert pypod("image", "prune", "-f", "--filter", "label=made=for nobody").stdout == ""
    assert pypod("image", "prune", input="n\n").lines[0].startswith("WARNING!")
    assert len(pypod("image", "prune", "--force").out) == 64
    assert os.listdir(pypod.graphroot / "layers") == []


def test_bars_on_a_terminal(pypod: Pypod, plain: Registry, tmp_path: Path) -> None:
    put(tmp_path, plain, "t/x:1")
    terminal = pypod.terminal("pull", PLAIN, plain.name("t/x:1"))
    assert terminal.expect("Storing signatures").count(b"done") >= 2
