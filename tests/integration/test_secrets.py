"""Secrets: kept by pypod, given to containers as files and variables, shown nowhere."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "runc", "slirp4netns", "newuidmap", "busybox")

HIDDEN = "kept-to-ourselves-4711"


@pytest.fixture(autouse=True)
def no_secrets_left(shared: Pypod) -> None:
    shared("secret", "rm", "--all")


def keep(shared: Pypod, name: str, text: str = HIDDEN, *words: str) -> str:
    return shared("secret", "create", *words, name, "-", input=text).out


# covers: secret create, secret create --env, secret create --label, secret ls, secret inspect, secret exists
# covers: secret rm, secret ls --quiet, secret ls --noheading, secret ls --format, secret ls --filter
# covers: secret inspect --format, secret inspect --pretty, secret inspect --showsecret, secret rm --all
# covers: secret rm --ignore, secret create --replace, secret create --ignore
def test_the_life_of_a_secret(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(HIDDEN)
    one = shared("secret", "create", "-l", "a=b", "one", str(tmp_path / "f")).out
    assert re.fullmatch("[0-9a-f]{25}", one)
    two = shared("secret", "create", "--env", "two", "TOKEN", env={"TOKEN": HIDDEN}).out
    lines = shared("secret", "ls").lines
    assert re.split(r"\s{2,}", lines[0]) == ["ID", "NAME", "DRIVER", "CREATED", "UPDATED"]
    assert [line.split()[:3] for line in lines[1:]] == [[one, "one", "file"], [two, "two", "file"]]
    assert shared("secret", "ls", "-q").lines == [one, two]
    assert shared("secret", "ls", "--noheading", "--filter", "name=on", "--format", "{{.ID}}").out == one
    assert shared("secret", "ls", "--filter", f"id={two[:5]}", "-q").out == two
    shown = shared("secret", "inspect", "one").json()[0]
    assert (shown["ID"], shown["Spec"]["Name"], shown["Spec"]["Labels"]) == (one, "one", {"a": "b"})
    assert HIDDEN not in shared("secret", "inspect", "--pretty", "one", "two").out
    assert shared("secret", "inspect", "--showsecret", "--format", "{{.SecretData}}", one[:8]).out == HIDDEN
    assert shared("secret", "exists", "one").code == 0
    assert shared("secret", "exists", "nope", check=None).code == 1
    for words in (["-", "name in use"], [str(tmp_path / "no"), "No such file"]):
        result = shared("secret", "create", "one", words[0], input="x", check=False)
        assert (result.code, words[1] in result.stderr) == (125, True)
    assert keep(shared, "one", "x", "--ignore") == one
    new = keep(shared, "one", "new", "--replace")
    assert shared("secret", "inspect", "--showsecret", "--format", "{{.SecretData}}", "one").out == "new"
    mode = stat.S_IMODE(os.stat(shared.graphroot / "secrets" / new).st_mode)
    assert mode == 0o600
    assert shared("secret", "rm", "one").out == new
    assert shared("secret", "rm", "one", check=False).code == 1
    assert shared("secret", "rm", "--ignore", "one").code == 0
    assert shared("secret", "rm", "--all").out == two
    assert os.listdir(shared.graphroot / "secrets") == []


@pytest.mark.parametrize("data", ["", "x" * 512_000])
# covers: secret create
def test_what_cannot_be_kept(shared: Pypod, data: str) -> None:
    result = shared("secret", "create", "s", "-", input=data, check=False)
    assert (result.code, "512000" in result.stderr) == (125, True)
    assert shared("secret", "ls", "-q").out == ""
    for words in (
        ["--driver", "vault"],
        ["--driver", "shell"],
        ["--driver-opts", "x=y"],
        ["--driver-opts", "x"],
    ):
        assert shared("secret", "create", *words, "s", "-", input="x", check=False).code == 125
    assert shared("secret", "create", "--env", "s", "NO_SUCH_VARIABLE", check=False).code == 125
    assert shared("secret", "create", "a/b", "-", input="x", check=False).code == 125


# covers: secret create --driver, secret create --driver-opts
def test_commands_of_the_user_keep_it(shared: Pypod, tmp_path: Path) -> None:
    opts = [f"store=cat > {tmp_path}/$SECRET_ID", f"lookup=cat {tmp_path}/$SECRET_ID"]
    opts += [f"delete=rm {tmp_path}/$SECRET_ID", f"list=ls {tmp_path}"]
    words = [word for opt in opts for word in ("--driver-opts", opt)]
    made = keep(shared, "s", HIDDEN, "--driver", "shell", *words)
    assert (tmp_path / made).read_text() == HIDDEN
    assert shared.run("--rm", "--secret", "s", "IMAGE", "cat", "/run/secrets/s").out == HIDDEN
    (tmp_path / made).rename(tmp_path / "elsewhere")
    result = shared.run("--rm", "--secret", "s", "IMAGE", "true", check=False)
    assert (result.code, '"lookup" of secret "s"' in result.stderr) == (125, True)
    (tmp_path / "elsewhere").rename(tmp_path / made)
    shared("secret", "rm", "s")
    assert not (tmp_path / made).exists()


# covers: run --secret, create --secret, exec, start
@pytest.mark.parametrize("runtime", ["crun", "runc"])
def test_a_container_has_it_and_nobody_else(shared: Pypod, runtime: str) -> None:
    """Not in the store's files but its own, not in `inspect`, arguments or what `commit` makes."""
    keep(shared, "file", HIDDEN + "-file")
    keep(shared, "var", HIDDEN + "-var")
    shared.options += ["--runtime", runtime]
    options = ["--secret", "file,uid=7,gid=8,mode=0440,target=deep/er"]
    options += ["--secret", "var,type=env,target=TOKEN", "--secret", "file,target=/etc/own"]
    script = "stat -c '%u %g %a' /run/secrets/deep/er; cat /run/secrets/deep/er /etc/own; echo; echo $TOKEN"
    script += "; sleep 1000"
    cid = shared("create", "--name", "c", *options, shared.image, "sh", "-c", script).out
    for _ in range(2):
        shared("start", "c")
        out = shared.wait_for_log("c", "-var").splitlines()[-3:]
        assert out == ["7 8 440", f"{HIDDEN}-file" * 2, f"{HIDDEN}-var"]
        inside = shared("exec", "c", "sh", "-c", "cat /etc/own; echo $TOKEN").out
        assert inside == f"{HIDDEN}-file{HIDDEN}-var"
        given = shared("exec", "-e", "TOKEN=other", "c", "sh", "-c", "echo $TOKEN")
        assert given.out == "other"
        assert "size=" not in shared("exec", "c", "grep", "/etc/own", "/proc/mounts").out
        (shared.graphroot / "containers" / cid / "logs/ctr.log").write_text("")
        kept = map(str, found(shared.graphroot, HIDDEN.encode()))
        assert [path for path in kept if "/secrets/" not in path] == []
        assert HIDDEN not in shared("inspect", "c").out
        pid = shared.init_pid("c")
        assert HIDDEN not in Path(f"/proc/{pid}/cmdline").read_text()
        if runtime == "crun":
            shared("commit", "c", "copy")
            assert HIDDEN not in shared("image", "inspect", "copy").out
            look = "cat /etc/own /run/secrets/deep/er; echo $TOKEN"
            assert shared.run("--rm", "copy", "sh", "-c", look).out == ""
            shared("rmi", "copy")
        shared("stop", "-t", "0", "c")
    assert [use["Name"] for use in shared.inspect("c")["Config"]["Secrets"]] == ["file", "var", "file"]


def found(folder: Path, text: bytes) -> list[Path]:
    """The files below that have the text in them, as far as this user may read."""
    hits = []
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at, name)
            try:
                if path.is_file() and not path.is_symlink() and text in path.read_bytes():
                    hits.append(path)
            except OSError:
                continue
    return hits


# covers: run --secret
def test_secrets_of_other_users_and_big_ones(shared: Pypod) -> None:
    keep(shared, "big", "x" * 511_999)
    assert (
        shared.run("--rm", "--secret", "big", "IMAGE", "sh", "-c", "wc -c < /run/secrets/big").out == "511999"
    )
    keep(shared, "s")
    options = ["--userns=keep-id", "--secret", f"s,uid={os.getuid()},mode=0400", "IMAGE"]
    assert shared.run("--rm", *options, "cat", "/run/secrets/s").out == HIDDEN
    assert shared.run("--rm", "--read-only", "--secret", "s", "IMAGE", "cat", "/run/secrets/s").out == HIDDEN


@pytest.mark.parametrize(
    "value",
    [
        "nope",
        "s,type=x",
        "s,mode=9",
        "s,uid=-1",
        "s,target=",
        "s,x=y",
        ",type=env",
        "s,type=env,uid=1",
        "s,type=env,target=A=B",
    ],
)
# covers: run --secret
def test_what_cannot_be_given(shared: Pypod, value: str) -> None:
    keep(shared, "s")
    result = shared.run("--rm", "--secret", value, "IMAGE", "true", check=False)
    assert (result.code, "secret" in result.stderr) == (125, True)
    assert HIDDEN not in result.stderr


# covers: run --secret, start
def test_a_secret_that_is_gone(shared: Pypod) -> None:
    """One of the same name takes its place; without one the container does not start."""
    keep(shared, "s")
    shared("create", "--name", "c", "--secret", "s", shared.image, "cat", "/run/secrets/s")
    shared("secret", "rm", "s")
    result = shared("start", "c", check=False)
    assert (result.code, 'secret "s"' in result.stderr) == (125, True)
    keep(shared, "s", "another")
    assert shared("start", "-a", "c").out == "another"
    binary = shared("secret", "create", "--replace", "s", "/bin/true").out
    assert binary
    result = shared.run("--rm", "--secret", "s,type=env", "IMAGE", "true", check=False)
    assert (result.code, "not text" in result.stderr) == (125, True)
