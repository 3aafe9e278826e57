"""Owns: why a user namespace is refused to this process: what confines it, by the name that a unit has for
that, systemd.exec(5).

Looked at before the namespace is made: in it the process is another one, capabilities(7).
"""

from __future__ import annotations

import errno

from libpod.errors import KernelError, RootlessError
from libpod.kernel import caps, ns

_STATUS = "/proc/self/status"


class Confinement:
    """What was taken from this process."""

    __slots__ = ("bounded", "filtered", "nested", "no_new_privs")

    def __init__(self, no_new_privs: bool, filtered: bool, nested: bool, bounded: bool) -> None:
        self.no_new_privs = no_new_privs
        """Set-user-id programs have no effect."""
        self.filtered = filtered
        """A seccomp filter judges its system calls."""
        self.nested = nested
        """It is in a user namespace already."""
        self.bounded = bounded
        """The bounding set lacks what newuidmap and newgidmap need."""


def look() -> Confinement:
    """Return what confines this process now; about 40 us."""
    with open(_STATUS, "rb", buffering=0) as stream:
        lines = stream.read().split(b"\n")
    values = dict(line.split(b":", 1) for line in lines if b":" in line)
    bounding = int(values.get(b"CapBnd", b"0"), 16)
    needed = ("CAP_SETUID", "CAP_SETGID", "CAP_DAC_OVERRIDE")
    return Confinement(
        no_new_privs=int(values.get(b"NoNewPrivs", b"0")) == 1,
        filtered=int(values.get(b"Seccomp", b"0")) == 2,
        nested=not ns.own_userns_is_initial(),
        bounded=any(not bounding >> caps.NAMES[name] & 1 for name in needed),
    )


def no_namespace(error: KernelError, threads: int, seen: Confinement) -> RootlessError:
    """Return the error for a refused unshare(CLONE_NEWUSER), unshare(2), user_namespaces(7)."""
    reason, remedy = str(error.strerror), ""
    if error.errno in (errno.ENOSPC, errno.EUSERS):
        reason = "the limit of user namespaces is reached"
        remedy = 'run "sudo sysctl user.max_user_namespaces=28633"'
    elif error.errno == errno.EINVAL and threads > 1:
        reason = "the process has threads, this is a bug in pypod"
    elif error.errno == errno.EPERM and seen.filtered:
        reason = "a system call filter forbids it (RestrictNamespaces=, SystemCallFilter=, or a container's)"
        remedy = "leave RestrictNamespaces= and SystemCallFilter= out of the unit that starts pypod"
    elif error.errno == errno.EPERM:
        reason = "permission denied (switched off on this machine, or the process is in a chroot)"
        remedy = 'run "sudo sysctl kernel.unprivileged_userns_clone=1" if that setting exists'
    return RootlessError(f"cannot make a user namespace: {reason}", remedy=remedy)


def no_map(commands: list[list[str]], complaint: str, seen: Confinement) -> RootlessError:
    """Return the error for newuidmap or newgidmap that failed with these words."""
    said = f": {complaint}" if complaint else ""
    if seen.no_new_privs:
        return RootlessError(
            f"newuidmap cannot get its rights, because no_new_privs is set for this process{said}",
            remedy="leave NoNewPrivileges= out of the unit that starts pypod, and what implies it: "
            "SystemCallFilter=, on Debian 12 ProtectKernelLogs= and others too",
        )
    if seen.nested:
        return RootlessError(
            "cannot map the ids of the user namespace: the process is in one already, without these ids"
            f" (PrivateUsers= in its unit, or a container){said}",
            remedy="leave PrivateUsers= out of the unit that starts pypod",
        )
    if seen.bounded:
        return RootlessError(
            f"newuidmap cannot get its rights, because they are not in the capability bounding set{said}",
            remedy="leave CapabilityBoundingSet= out of the unit that starts pypod",
        )
    called = " and ".join(" ".join(argv) for argv in commands)
    return RootlessError(
        f"cannot map the ids of the user namespace: {complaint or 'no reason given'} ({called})",
        remedy='run "sudo apt-get install --reinstall uidmap" if newuidmap has lost its set-user-id bit',
    )
