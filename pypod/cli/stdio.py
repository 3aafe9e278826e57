"""Owns: this process's streams, terminal and signals, as an attached command (run, start, attach, exec)
hands them to the engine."""

from __future__ import annotations

import _signal
import os

from libpod.engine.streams import Stdio
from libpod.errors import UsageError
from libpod.kernel import tty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_NOT_PROXIED = (
    "SIGCHLD",
    "SIGKILL",
    "SIGSTOP",
    "SIGPIPE",
    "SIGURG",
    "SIGWINCH",
    "SIGSEGV",
    "SIGBUS",
    "SIGFPE",
    "SIGILL",
    "SIGTSTP",
)
_ENDING = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
STREAMS = ("stdin", "stdout", "stderr")


class Attached:
    """`with Attached(...) as stdio:` - raw terminal and signal forwarding for as long as the block runs.

    `sig_proxy`: signals that this process gets go to the container. With `terminal` and a real terminal on
    stdin the terminal is in raw mode, its size is followed, and the detach keys are looked for."""

    def __init__(
        self, streams: Iterable[str], *, terminal: bool, sig_proxy: bool, detach_keys: bytes
    ) -> None:
        wanted = set(streams)
        self._terminal = terminal and _is_tty(0) and "stdin" in wanted
        self._saved: list[object] | None = None
        self._pipe: tuple[int, int] | None = None
        self._sig_proxy = sig_proxy
        self._old: dict[int, object] = {}
        self.stdio = Stdio(
            0 if "stdin" in wanted else None,
            1 if "stdout" in wanted else None,
            2 if "stderr" in wanted else None,
            tty=terminal,
            detach_keys=detach_keys,
            size=_size if terminal else None,
        )

    def __enter__(self) -> Stdio:
        if self._sig_proxy or self.stdio.tty:
            self._catch()
        if self._terminal:
            self._saved = tty.make_raw(0)
        return self.stdio

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()

    def restore(self) -> None:
        """Give the terminal back and let signals act again. Idempotent."""
        if self._saved is not None:
            tty.restore(0, self._saved)
            self._saved = None
        for number, old in self._old.items():
            _signal.signal(number, old)
        self._old = {}
        if self._pipe is not None:
            _signal.set_wakeup_fd(-1)
            for fd in self._pipe:
                os.close(fd)
            self._pipe = None

    def _catch(self) -> None:
        r, w = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._pipe = (r, w)
        _signal.set_wakeup_fd(w, warn_on_full_buffer=False)
        numbers = [_signal.SIGWINCH] if self.stdio.tty else []
        if self._sig_proxy:
            skipped = {getattr(_signal, name) for name in _NOT_PROXIED}
            numbers += [n for n in range(1, _signal.NSIG) if n not in skipped and n not in (32, 33)]
        for number in numbers:
            self._old[number] = _signal.signal(number, _ignore)
        if self._terminal and not self._sig_proxy:
            for name in _ENDING:
                number = getattr(_signal, name)
                self._old[number] = _signal.signal(number, self._end)
        self.stdio.signal_fd = r
        self.stdio.signals = lambda: list(os.read(r, 256))

    def _end(self, number: int, frame: object) -> None:
        """End as the signal says, and leave no raw terminal behind."""
        self.restore()
        _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _ignore(number: int, frame: object) -> None:
    """The number arrives through the wake-up descriptor; this only keeps the default action from
    happening."""


def _is_tty(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _size() -> tuple[int, int]:
    for fd in (0, 1, 2):
        if _is_tty(fd):
            return tty.get_size(fd)
    return (0, 0)


def check_terminal(interactive: bool, terminal: bool) -> None:
    """Warn as Podman does when a terminal is asked for and stdin is none."""
    if terminal and interactive and not _is_tty(0):
        from pypod.cli.context import note

        note("Warning: the input device is not a terminal, --tty and --interactive may not work as expected")


def chosen(attach: list[str] | None, interactive: bool) -> list[str]:
    """The streams of `run`: `--attach`, else stdout and stderr, and stdin with `-i`."""
    if not attach:
        return ["stdin", "stdout", "stderr"] if interactive else ["stdout", "stderr"]
    names = [a.lower() for a in attach]
    for name in names:
        if name not in STREAMS:
            raise UsageError(
                f'--attach "{name}" is not a stream', remedy="streams are stdin, stdout and stderr"
            )
    return names


def detach_keys(text: str | None, default: str) -> bytes:
    """The bytes of `ctrl-p,ctrl-q`: single characters and `ctrl-` with a letter or one of @ [ \\\\ ] ^ _;
    empty = never detach."""
    out = bytearray()
    value = default if text is None else text
    for key in value.split(",") if value else []:
        if len(key) == 1:
            out += key.encode()
        elif (
            key.lower().startswith("ctrl-")
            and len(key) == 6
            and ("a" <= key[5].lower() <= "z" or key[5] in "@[\\]^_")
        ):
            out.append(ord(key[5].upper()) & 0x1F)
        else:
            raise UsageError(
                f'--detach-keys "{value}": "{key}" is not a key',
                remedy="give characters or ctrl-a to ctrl-z, separated by commas",
            )
    return bytes(out)
