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


def moment(text: str | None, option: str, *, ahead: bool) -> str:
    """A time as the log writes it, from RFC 3339, a Unix time, or a duration: back from now, or `ahead`.
    Raises UsageError."""
    if not text:
        return ""
    import time

    from libpod import errors, units

    try:
        moment_ns = units.parse_time_ns(text, time.time_ns(), ahead=ahead)
        seconds, rest = divmod(moment_ns, units.NS_PER_S)
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09d}"
    except ValueError as e:
        raise errors.UsageError(
            f'{option} "{text}" is not a time',
            remedy="give a time as in 2026-01-31T12:00:00Z, a Unix time, or a duration as in 10m",
        ) from e


class Writer:
    """Writes a container's log to our stdout and stderr: with `before` at the start of each line, and
    `after` at its end."""

    def __init__(self, before: bytes = b"", after: bytes = b"") -> None:
        self._before = before
        self._after = after
        self._inside = {1: False, 2: False}
        """The last line of the stream has no end yet."""

    def __call__(self, fd: int, data: bytes) -> None:
        before, after = self._before, self._after
        if before or after:
            begun = self._inside[fd]
            lines = data.split(b"\n")
            last = lines.pop()
            out = [b"" if begun and not n else before for n in range(len(lines))]
            text = b"".join(b + line + after + b"\n" for b, line in zip(out, lines, strict=True))
            if last:
                text += last if begun and not lines else before + last
            self._inside[fd] = bool(last) or (begun and not lines)
        else:
            text = data
            self._inside[fd] = not data.endswith(b"\n")
        streams.write_all(fd, text)

    def finish(self, *, newline: bool) -> None:
        """Close lines that have no end; with `newline` what comes next begins a line."""
        for fd, inside in self._inside.items():
            end = (self._after + b"\n" if newline else self._after) if inside else b""
            if end:
                streams.write_all(fd, end)
            self._inside[fd] = False


def writer(record: ContainerRecord, number: int, *, several: bool, names: bool, color: bool) -> Writer:
    """The writer for one of the containers: of several each line begins with the id, or with `--names` the
    name."""
    before = f"{record['name'] if names else record['id'][:12]} " if several else ""
    if not color:
        return Writer(before.encode())
    return Writer(f"\x1b[{_COLOURS[number % len(_COLOURS)]}m{before}".encode(), b"\x1b[0m")


def follow_all(
    ctx: Context, records: list[ContainerRecord], tail: int, wanted: Filter, *, names: bool, color: bool
) -> int:
    """Follow several logs: one child each, so that every one is written as it comes."""
    from libpod.engine import logs as engine

    children = []
    for number, record in enumerate(records):
        write = writer(record, number, several=True, names=names, color=color)

        def show(record: ContainerRecord = record, write: Writer = write) -> None:
            engine.show(ctx.session, record, write, tail=tail, follow=True, wanted=wanted)
            write.finish(newline=True)

        children.append(in_child(ctx, show))
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    return max(codes)


def in_child(ctx: Context, show: Callable[[], None]) -> int:
    """Do it in a child, which reports its own errors; its pid."""
    from pypod.ui import report

    ctx.flush()
    pid = os.fork()
    if pid == 0:
        code = 125
        try:
            show()
            code = 0
        except BrokenPipeError:
            code = 141
        except Exception as e:  # the outermost frame of a child
            code = report.failure(e)
        finally:
            os._exit(code)
    return pid
