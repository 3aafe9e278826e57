"""Owns: process identity (pidfd, start time, boot id) and what prctl(2) sets for this process."""

from __future__ import annotations

import _signal  # `signal` itself pulls enum: 4 ms
import errno
import os

from libpod.errors import KernelError
from libpod.kernel import clib
from libpod.kernel.const import (
    PR_CAPBSET_DROP,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_NAME,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    PR_SET_SECUREBITS,
    SECBIT_NO_SETUID_FIXUP,
)
from libpod.kernel.libc import check, libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_CAPABILITY_VERSION_3 = 0x20080522
"""linux/capability.h: two words of each set."""
_boot_id = ""
_pid_namespace = 0


def pidfd_open(pid: int) -> int:
    """Return an owned pidfd, close-on-exec; ESRCH when there is no such process. pidfd_open(2), 5.3.

    A zombie has one too.
    """
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        raise KernelError(error.errno or errno.ESRCH, "pidfd_open", str(pid)) from None


def pidfd_signal(pidfd: int, sig: int) -> None:
    """Send a signal to exactly that process; ESRCH when it has ended. pidfd_send_signal(2), 5.1."""
    try:
        _signal.pidfd_send_signal(pidfd, sig)
    except OSError as error:
        raise KernelError(error.errno or errno.ESRCH, "pidfd_send_signal") from None


def start_time(pid: int) -> int:
    """Return when the process started, in clock ticks since boot: with the pid it names a process for ever.

    ESRCH if none.

    proc_pid_stat(5), field 22. A zombie still has it.
    """
    return int(_stat(pid)[19])


def alive(pid: int, start: int) -> bool:
    """Say whether exactly that process still runs; a zombie does not."""
    try:
        fields = _stat(pid)
    except KernelError:
        return False
    return int(fields[19]) == start and fields[0] not in (b"Z", b"X")


def stopped(pid: int) -> bool:
    """Say whether the process was stopped (SIGSTOP, or a debugger) and does nothing until it is let go on."""
    try:
        return _stat(pid)[0] in (b"T", b"t")
    except KernelError:
        return False


def pid_namespace() -> int:
    """Return the inode of the pid namespace that this process is in, namespaces(7)."""
    global _pid_namespace
    if not _pid_namespace:
        _pid_namespace = os.stat("/proc/self/ns/pid").st_ino
    return _pid_namespace


def boot_id() -> str:
    """Return the id of this boot of the machine: what was recorded under another one is over."""
    global _boot_id
    if not _boot_id:
        with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as stream:
            _boot_id = stream.read().decode("ascii").strip()
    return _boot_id


def set_subreaper() -> None:
    """Become the parent of orphaned descendants. PR_SET_CHILD_SUBREAPER, prctl(2), 3.4."""
    check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl subreaper")


def set_pdeathsig(sig: int) -> None:
    """Get this signal when the parent *thread* dies.

    PR_SET_PDEATHSIG: cleared by fork and by a change of ids; check getppid after.
    """
    check(libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0), "prctl pdeathsig")


def keep_capabilities(names: Sequence[str]) -> None:
    """Give up all capabilities but these, for good; nobody can look into the process any more. capset(2)."""
    from _struct import pack  # lazy: so are these two

    from libpod.kernel import caps

    mask = sum(1 << caps.NAMES[name] for name in names)
    for number in range(caps.last_cap() + 1):
        if not mask >> number & 1:
            check(libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "prctl capbset")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no_new_privs")
    words = [mask >> shift & 0xFFFFFFFF for shift in (0, 32)]
    data = pack("=6I", words[0], words[0], 0, words[1], words[1], 0)
    capset = libc["capset"]
    capset.argtypes = (clib.c_char_p, clib.c_char_p)
    header = pack("=Ii", _CAPABILITY_VERSION_3, 0)
    check(capset(header, data), "capset")
    check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl dumpable")


def create_as(uid: int, gid: int) -> None:
    """Make new files of this process theirs from the first moment, and keep all its capabilities.

    setfsuid(2) takes capabilities away unless SECBIT_NO_SETUID_FIXUP is set, capabilities(7).
    """
    check(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "prctl securebits")
    libc.setfsgid(gid)
    libc.setfsuid(uid)


def set_title(name: str) -> None:
    """Name the process in `ps`: comm (15 bytes) and command line, so that values given there do not show.

    The place of the command line comes from proc_pid_stat(5), fields 48 and 49; where it cannot be had, only
    comm changes.
    """
    raw = os.fsencode(name)
    buffer = clib.create_string_buffer(raw[:15])
    check(libc.prctl(PR_SET_NAME, clib.addressof(buffer), 0, 0, 0), "prctl name")
    fields = _stat("self")
    begin, end = int(fields[45]), int(fields[46])
    if not 0 < begin < end:
        return
    size = end - begin
    clib.memmove(begin, raw[: size - 1].ljust(size, b"\0"), size)


def _stat(pid: int | str) -> list[bytes]:
    """Return the fields of /proc/<pid>/stat from the third (state) on; the second may hold any character."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as stream:
            raw = stream.read()
    except (FileNotFoundError, ProcessLookupError):
        raise KernelError(errno.ESRCH, "stat of process", str(pid)) from None
    except OSError as error:
        raise KernelError(error.errno or errno.EIO, "stat of process", str(pid)) from None
    return raw[raw.rindex(b")") + 2 :].split()


def allow_descriptors() -> None:
    """Let this process open as many files as it may at all (RLIMIT_NOFILE, getrlimit(2)).

    For a command that ends soon and starts no program, which would inherit it.
    """
    import resource  # lazy: few need it

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
