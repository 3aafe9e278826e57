"""Structures have the kernel's sizes, and the parsers read the kernel's texts."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from libpod.errors import KernelError
from libpod.kernel import caps, fds, libc, mount, path, process


def test_sizes_are_those_of_the_headers() -> None:
    assert ctypes.sizeof(path.OpenHow) == 24  # OPEN_HOW_SIZE_VER0
    assert ctypes.sizeof(mount.MountAttr) == 32  # MOUNT_ATTR_SIZE_VER0


def test_mount_row_with_everything() -> None:
    row = mount.MountRow(
        r"36 35 98:0 /mnt\0401 /mnt/a\040b\134c rw,noatime shared:1 master:2 "
        r"- ext3 /dev/root\0111 rw,errors=continue"
    )
    assert (row.id, row.parent, row.device, row.root) == (36, 35, "98:0", "/mnt 1")
    assert row.target == "/mnt/a b\\c"
    assert row.options == ["rw", "noatime"]
    assert row.optional == ["shared:1", "master:2"]
    assert (row.fstype, row.source, row.super_options) == ("ext3", "/dev/root\t1", ["rw", "errors=continue"])


def test_mount_row_without_optional_fields() -> None:
    row = mount.MountRow("1 0 0:1 / / rw - rootfs none rw")
    assert row.optional == []
    assert row.fstype == "rootfs"


def test_own_mount_table_is_read() -> None:
    assert any(row.target == "/proc" and row.fstype == "proc" for row in mount.mounts())


def test_failed_call_names_itself_and_the_path() -> None:
    with pytest.raises(KernelError, match="statfs /no/such: No such file") as raised:
        libc.file_system_type("/no/such")
    assert raised.value.errno == 2
    assert isinstance(raised.value, OSError)


def test_options_that_the_kernel_would_cut_are_refused() -> None:
    with pytest.raises(KernelError, match="Invalid argument"):
        mount.mount("none", "/mnt", "tmpfs", 0, "x" * 4096)


def test_capabilities_have_the_kernels_numbers() -> None:
    assert caps.NAMES["CAP_CHOWN"] == 0
    assert caps.NAMES["CAP_SYS_ADMIN"] == 21
    assert caps.NAMES["CAP_SETFCAP"] == 31
    assert caps.NAMES["CAP_CHECKPOINT_RESTORE"] == 40
    assert caps.effective() <= caps.bounding() | caps.effective() <= set(caps.known())


def test_process_is_known_by_its_start() -> None:
    start = process.start_time(os.getpid())
    assert process.alive(os.getpid(), start)
    assert not process.alive(os.getpid(), start + 1)


def test_zombie_is_not_alive_and_has_a_start() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    start = process.start_time(pid)
    assert not process.alive(pid, start)
    os.waitpid(pid, 0)
    assert not process.alive(pid, start)
    with pytest.raises(KernelError) as raised:
        process.start_time(pid)
    assert raised.value.errno == 3
    with pytest.raises(KernelError, match="pidfd_open"):
        process.pidfd_open(pid)


def test_signal_goes_to_exactly_that_process() -> None:
    pid = os.fork()
    if pid == 0:
        while True:
            os.read(os.pipe()[0], 1)
    pidfd = process.pidfd_open(pid)
    process.pidfd_signal(pidfd, 9)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
    with pytest.raises(KernelError) as raised:
        process.pidfd_signal(pidfd, 9)
    assert raised.value.errno == 3
    os.close(pidfd)


def test_name_with_blanks_and_brackets_does_not_confuse(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    pid = os.posix_spawn(program, [str(program), "60"], {})
    try:
        assert process.alive(pid, process.start_time(pid))
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_boot_id_is_that_of_the_machine() -> None:
    assert process.boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_title_hides_the_command_line() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from libpod.kernel import process;"
        "process.set_title('pypod: monitor x'); print(open('/proc/self/comm').read().strip());"
        "print(open('/proc/self/cmdline').read().rstrip(chr(0)))"
    )
    root = str(Path(process.__file__).parents[2])
    read_fd, write_fd = os.pipe()
    argv = ["python3", "-I", "-S", "-c", script, root, "--env", "SECRET=1"]
    actions = [(os.POSIX_SPAWN_DUP2, write_fd, 1)]
    pid = os.posix_spawn("/usr/bin/python3", argv, {}, file_actions=actions)
    os.close(write_fd)
    os.waitpid(pid, 0)
    assert os.read(read_fd, 4096).decode() == "pypod: monitor\npypod: monitor x\n"
    os.close(read_fd)


def test_descriptors_are_kept_from_programs() -> None:
    pid = os.fork()
    if pid == 0:
        fds.cloexec_from(3)
        kept = [fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2]
        os._exit(sum(os.path.exists(f"/proc/self/fd/{fd}") and os.get_inheritable(fd) for fd in kept))
    assert os.waitpid(pid, 0)[1] == 0


def test_descriptors_are_closed_but_some() -> None:
    one, other = os.pipe()
    third = os.open("/", os.O_RDONLY)
    pid = os.fork()
    if pid == 0:
        fds.close_all_but({one, third})
        left = {fd for fd in map(int, os.listdir("/proc/self/fd")) if os.path.exists(f"/proc/self/fd/{fd}")}
        os._exit(0 if left - {0, 1, 2} == {one, third} else 1)
    assert os.waitpid(pid, 0)[1] == 0
    for fd in (one, other, third):
        os.close(fd)
