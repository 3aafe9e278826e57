"""Owns: `--change`: Dockerfile instructions that set one member of an image's configuration."""

from __future__ import annotations

from libpod import errors
from libpod.util import jsonio
from libpod.util.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    Config = dict[str, Any]


def apply(changes: list[str], start: Config | None = None) -> Config:
    """The `config` object of an image configuration (image-spec config.md) with all changes made, in order.

    `start` is the configuration to change; it is changed itself.

    Raises UsageError that names the change. `ONBUILD` is checked and has no place in an OCI image.
    """
    config: Config = {} if start is None else start
    for change in changes:
        word, _, value = change.strip().partition(" ")
        if not value.strip():
            word, _, value = change.strip().partition("=")
        word, value = word.strip().upper(), value.strip()
        if not value:
            _bad(change, "it must be written as INSTRUCTION VALUE")
        make = _INSTRUCTIONS.get(word)
        if make is None:
            _bad(change, f"invalid instruction {word}")
        make(config, value, change)
    return config


def _bad(change: str, why: str) -> NoReturn:
    raise errors.UsageError(
        f'invalid change "{printable(change)}" - {printable(why)}',
        remedy=f"the instructions are {', '.join(sorted(_INSTRUCTIONS))}",
        name=printable(change),
    )


def _json_words(value: str, change: str) -> list[str] | None:
    """`["a", "b"]` as a list, None when the value has another form."""
    if not value.startswith("["):
        return None
    try:
        words = jsonio.loads(value)
    except ValueError:
        return None
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        _bad(change, "the list must hold strings only")
    return words


def _command(member: str) -> Callable[[Config, str, str], None]:
    def put(config: Config, value: str, change: str) -> None:
        words = _json_words(value, change)
        config[member] = words if words is not None else ["/bin/sh", "-c", value]

    return put


def _pair(value: str, change: str) -> tuple[str, str]:
    """`KEY=VALUE`, or Docker's old `KEY VALUE`."""
    first = value.split(None, 1)[0]
    key, sep, rest = value.partition("=") if "=" in first else value.partition(" ")
    if not key or not sep:
        _bad(change, "it needs a key and a value")
    rest = rest.strip()
    if len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "\"'":
        rest = rest[1:-1]
    return key, rest


def _env(config: Config, value: str, change: str) -> None:
    key, text = _pair(value, change)
    others = [e for e in config.get("Env", []) if e.partition("=")[0] != key]
    config["Env"] = [*others, f"{key}={text}"]


def _label(config: Config, value: str, change: str) -> None:
    key, text = _pair(value, change)
    config.setdefault("Labels", {})[key] = text


def _expose(config: Config, value: str, change: str) -> None:
    for word in value.split():
        port, _, protocol = word.partition("/")
        first, dash, last = port.partition("-")
        for number in (first, last) if dash else (first,):
            if not number.isdigit() or not 0 < int(number) < 65536:
                _bad(change, f'"{port}" is not a port')
        if protocol.lower() not in ("", "tcp", "udp", "sctp"):
            _bad(change, f'"{protocol}" is not a protocol')
        config.setdefault("ExposedPorts", {})[f"{port}/{protocol.lower() or 'tcp'}"] = {}


def _volume(config: Config, value: str, change: str) -> None:
    for word in _json_words(value, change) or value.split():
        config.setdefault("Volumes", {})[word] = {}


def _user(config: Config, value: str, change: str) -> None:
    if len(value.split()) != 1:
        _bad(change, "a user has no spaces")
    config["User"] = value


def _workdir(config: Config, value: str, change: str) -> None:
    if not value.startswith("/"):
        _bad(change, "the directory must be absolute")
    config["WorkingDir"] = value


def _stop_signal(config: Config, value: str, change: str) -> None:
    import signal

    name = value.upper()
    known = {s.name for s in signal.Signals} | {s.name[3:] for s in signal.Signals}
    if (
        not (name.isdigit() and 0 < int(name) <= 64)
        and name not in known
        and not name.startswith(("SIGRTMIN", "SIGRTMAX"))
    ):
        _bad(change, f'"{value}" is not a signal')
    config["StopSignal"] = name if name.isdigit() or name.startswith("SIG") else "SIG" + name


def _on_build(config: Config, value: str, change: str) -> None:
    pass


_INSTRUCTIONS: dict[str, Callable[[Config, str, str], None]] = {
    "CMD": _command("Cmd"),
    "ENTRYPOINT": _command("Entrypoint"),
    "ENV": _env,
    "EXPOSE": _expose,
    "LABEL": _label,
    "ONBUILD": _on_build,
    "STOPSIGNAL": _stop_signal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
