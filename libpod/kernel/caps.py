"""Owns: names and numbers of capabilities, capabilities(7)."""

from __future__ import annotations

NAMES: dict[str, int] = {
    name: number
    for number, name in enumerate(
        (
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_DAC_READ_SEARCH",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_LINUX_IMMUTABLE",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_BROADCAST",
            "CAP_NET_ADMIN",
            "CAP_NET_RAW",
            "CAP_IPC_LOCK",
            "CAP_IPC_OWNER",
            "CAP_SYS_MODULE",
            "CAP_SYS_RAWIO",
            "CAP_SYS_CHROOT",
            "CAP_SYS_PTRACE",
            "CAP_SYS_PACCT",
            "CAP_SYS_ADMIN",
            "CAP_SYS_BOOT",
            "CAP_SYS_NICE",
            "CAP_SYS_RESOURCE",
            "CAP_SYS_TIME",
            "CAP_SYS_TTY_CONFIG",
            "CAP_MKNOD",
            "CAP_LEASE",
            "CAP_AUDIT_WRITE",
            "CAP_AUDIT_CONTROL",
            "CAP_SETFCAP",
            "CAP_MAC_OVERRIDE",
            "CAP_MAC_ADMIN",
            "CAP_SYSLOG",
            "CAP_WAKE_ALARM",
            "CAP_BLOCK_SUSPEND",
            "CAP_AUDIT_READ",
            "CAP_PERFMON",
            "CAP_BPF",
            "CAP_CHECKPOINT_RESTORE",
        )
    )
}
"""linux/capability.h, up to Linux 5.9; later kernels added none until 6.18."""

_last_cap = -1


def last_cap() -> int:
    """Return the highest capability that this kernel knows."""
    global _last_cap
    if _last_cap < 0:
        with open("/proc/sys/kernel/cap_last_cap", "rb", buffering=0) as stream:
            _last_cap = int(stream.read())
    return _last_cap


def known() -> list[str]:
    """Return the names that both this kernel and this table know, by number."""
    last = last_cap()
    return [name for name, number in NAMES.items() if number <= last]


def effective() -> set[str]:
    """Return the capabilities that this process can use now (CapEff of proc_pid_status(5))."""
    return _field(b"CapEff:")


def bounding() -> set[str]:
    """Return the capabilities that this process or its children can ever gain (CapBnd)."""
    return _field(b"CapBnd:")


def _field(label: bytes) -> set[str]:
    with open("/proc/self/status", "rb", buffering=0) as stream:
        for line in stream.read().split(b"\n"):
            if line.startswith(label):
                mask = int(line[len(label) :], 16)
                return {name for name, number in NAMES.items() if mask >> number & 1}
    return set()
