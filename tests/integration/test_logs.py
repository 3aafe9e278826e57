"""`logs`: what containers have written, from the beginning, the end, between two moments, or as it comes."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.integration import raw
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"


def ended(shared: Pypod, script: str, *options: str, name: str = "c") -> None:
    """A container that has run the script, detached."""
    shared.run("-d", "--name", name, *options, "IMAGE", "sh", "-c", script)
    shared("wait", name)


# covers: logs
def test_both_streams_in_order_of_each(shared: Pypod) -> None:
    ended(shared, "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf 'no end'")
    result = shared("logs", "c")
    assert result.stdout == "out 1\nout 2\nout 3\nno end"
    assert result.stderr == "err 1\nerr 2\nerr 3\n"


# covers: logs
def test_any_bytes(shared: Pypod) -> None:
    r"""Carriage returns, NUL and broken UTF-8 come back as they were written."""
    ended(shared, r"printf '10%%\r20%%\r\n'; printf 'a\0b\377\376\n'; printf '\n\n'; printf '\033[1mx\r'")
    done = raw.run(shared, "logs", "c")
    assert done.out == b"10%\r20%\r\na\0b\xff\xfe\n\n\n\x1b[1mx\r"


# covers: logs --tail
def test_the_last_lines(shared: Pypod) -> None:
    ended(shared, "seq 1 1000; printf end")
    whole = shared("logs", "c").stdout
    for count in (0, 1, 2, 10, 999, 1000, 1001, 5000):
        wanted = "".join(whole.splitlines(keepends=True)[max(1001 - count, 0) :])
        assert shared("logs", "--tail", str(count), "c").stdout == wanted
    assert shared("logs", "--tail=-1", "c").stdout == whole
    assert shared("logs", "--tail", "x", "c", check=False).code == 125


# covers: logs --tail
def test_a_very_long_line_is_one_line(shared: Pypod) -> None:
    ended(shared, "echo first; head -c 300000 /dev/zero | tr '\\0' x; echo; echo last")
    lines = shared("logs", "--tail", "2", "c").lines
    assert [len(line) for line in lines] == [300000, 4]


# covers: logs --timestamps
def test_times(shared: Pypod) -> None:
    ended(shared, "echo a; head -c 40000 /dev/zero | tr '\\0' x; echo; printf 'b'")
    lines = shared("logs", "-t", "c").lines
    assert len(lines) == 3
    for line, text in zip(lines, ["a", "x" * 40000, "b"], strict=True):
        assert re.fullmatch(f"{STAMP} {text}", line)


# covers: logs --since, logs --until
def test_between_two_moments(shared: Pypod) -> None:
    ended(shared, "echo one; sleep 1.1; echo two; sleep 1.1; echo three")
    stamps = [line.split()[0] for line in shared("logs", "-t", "c").lines]
    assert shared("logs", "--since", stamps[1], "c").lines == ["two", "three"]
    assert shared("logs", "--until", stamps[1], "c").lines == ["one", "two"]
    assert shared("logs", "--since", stamps[1], "--until", stamps[1], "c").lines == ["two"]
    assert shared("logs", "--since", "1h", "c").lines == ["one", "two", "three"]
    assert shared("logs", "--until", "1h", "c").lines == ["one", "two", "three"]
    assert shared("logs", "--since", "0s", "c").lines == []
    assert shared("logs", "--since", str(int(time.time()) - 1000), "c").lines == ["one", "two", "three"]
    assert shared("logs", "--since", "2000-01-01", "--until", "2001-01-01T00:00:00Z", "c").lines == []
    for words in (["--since", "yesterday"], ["--until", "soon"]):
        result = shared("logs", *words, "c", check=False)
        assert (result.code, words[1] in result.stderr) == (125, True)


# covers: logs --names, logs --color
def test_several_containers(shared: Pypod) -> None:
    ended(shared, "echo a1; echo a2; printf a3", name="aa")
    ended(shared, "echo b1", name="bb")
    first, second = (shared.inspect(name)["Id"][:12] for name in ("aa", "bb"))
    assert shared("logs", "aa", "bb").lines == [f"{first} a1", f"{first} a2", f"{first} a3", f"{second} b1"]
    assert shared("logs", "-n", "aa", "bb").lines == ["aa a1", "aa a2", "aa a3", "bb b1"]
    assert shared("logs", "-n", "aa").lines == ["a1", "a2", "a3"]
    coloured = shared("logs", "-n", "--color", "aa", "bb").lines
    assert coloured[0] == "\x1b[37maa a1\x1b[0m"
    assert coloured[3] == "\x1b[31mbb b1\x1b[0m"
    result = shared("logs", "aa", "no-such-container", check=False)
    assert (result.code, result.stdout) == (125, "")


# covers: logs --latest
def test_which_container(shared: Pypod) -> None:
    ended(shared, "echo old", name="old")
    ended(shared, "echo new", name="new")
    assert shared("logs", "-l").out == "new"
    assert shared("container", "logs", "old").out == "old"
    assert shared("logs", check=False).code == 125
    assert shared("logs", "-l", "old", check=False).code == 125


# covers: logs --follow
def test_following_a_container_to_its_end(shared: Pypod) -> None:
    script = "echo before; while [ ! -e /go ]; do sleep 0.05; done; echo after; echo err >&2; printf end"
    cid = shared.detached("IMAGE", "sh", "-c", script)
    shared.wait_for_log(cid, "before")
    child = shared.start("logs", "-f", cid)
    assert child.stdout
    assert child.stdout.readline() == "before\n"
    shared("exec", cid, "touch", "/go")
    out, err = child.communicate(timeout=20)
    assert (out, err, child.returncode) == ("after\nend", "err\n", 0)
    assert shared("logs", "-f", cid).stdout == "before\nafter\nend"


# covers: logs --follow, logs --tail
def test_following_from_the_end(shared: Pypod) -> None:
    script = "seq 1 100; while [ ! -e /go ]; do sleep 0.05; done; echo new"
    cid = shared.detached("IMAGE", "sh", "-c", script)
    shared.wait_for_log(cid, "100")
    child = shared.start("logs", "-f", "--tail", "2", cid)
    assert child.stdout
    assert [child.stdout.readline() for _ in range(2)] == ["99\n", "100\n"]
    shared("exec", cid, "touch", "/go")
    assert child.communicate(timeout=20)[0] == "new\n"


# covers: logs --follow, logs --names
def test_following_several(shared: Pypod) -> None:
    script = "while [ ! -e /go ]; do sleep 0.05; done; echo done"
    for name in ("aa", "bb"):
        shared.detached("--name", name, "IMAGE", "sh", "-c", script)
    child = shared.start("logs", "-f", "-n", "aa", "bb")
    for name in ("bb", "aa"):
        shared("exec", name, "touch", "/go")
        assert child.stdout
        assert child.stdout.readline() == f"{name} done\n"
    assert child.wait(20) == 0


# covers: logs --follow
def test_following_what_was_removed(shared: Pypod) -> None:
    cid = shared.detached(
        "--rm", "IMAGE", "sh", "-c", "echo a; while [ ! -e /go ]; do sleep 0.05; done; echo b"
    )
    child = shared.start("logs", "-f", cid)
    assert child.stdout
    assert child.stdout.readline() == "a\n"
    shared("exec", cid, "touch", "/go")
    assert child.communicate(timeout=20)[0] == "b\n"


# covers: logs --follow
def test_following_over_many_rotations(shared: Pypod) -> None:
    """Nothing is lost and nothing comes twice, as long as the reader keeps up."""
    script = (
        "for i in $(seq 4000); do echo line number $i of the test; [ $((i % 25)) = 0 ] && sleep 0.01; done"
    )
    shared.detached(
        "--name", "c", "--log-opt", "max-size=20k", "--log-opt", "max-file=6", "IMAGE", "sh", "-c", script
    )
    child = shared.start("logs", "-f", "c")
    out, _ = child.communicate(timeout=60)
    numbers = [int(line.split()[2]) for line in out.splitlines()]
    assert numbers == list(range(1, 4001))


# covers: run --log-opt, logs
def test_rotation(shared: Pypod) -> None:
    options = ["--log-opt", "max-size=10k", "--log-opt", "max-file=3"]
    ended(shared, "seq 1 5000 | sed 's/^/line /'", *options)
    folder = Path(shared.inspect("c")["HostConfig"]["LogConfig"]["Path"]).parent
    sizes = [path.stat().st_size for path in folder.iterdir()]
    assert len(sizes) == 3
    assert max(sizes) <= 10 * 1024
    lines = shared("logs", "c").lines
    assert lines[-1] == "line 5000"
    first = int(lines[0].split()[1])
    assert lines == [f"line {n}" for n in range(first, 5001)]
    assert shared("logs", "--tail", "300", "c").lines == lines[-300:]


# covers: run --log-opt
def test_a_log_where_the_user_wants_it(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "my.log"
    ended(shared, "echo hello", "--log-opt", f"path={file}")
    assert re.fullmatch(r"\S+ stdout F hello\n", file.read_text())
    assert shared("logs", "c").out == "hello"


# covers: run --log-driver
def test_log_drivers(shared: Pypod) -> None:
    for driver in ("k8s-file", "json-file"):
        ended(shared, "echo x", "--log-driver", driver, name=driver)
        assert shared("logs", driver).out == "x"
    assert shared.run("--log-driver", "none", "--name", "none", "IMAGE", "echo", "x").out == "x"
    result = shared("logs", "none", check=False)
    assert (result.code, "none" in result.stderr) == (125, True)
    assert shared.run("--log-driver", "nothing", "IMAGE", "true", check=False).code == 125
    assert shared.run("--log-opt", "nothing=1", "IMAGE", "true", check=False).code == 125


# covers: run --log-driver
def test_passthrough(shared: Pypod) -> None:
    """The container writes to our own streams; nothing is kept."""
    done = raw.run(
        shared, "run", "--log-driver", "passthrough", "--name", "p", shared.image, "echo", "through"
    )
    assert (done.code, done.out) == (0, b"through\n")
    assert shared("logs", "p", check=False).code == 125


# covers: logs
def test_a_container_that_never_ran_and_one_that_ran_twice(shared: Pypod) -> None:
    shared("create", "--name", "c", shared.image, "echo", "x")
    assert shared("logs", "c").stdout == ""
    assert shared("logs", "-f", "c").stdout == ""
    shared("start", "-a", "c")
    shared("start", "-a", "c")
    assert shared("logs", "c").stdout == "x\nx\n"
    assert shared("logs", "--tail", "1", "c").stdout == "x\n"


# covers: logs
def test_output_after_our_own_client_was_killed(shared: Pypod) -> None:
    script = "echo before; while [ ! -e /go ]; do sleep 0.05; done; echo after"
    child = shared.start("run", "--name", "c", shared.image, "sh", "-c", script)
    assert child.stdout
    assert child.stdout.readline() == "before\n"
    child.kill()
    child.wait()
    shared("exec", "c", "touch", "/go")
    assert shared("wait", "c").out == "0"
    assert shared("logs", "c").stdout == "before\nafter\n"


# covers: run --log-driver
def test_a_journal_that_is_not_there(shared: Pypod) -> None:
    """One error that says what to do, at create and at start, and nothing is left of the attempt."""
    if os.path.exists("/run/systemd/journal/socket"):
        pytest.skip("this machine has a journal: tests/systemd/test_journal.py")
    for words in (["run", "-d"], ["create"]):
        result = shared(*words, "--log-driver", "journald", shared.image, "true", check=False)
        assert (result.code, result.stdout) == (125, "")
        assert "/run/systemd/journal/socket: No such file" in result.stderr
        assert "--log-driver=k8s-file" in result.stderr
    assert shared("ps", "-aq").out == ""


# covers: run --log-opt
def test_a_tag_that_means_nothing(shared: Pypod) -> None:
    words = ["--log-driver", "journald", "--log-opt", "tag={{.Nothing}}"]
    result = shared.run(*words, "IMAGE", "true", check=False)
    assert (result.code, "{{.Nothing}}" in result.stderr) == (125, True)
