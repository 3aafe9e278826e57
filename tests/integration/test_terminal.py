"""Terminals: raw mode, sizes, detach keys, and that the caller's terminal is as it was before."""

from __future__ import annotations

import signal
import time

import pytest

from tests.integration import raw
from tests.support import processes
from tests.support.engine import Pypod
from tests.support.terminal import Terminal

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def shell(terminal: Terminal) -> None:
    """Wait until the shell in the container answers, and the local terminal is raw."""
    terminal.send("echo re''ady\r")
    terminal.expect("ready\r\n")


# covers: run --tty, run --interactive
def test_a_terminal_inside(shared: Pypod) -> None:
    with shared.terminal("run", "-it", "--rm", shared.image, "sh") as terminal:
        shell(terminal)
        terminal.send("tty; test -t 0 && test -t 1 && test -t 2 && echo all''three; echo $TERM\r")
        terminal.expect("/dev/pts/0")
        terminal.expect("allthree")
        terminal.expect("xterm")
        terminal.send("exit 3\r")
        assert terminal.wait() == 3
        assert terminal.attributes() == terminal.before


# covers: run --tty
def test_the_size_is_there_from_the_start_and_follows(shared: Pypod) -> None:
    script = "trap 'echo size $(stty size)' WINCH; stty size; echo ready; while :; do sleep 0.05; done"
    with shared.terminal(
        "run", "-it", "--rm", shared.image, "sh", "-c", script, rows=41, cols=123
    ) as terminal:
        terminal.expect("41 123\r\nready\r\n")
        for rows, cols in ((10, 40), (200, 300), (5, 7), (25, 80)):
            terminal.resize(rows, cols)
            terminal.expect(f"size {rows} {cols}\r\n")


# covers: run --tty
def test_a_command_sees_the_size_in_its_first_moment(shared: Pypod) -> None:
    for _ in range(3):
        with shared.terminal(
            "run", "-it", "--rm", shared.image, "stty", "size", rows=33, cols=77
        ) as terminal:
            assert terminal.wait() == 0
            assert b"33 77" in terminal.screen


# covers: run --tty
def test_control_keys_are_the_containers(shared: Pypod) -> None:
    """Raw mode: ^C goes to the program inside, not to the client, and ^D is the end of its input."""
    script = "trap 'echo interrupted' INT; echo first; cat; echo second; cat; echo end"
    with shared.terminal("run", "-it", "--rm", shared.image, "sh", "-c", script) as terminal:
        terminal.expect("first\r\n")
        terminal.send("text\r")
        terminal.expect("text\r\ntext\r\n")
        terminal.send("\x03")
        terminal.expect("interrupted\r\nsecond\r\n")
        terminal.send("more\r\x04")
        terminal.expect("end\r\n")
        assert terminal.wait() == 0


# covers: run --tty, run --detach-keys
def test_all_bytes_can_be_typed(shared: Pypod) -> None:
    script = "stty raw -echo; echo ready; head -c 255 | od -An -v -tu1 | tr -s ' \\n' ' '"
    words = ["run", "-it", "--rm", "--detach-keys", "", shared.image, "sh", "-c", script]
    with shared.terminal(*words) as terminal:
        terminal.expect("ready\n")
        terminal.send(bytes(range(1, 256)))
        terminal.expect(" ".join(str(n) for n in range(1, 256)))
        assert terminal.wait() == 0


# covers: run --tty
def test_output_of_a_terminal_without_input(shared: Pypod) -> None:
    """`-t` alone: a terminal inside, whose output goes wherever ours goes; both streams are one."""
    done = raw.run(shared, "run", "--rm", "-t", shared.image, "sh", "-c", "echo out; echo err >&2; tty")
    assert (done.code, done.out, done.err) == (0, b"out\r\nerr\r\n/dev/pts/0\r\n", b"")


# covers: run --tty, run --interactive
def test_a_terminal_with_input_from_a_pipe(shared: Pypod) -> None:
    done = raw.run(
        shared, "run", "--rm", "-it", shared.image, "sh", "-c", "read x; echo got $x", data=b"word\n"
    )
    assert done.code == 0
    assert b"got word\r\n" in done.out
    assert b"not a terminal" in done.err


# covers: run --detach-keys, attach
def test_detach_and_attach_again(shared: Pypod) -> None:
    with shared.terminal("run", "-it", "--name", "c", shared.image, "sh") as terminal:
        shell(terminal)
        terminal.send("x=kept\r")
        terminal.send("\x10")
        terminal.send("\x11")
        assert terminal.wait() == 0
        assert terminal.attributes() == terminal.before
    assert shared.state("c")["Running"] is True
    with shared.terminal("attach", "c", rows=50, cols=99) as terminal:
        shell(terminal)
        terminal.send("echo $x; stty size\r")
        terminal.expect("kept")
        terminal.expect("50 99")
        terminal.send("exit 4\r")
        assert terminal.wait() == 4


# covers: run --detach-keys
def test_a_half_typed_detach_sequence_is_text(shared: Pypod) -> None:
    """ctrl-p waits for ctrl-q, and arrives when something else follows."""
    script = "stty raw -echo; echo ready; head -c 3 | od -An -tx1"
    with shared.terminal("run", "-it", "--rm", shared.image, "sh", "-c", script) as terminal:
        terminal.expect("ready\n")
        terminal.send("\x10")
        time.sleep(0.1)  # in a read of its own
        terminal.send("ab")
        terminal.expect("10 61 62")
        assert terminal.wait() == 0


# covers: run --detach-keys, attach --detach-keys, exec --detach-keys
def test_other_detach_keys(shared: Pypod) -> None:
    with shared.terminal(
        "run", "-it", "--name", "c", "--detach-keys", "x,ctrl-y,z", shared.image, "sh"
    ) as one:
        shell(one)
        one.send("\x10\x11")  # the usual ones are plain text now
        shell(one)
        one.send("x\x19z")
        assert one.wait() == 0
    with shared.terminal("attach", "--detach-keys", "ctrl-[", "c") as two:
        shell(two)
        two.send("\x1b")
        assert two.wait() == 0
    with shared.terminal("exec", "-it", "--detach-keys", "q", "c", "sh") as three:
        shell(three)
        three.send("q")
        assert three.wait() == 0
    assert shared.state("c")["Running"] is True
    for keys in ("ctrl-", "ctrl-1", "ab", "ctrl-aa", ","):
        result = shared.run("-it", "--rm", "--detach-keys", keys, "IMAGE", "true", check=False)
        assert (result.code, "detach-keys" in result.stderr) == (125, True)


# covers: run --detach-keys
def test_no_detach_keys(shared: Pypod) -> None:
    with shared.terminal("run", "-it", "--rm", "--detach-keys", "", shared.image, "sh") as terminal:
        shell(terminal)
        terminal.send("\x10\x11")
        shell(terminal)
        terminal.send("exit 2\r")
        assert terminal.wait() == 2


# covers: attach
def test_two_terminals_at_once(shared: Pypod) -> None:
    with shared.terminal("run", "-it", "--name", "c", shared.image, "sh") as one:
        shell(one)
        with shared.terminal("attach", "c") as two:
            shell(two)
            one.send("echo from''one\r")
            two.expect("fromone")
            two.send("echo from''two\r")
            one.expect("fromtwo")
            two.send("\x10\x11")
            assert two.wait() == 0
        shell(one)
        one.send("exit 6\r")
        assert one.wait() == 6


# covers: exec --tty, exec --interactive
def test_a_terminal_for_exec(shared: Pypod) -> None:
    cid = shared.detached()
    with shared.terminal("exec", "-it", cid, "sh", rows=31, cols=90) as terminal:
        shell(terminal)
        terminal.send("stty size; tty\r")
        terminal.expect("31 90")
        terminal.expect("/dev/pts/")
        terminal.resize(12, 34)
        shell(terminal)
        terminal.send("stty size\r")
        terminal.expect("12 34")
        terminal.send("exit 7\r")
        assert terminal.wait() == 7
        assert terminal.attributes() == terminal.before


# covers: exec --tty
def test_exec_with_a_terminal_and_no_input(shared: Pypod) -> None:
    cid = shared.detached()
    done = raw.run(shared, "exec", "-t", cid, "sh", "-c", "echo out; exit 3")
    assert (done.code, done.out) == (3, b"out\r\n")
    done = raw.run(shared, "exec", "-it", cid, "sh", "-c", "read x; echo got $x", data=b"word\n")
    assert (done.code, b"got word\r\n" in done.out) == (0, True)
    done = raw.run(shared, "exec", "-t", cid, "sh", "-c", "seq 1 20000; exit 9")
    assert done.out == b"".join(b"%d\r\n" % n for n in range(1, 20001))
    assert done.code == 9


# covers: exec --tty
def test_a_terminal_for_commands_that_end_at_once(shared: Pypod) -> None:
    cid = shared.detached()
    for n in range(12):
        done = raw.run(shared, "exec", "-t", cid, "sh", "-c", f"echo {n}; exit {n}", timeout_s=30)
        assert (done.code, done.out) == (n, b"%d\r\n" % n)


# covers: exec --detach-keys
def test_an_exec_that_was_detached_from_goes_on(shared: Pypod) -> None:
    cid = shared.detached()
    with shared.terminal("exec", "-it", cid, "sh") as terminal:
        shell(terminal)
        terminal.send("while [ ! -e /go ]; do sleep 0.05; done; seq 1 50000; touch /went-on\r")
        terminal.send("\x10\x11")
        assert terminal.wait() == 0
    shared("exec", cid, "touch", "/go")
    processes.wait_until(lambda: shared("exec", cid, "test", "-e", "/went-on", check=None).code == 0)
    shared("stop", "-t", "0", cid)


# covers: run --tty, run --detach
def test_a_detached_container_with_a_terminal(shared: Pypod) -> None:
    cid = shared.detached("-t", "IMAGE", "sh", "-c", "tty; sleep 1000")
    assert shared.wait_for_log(cid, "pts").strip() == "/dev/pts/0"
    other = shared.detached("-it", "IMAGE", "sh")
    with shared.terminal("attach", other, rows=44, cols=55) as terminal:
        shell(terminal)
        terminal.send("stty size; exit\r")
        terminal.expect("44 55")
        assert terminal.wait() == 0


# covers: start --attach, start --interactive, start --detach-keys
def test_start_in_a_terminal(shared: Pypod) -> None:
    shared("create", "-it", "--name", "c", shared.image, "sh")
    for code in (3, 4):
        with shared.terminal("start", "-ai", "c", rows=30, cols=70) as terminal:
            shell(terminal)
            terminal.send(f"stty size; exit {code}\r")
            terminal.expect("30 70")
            assert terminal.wait() == code
            assert terminal.attributes() == terminal.before


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT"])
# covers: run --sig-proxy, attach --sig-proxy, start --sig-proxy
def test_signals_to_the_client_reach_a_container_with_a_terminal(shared: Pypod, name: str) -> None:
    script = f"trap 'echo got {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
    shared("create", "-it", "--name", "c", shared.image, "sh", "-c", script)
    for words in (["run", "-it", "--rm", shared.image, "sh", "-c", script], ["start", "-ai", "c"]):
        with shared.terminal(*words) as terminal:
            terminal.expect("ready\r\n")
            terminal.handle.signal(getattr(signal, f"SIG{name}"))
            terminal.expect(f"got {name}\r\n")
            assert terminal.wait() == 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
# covers: exec --tty, attach --sig-proxy
def test_the_terminal_is_restored_when_the_client_is_ended(shared: Pypod, number: int) -> None:
    shared.detached("-it", "--name", "c", "IMAGE", "sh")
    for words in (["exec", "-it", "c", "sh"], ["attach", "--sig-proxy=false", "c"]):
        with shared.terminal(*words) as terminal:
            shell(terminal)
            terminal.handle.signal(number)
            assert terminal.wait() == 128 + number
            assert terminal.attributes() == terminal.before
    assert shared.state("c")["Running"] is True


# covers: run --tty
def test_the_terminal_is_restored_when_the_container_is_killed(shared: Pypod) -> None:
    with shared.terminal("run", "-it", "--name", "c", shared.image, "sh") as terminal:
        shell(terminal)
        shared("kill", "c")
        assert terminal.wait() == 137
        assert terminal.attributes() == terminal.before


# covers: run --tty
def test_the_terminal_is_left_alone_when_the_start_fails(shared: Pypod) -> None:
    with shared.terminal("run", "-it", "--rm", shared.image, "no-such-command") as terminal:
        assert terminal.wait() == 127
        assert terminal.attributes() == terminal.before
        assert b"\r\n" in terminal.screen
