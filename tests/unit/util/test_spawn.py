"""Programs get what they are meant to get and nothing else, end in time, and fail with a reason."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from libpod import errors
from libpod.errors import KernelError, NotFoundError, ProcessError, PypodError, ToolMissingError
from libpod.util import spawn


def sh(script: str, **options: object) -> spawn.Result:
    arguments = {"timeout_s": 20.0, **options}
    return spawn.run(["sh", "-c", script], **arguments)  # type: ignore[arg-type]


def is_inheritable(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


def test_output_error_and_code() -> None:
    result = sh("echo out; echo err >&2; exit 3", check=False)
    assert (result.code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")


def test_failure_carries_the_end_of_stderr() -> None:
    with pytest.raises(ProcessError, match="exit code 3: sad") as raised:
        sh("echo sad >&2; exit 3")
    assert raised.value.code == 3


def test_stdin_of_any_size_comes_back() -> None:
    data = os.urandom(1_000_000)
    assert sh("cat", stdin=data).stdout == data
    assert sh("cat").stdout == b""


def test_stdin_that_nobody_reads_is_no_error() -> None:
    assert sh("exit 0", stdin=bytes(1_000_000)).code == 0


def test_stdin_by_descriptor(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("file")
    with (tmp_path / "f").open("rb") as stream:
        assert sh("cat", stdin=stream.fileno()).stdout == b"file"


def test_environment_is_clean() -> None:
    names = {line.partition("=")[0] for line in sh("env").stdout.decode().splitlines()}
    assert names <= {"PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"}
    assert b"A=b" in spawn.run(["env"], env={"PATH": "/usr/bin:/bin", "A": "b"}, timeout_s=20).stdout


def test_only_the_given_descriptors_are_inherited() -> None:
    left_open = {fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2 and is_inheritable(fd)}
    one, other = os.pipe()
    seen = set(map(int, spawn.run(["ls", "/proc/self/fd"], timeout_s=20).stdout.split()))
    os.close(one)
    os.close(other)
    assert len(seen - left_open) == 4  # and the one by which ls reads the directory


def test_passed_descriptor_keeps_its_number() -> None:
    read_fd, write_fd = os.pipe()
    os.write(write_fd, b"x\n")
    os.close(write_fd)
    assert sh(f"cat /proc/self/fd/{read_fd}", pass_fds=[read_fd]).stdout == b"x\n"
    assert not os.get_inheritable(read_fd)
    os.close(read_fd)


@pytest.mark.parametrize("cwd", [None, "/"])
def test_descriptors_can_change_places(tmp_path: Path, cwd: str | None) -> None:
    names = ["a", "b", "c"]
    ours = []
    for name in names:
        (tmp_path / name).write_text(name)
        ours.append(os.open(tmp_path / name, os.O_RDONLY))
    wanted = dict(zip(ours, ours[1:] + ours[:1], strict=True))  # each at the place of the next
    out_r, out_w = os.pipe()
    script = "; ".join(f"cat /proc/self/fd/{fd}" for fd in ours)
    pid = spawn.start(["sh", "-c", script], fds={1: out_w, **wanted}, cwd=cwd)
    os.close(out_w)
    assert spawn.wait(pid) == 0
    assert os.read(out_r, 10) == b"bca"
    for fd in [*ours, out_r]:
        os.close(fd)


def test_directory_is_as_given() -> None:
    assert sh("pwd", cwd="/usr").stdout == b"/usr\n"
    with pytest.raises(ToolMissingError, match="No such file"):
        sh("pwd", cwd="/no/such/place")


def test_signals_are_as_a_program_expects_them() -> None:
    mask, ignored = (
        int(line.split()[1], 16)
        for line in sh("grep -E 'SigBlk|SigIgn' /proc/self/status").stdout.decode().splitlines()
    )
    assert mask == 0
    assert not ignored & (1 << 12)  # SIGPIPE


def test_it_is_killed_when_it_takes_too_long() -> None:
    begin = time.monotonic()
    with pytest.raises(ProcessError, match="too long"):
        spawn.run(["sleep", "60"], timeout_s=0.2)
    assert time.monotonic() - begin < 10


def test_orphan_that_keeps_the_pipe_is_not_waited_for() -> None:
    begin = time.monotonic()
    result = sh("echo out; (sleep 5; exit) & echo $!")
    os.kill(int(result.stdout.split()[1]), 9)
    assert time.monotonic() - begin < 4


def test_too_much_output_is_refused() -> None:
    with pytest.raises(ProcessError, match="more than 1000 bytes"):
        spawn.run(["cat", "/dev/zero"], timeout_s=20, max_output=1000)


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program", "/etc/passwd"])
def test_program_that_cannot_be_executed_is_named(program: str) -> None:
    with pytest.raises(ToolMissingError, match=program):
        spawn.run([program], timeout_s=20)


def test_nothing_is_left_open() -> None:
    before = os.listdir("/proc/self/fd")
    sh("echo x", stdin=b"y")
    sh("echo x", cwd="/")
    with pytest.raises(ProcessError):
        sh("exit 1")
    with pytest.raises(ToolMissingError):
        spawn.run(["/no/such/program"], stdin=b"x", timeout_s=20)
    assert os.listdir("/proc/self/fd") == before


def test_result_of_a_forked_child() -> None:
    assert spawn.in_child(lambda: {"pid": os.getpid()})["pid"] != os.getpid()


def test_error_of_a_forked_child_is_raised_here() -> None:
    def fail() -> None:
        raise NotFoundError("no such thing", remedy="make it", name="thing")

    with pytest.raises(NotFoundError, match="no such thing") as raised:
        spawn.in_child(fail)
    assert (raised.value.remedy, raised.value.name) == ("make it", "thing")


def test_system_error_of_a_forked_child_keeps_its_number() -> None:
    with pytest.raises(KernelError) as raised:
        spawn.in_child(lambda: os.open("/no/such/file", 0))
    assert (raised.value.errno, raised.value.filename) == (2, "/no/such/file")


def test_forked_child_that_dies_is_an_error() -> None:
    with pytest.raises(ProcessError, match="without an answer"):
        spawn.in_child(lambda: os.kill(os.getpid(), 9))


def test_bug_in_a_forked_child_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    def bug() -> None:
        raise ZeroDivisionError("oh")

    with pytest.raises(PypodError, match="ZeroDivisionError: oh"):
        spawn.in_child(bug)
    assert "bug" in capfd.readouterr().err


def test_every_class_of_error_survives_the_way() -> None:
    for cls in vars(errors).values():
        if not isinstance(cls, type) or not issubclass(cls, PypodError):
            continue
        if cls is KernelError:
            error: PypodError = KernelError(13, "openat2", "/x", remedy="r")
        elif cls is ProcessError:
            error = ProcessError(["crun", "x"], -9, "bad", remedy="r")
        elif cls is errors.ErrorList:
            error = errors.ErrorList([NotFoundError("a"), KernelError(1, "mount")])
        else:
            error = cls("message", remedy="r", name="n", exit_code=42)
        back = spawn.unpack_error(spawn.pack_error(error))
        assert type(back) is cls
        assert (str(back), back.remedy, back.exit_code) == (str(error), error.remedy, error.exit_code)
