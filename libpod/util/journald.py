"""Owns: systemd's journal as a place to write to: its socket, and how an entry looks on it.

Native Journal Protocol: a datagram for each entry, of fields `NAME=value\\n`, or for any bytes
`NAME\\n<length, 64 bits, little endian>value\\n`. One that is larger than a datagram may be goes as a sealed
memfd.
"""

from __future__ import annotations

import _socket
import os
import sys

from libpod import errors

SOCKET = "/run/systemd/journal/socket"
PLACE = "PYPOD_LOG"
"""A field of ours: `begin` and `end`, in entries that are no output. What was sent is in the journal when the
entry behind it is."""
RUN = "PYPOD_RUN_ID"
"""Beside it: the run of the container that begins or ends."""


def field(name: str, value: bytes) -> bytes:
    """Return a field as it goes over the socket. Pure."""
    key = name.encode("ascii")
    if b"\n" in value:
        return b"%s\n%s%s\n" % (key, len(value).to_bytes(8, "little"), value)
    return b"%s=%s\n" % (key, value)


def connect() -> _socket.socket:
    """Return a socket that entries are sent to; it does not block. Raises OSError."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
    try:
        sock.setblocking(False)
        sock.connect(SOCKET)
    except OSError:
        sock.close()
        raise
    return sock


def require() -> None:
    """Raise StateError unless there is a journal that takes entries."""
    try:
        connect().close()
    except OSError as e:
        raise missing(e) from e


def missing(error: OSError) -> errors.StateError:
    """Return what to raise when `connect` failed."""
    return errors.StateError(
        f"--log-driver=journald: cannot reach the journal of systemd at {SOCKET}: {error.strerror}",
        remedy='use --log-driver=k8s-file, or start it with "systemctl start systemd-journald"',
    )


def send_large(sock: _socket.socket, entry: bytes) -> None:
    """Send an entry that is too large for a datagram. Raises OSError."""
    import fcntl  # lazy: seldom

    fd = os.memfd_create("journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(entry)
        while view:
            view = view[os.write(fd, view) :]
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
        rights = fd.to_bytes(4, sys.byteorder, signed=True)
        sock.sendmsg([b""], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)], _socket.MSG_NOSIGNAL)
    finally:
        os.close(fd)
