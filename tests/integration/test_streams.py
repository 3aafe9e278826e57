"""The streams of attached commands: bytes, many of them, and descriptors that are not there."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.integration import raw
from tests.support import processes
from tests.support.engine import Pypod, environment

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

MIB = 1 << 20


# covers: run
def test_any_bytes_come_out(shared: Pypod) -> None:
    data = bytes(range(256)) * 3
    text = "".join(f"\\{byte:03o}" for byte in data)
    done = raw.run(
        shared, "run", "--rm", "--network", "none", shared.image, "printf", text.replace("%", "%%")
    )
    assert done.out == data


# covers: run --interactive
def test_any_bytes_go_in_and_come_out(shared: Pypod) -> None:
    data = bytes(range(256)) * 100 + b"no newline at the end"
    done = raw.run(shared, "run", "--rm", "-i", shared.image, "cat", data=data)
    assert (done.code, done.out, done.err) == (0, data, b"")


# covers: run --interactive
def test_sixty_four_megabytes_through_a_container(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "data"
    block = os.urandom(MIB)
    with open(file, "wb") as f:
        for n in range(64):
            f.write(n.to_bytes(4, "big") + block[4:])
    wanted = hashlib.sha256(file.read_bytes()).hexdigest()
    options = "--network none --log-driver none"
    for source in (f"< {file}", f"< <(cat {file})"):
        done = raw.shell(shared, f'"$@" run --rm -i {options} $IMAGE cat {source} | sha256sum')
        assert done.out.decode().split()[0] == wanted
    script = f'"$@" run --rm -i {options} $IMAGE sha256sum < {file}'
    assert raw.shell(shared, script).out.decode().split()[0] == wanted


# covers: run
def test_a_hundred_megabytes_without_a_newline(shared: Pypod) -> None:
    """Longer than any buffer, and a log record is not a line."""
    script = "head -c 104857600 /dev/zero | tr '\\0' x"
    shell = '"$@" run --log-opt max-size=400m --name big --network none $IMAGE sh -c "$SCRIPT" | sha256sum'
    shared.env["SCRIPT"] = script
    wanted = hashlib.sha256(b"x" * (100 * MIB)).hexdigest()
    assert raw.shell(shared, shell, timeout_s=110).out.decode().split()[0] == wanted
    assert raw.shell(shared, '"$@" logs big | sha256sum').out.decode().split()[0] == wanted
    assert raw.shell(shared, '"$@" logs --tail 1 big | wc -c').out.strip() == b"104857600"


# covers: run --interactive
def test_a_slow_reader_loses_nothing(shared: Pypod) -> None:
    """The writer waits for who reads, who comes late and reads little at a time."""
    script = "for i in $(seq 20000); do echo line $i; done; echo end >&2"
    child = subprocess.Popen(
        shared.argv("run", "--rm", "--network", "none", shared.image, "sh", "-c", script),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    with child:
        assert child.stderr
        assert child.stdout
        received = b""
        while data := os.read(child.stdout.fileno(), 700):
            received += data
        assert child.wait(60) == 0
        assert child.stderr.read() == b"end\n"
    assert received == b"".join(b"line %d\n" % n for n in range(1, 20001))


# covers: run
def test_a_reader_that_goes_away(shared: Pypod) -> None:
    """`| head -1`: the container goes on to its end, and nobody hangs."""
    script = "seq 1 200000; echo done >&2"
    done = raw.shell(shared, f'"$@" run --rm $IMAGE sh -c "{script}" | head -1; echo ${{PIPESTATUS[0]}}', 40)
    first, code = done.out.splitlines()
    assert (first, int(code) in (0, 141)) == (b"1", True)
    assert done.err.endswith(b"done\n")


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "</dev/null", ">/dev/full"])
# covers: run, run --interactive
def test_streams_that_are_closed(shared: Pypod, redirection: str) -> None:
    """The exit code is the command's all the same, and the log has what was written."""
    for option in ("", "-i"):
        name = "i" if option else "n"
        script = (
            f'"$@" run {option} --name {name} $IMAGE sh -c "echo out; echo err >&2; exit 3" {redirection}'
        )
        done = raw.shell(shared, f"{{ {script}; }} ; code=$?; exit $code", timeout_s=30)
        assert done.code == 3, done
        log = shared("logs", name)
        assert (log.stdout, log.stderr) == ("out\n", "err\n")


# covers: run --interactive
def test_input_from_everywhere(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("from a file\n")
    for source, wanted in (
        (f"< {file}", b"from a file\n"),
        ("< /dev/null", b""),
        ("<<< here", b"here\n"),
        ("< <(sleep 0.3; echo late)", b"late\n"),
        (f"0<> {file}", b"from a file\n"),
    ):
        assert raw.shell(shared, f'"$@" run --rm -i $IMAGE cat {source}').out == wanted


# covers: run --interactive
def test_without_interactive_there_is_no_input(shared: Pypod) -> None:
    done = raw.shell(
        shared, 'printf "a\\nb\\n" | { "$@" run --rm $IMAGE cat; read line; echo "left: $line"; }'
    )
    assert done.out == b"left: a\n"


# covers: run --interactive
def test_a_command_that_does_not_read_its_input(shared: Pypod) -> None:
    """More than a pipe holds, and nobody takes it: the end of the container is the end."""
    done = raw.run(shared, "run", "--rm", "-i", shared.image, "true", data=b"x" * (4 * MIB), timeout_s=30)
    assert done.code == 0
    done = raw.run(shared, "run", "--rm", "-i", shared.image, "head", "-c", "5", data=b"y" * (4 * MIB))
    assert (done.code, done.out) == (0, b"yyyyy")


# covers: run --attach
def test_only_the_streams_that_were_asked_for(shared: Pypod) -> None:
    script = ["sh", "-c", "cat; echo out; echo err >&2; exit 4"]
    for options, out, err in (
        (["-a", "stdout"], b"out\n", b""),
        (["-a", "stderr"], b"", b"err\n"),
        (["-a", "stdout,stderr"], b"out\n", b"err\n"),
        (["-i", "-a", "stdin", "-a", "STDOUT"], b"in\nout\n", b""),
    ):
        done = raw.run(shared, "run", "--rm", *options, shared.image, *script, data=b"in\n")
        assert (done.code, done.out, done.err) == (4, out, err)
    assert shared.run("-a", "nothing", "IMAGE", "true", check=False).code == 125
    assert shared.run("-d", "-a", "stdout", "IMAGE", "true", check=False).code == 125


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "USR1", "QUIT", "WINCH"])
# covers: run --sig-proxy
def test_signals_to_the_client_reach_the_container(shared: Pypod, name: str) -> None:
    script = f"trap 'echo got {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
    child = shared.start("run", "--rm", shared.image, "sh", "-c", script)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    number = getattr(signal, f"SIG{name}")
    child.send_signal(number)
    if name == "WINCH":  # about a terminal that is not there
        child.send_signal(signal.SIGKILL)
        assert child.stdout.read() == ""
        return
    out, _ = child.communicate(timeout=20)
    assert (out, child.returncode) == (f"got {name}\n", 9)


# covers: run --sig-proxy
def test_without_proxy_the_signal_ends_the_client_alone(shared: Pypod) -> None:
    child = shared.start(
        "run", "--sig-proxy=false", "--name", "c", shared.image, "sh", "-c", "echo r; sleep 99"
    )
    assert child.stdout
    assert child.stdout.readline() == "r\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) != 0
    assert shared.state("c")["Running"] is True


# covers: run --sig-proxy
def test_a_signal_that_the_container_ignores(shared: Pypod) -> None:
    """pid 1 has no default actions: TERM does nothing; without its client the container goes on."""
    child = shared.start("run", "--name", "c", shared.image, "sh", "-c", "echo ready; sleep 99; true")
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGKILL)
    child.wait(20)
    assert shared.state("c")["Running"] is True
    shared("kill", "c")
    assert shared("wait", "c").out == "137"


# covers: attach
def test_two_clients_see_the_same_output(shared: Pypod) -> None:
    script = "while [ ! -e /go ]; do sleep 0.05; done; echo out; echo err >&2; exit 6"
    cid = shared.detached("IMAGE", "sh", "-c", script)
    clients = [shared.start("attach", cid) for _ in range(2)]
    control = processes.wait_until(lambda: _attached(shared, cid) == 2, what="both are attached")
    assert control
    shared("exec", cid, "touch", "/go")
    for client in clients:
        out, err = client.communicate(timeout=20)
        assert (out, err, client.returncode) == ("out\n", "err\n", 6)


def _attached(shared: Pypod, cid: str) -> int:
    """How many clients the monitor has: connections of its control socket."""
    inodes = set()
    monitor = shared.monitor_pid(cid)
    for name in os.listdir(f"/proc/{monitor}/fd"):
        target = os.readlink(f"/proc/{monitor}/fd/{name}")
        if target.startswith("socket:"):
            inodes.add(target[8:-1])
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return sum(row[6] in inodes and row[5] == "03" and row[-1].endswith("/control") for row in rows)


# covers: attach, run --interactive
def test_input_through_attach(shared: Pypod) -> None:
    cid = shared.detached("-i", "IMAGE", "sh", "-c", "read line; echo got $line; exit 2")
    done = raw.run(shared, "attach", cid, data=b"hello\n")
    assert (done.out, done.code) == (b"got hello\n", 2)


# covers: attach --no-stdin, attach --latest
def test_attach_without_input(shared: Pypod) -> None:
    cid = shared.detached("-i", "IMAGE", "sh", "-c", "read line; echo got $line; sleep 100")
    child = shared.start("attach", "--no-stdin", "-l", stdin=subprocess.PIPE)
    processes.wait_until(lambda: _attached(shared, cid) == 1)
    assert child.stdin
    child.stdin.write("lost\n")
    child.stdin.flush()
    assert raw.run(shared, "exec", cid, "true").code == 0
    assert shared("logs", cid).out == ""


# covers: attach
def test_attach_to_what_does_not_run(shared: Pypod) -> None:
    shared("create", "--name", "c", shared.image, "true")
    assert shared("attach", "c", check=False).code == 125
    shared("start", "-a", "c")
    assert shared("attach", "c", check=False).code == 125


# covers: start --attach, start --interactive
def test_start_with_input(shared: Pypod) -> None:
    shared("create", "-i", "--name", "c", shared.image, "sh", "-c", "cat; exit 8")
    done = raw.run(shared, "start", "-ai", "c", data=b"some\0bytes")
    assert (done.out, done.code) == (b"some\0bytes", 8)
