"""Owns: how `logs` shows several containers: prefixes, colours, following them together; and what a time on
its command line means."""

from __future__ import annotations

import os

from libpod.engine import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.logs import Filter
    from libpod.model.container import ContainerRecord
    from pypod.cli.context import Context

_COLOURS = (37, 31, 32, 33, 34, 35, 36)


def moment(text: str | None, option: str) -> str:
    """A time as the log writes it, from RFC 3339, a Unix time, or a duration back from now. Raises
    UsageError."""
    if not text:
        return ""
    import time

    from libpod import errors, units

    try:
        seconds, rest = divmod(units.parse_time_ns(text, time.time_ns()), units.NS_PER_S)
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09d}"
    except ValueError as e:
        raise errors.UsageError(
            f'{option} "{text}" is not a time',
            remedy="give a time as in 2026-01-31T12:00:00Z, a Unix time, or a duration as in 10m",
        ) from e


def prefix(record: ContainerRecord, number: int, width: int, *, names: bool, color: bool) -> bytes:
    """What comes before each line of this container; empty for none."""
    if not names:
        return b""
    name = f"{record['name']:<{width}} "
    return (f"\x1b[{_COLOURS[number % len(_COLOURS)]}m{name}\x1b[0m" if color else name).encode()


def writer(before: bytes) -> Callable[[int, bytes], None]:
    """Writes to our stdout and stderr, with `before` in front of each line."""
    if not before:
        return streams.write_all

    def write(fd: int, data: bytes) -> None:
        streams.write_all(fd, b"".join(before + line for line in data.splitlines(keepends=True)))

    return write


def follow_all(
    ctx: Context, records: list[ContainerRecord], tail: int, wanted: Filter, *, names: bool, color: bool
) -> int:
    """Follow several logs: one child each, so that every one is written as it comes."""
    from libpod.engine import logs as engine

    ctx.flush()
    children = []
    width = max(len(r["name"]) for r in records)
    for number, record in enumerate(records):
        before = prefix(record, number, width, names=names or color, color=color)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                engine.show(ctx.session, record, writer(before), tail=tail, follow=True, wanted=wanted)
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    return max(codes)
