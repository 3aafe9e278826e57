"""Owns: the way from the words of a command line to the function of the command, and from its end to an exit
code.

Nothing heavy is imported here: `--version` needs sys only, a command its own modules and the option table.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from pypod.cli.parse import Words
    from pypod.cli.table import Spec

_LEVELS = {
    "trace": "debug",
    "debug": "debug",
    "info": "info",
    "warn": "warn",
    "warning": "warn",
    "error": "error",
    "fatal": "error",
    "panic": "error",
}


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and end the process, by _exit: that saves the tear-down of the interpreter."""
    args = sys.argv[1:] if args is None else args
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        _open_standard_streams()
    if args and args[0] in ("--version", "-v"):
        from pypod import __version__

        sys.stdout.write(f"pypod version {__version__}\n")
        _leave(0)
    _leave(guarded(args))


def _open_standard_streams() -> None:
    """Put /dev/null where a standard stream was closed: no file that is opened later may take its place."""
    import os

    while (fd := os.open("/dev/null", os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def guarded(args: list[str]) -> int:
    """Run a command line; whatever happens becomes a message and an exit code."""
    try:
        code = dispatch(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141  # as if SIGPIPE had ended the process
    except Exception as e:  # the outermost frame: every failure ends here
        from pypod.ui import report

        return report.failure(e)
    else:
        return code


def _leave(code: int) -> NoReturn:
    import posix

    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 141
    posix._exit(code)


def dispatch(args: list[str]) -> int:
    """Parse `args`, call the command's function, return the exit code. Raises PypodError."""
    if args and args[0] == "__complete":
        from pypod.cli import complete

        return complete.main(args[1:])
    from pypod.cli import parse, table

    words = parse.Words("pypod", table.PROGRAM, table.GLOBAL)
    words.read(args, False)
    if words.help:
        return show_help([])
    if words.options.get("version"):
        from pypod import __version__

        sys.stdout.write(f"pypod version {__version__}\n")
        return 0
    path, words = _descend(words)
    if path not in table.COMMANDS:
        return _incomplete(path, words.help)
    spec = table.COMMANDS[path]
    module, function, interspersed, arguments, arity, text = spec
    call = parse.Words(f"pypod {path}", text, table.GLOBAL, words)
    call.read(words.positionals, interspersed)
    if call.help:
        return show_help(path.split())
    bound = parse.bind(f"pypod {path}", arguments, arity, call.positionals)
    _check_states(path, call, spec)
    return _call(path, module, function, call, bound)


def _descend(words: Words) -> tuple[str, Words]:
    """Follow groups and aliases to the command; the words behind it stay in the last level's positionals."""
    from pypod.cli import parse, table

    path = ""
    while words.positionals:
        word = words.positionals.pop(0)
        name = f"{path} {word}" if path else word
        name = table.ALIASES.get(name, name)
        if words.dashed or not (name in table.COMMANDS or name in table.GROUPS or name in table.MISSING):
            from pypod.cli import suggest

            suggest.unknown(path, word)
        path = name
        if name in table.MISSING:
            from libpod.errors import NotSupportedError

            raise NotSupportedError(f'"pypod {name}" is not supported yet', remedy=table.MISSING[name])
        if name in table.COMMANDS:
            return path, words
        group = parse.Words(f"pypod {path}", "", table.GLOBAL, words)
        group.read(words.positionals, False)
        words = group
        if words.help:
            break
    return path, words


def _incomplete(path: str, asked: bool) -> int:
    """A group without a command behind it: show what it has, which is nothing for some."""
    from libpod.errors import NotSupportedError, UsageError
    from pypod.cli import table

    if path and not any(c.startswith(f"{path} ") for c in table.COMMANDS):
        raise NotSupportedError(f'"pypod {path}" is not supported yet')
    code = show_help(path.split())
    if asked:
        return code
    raise UsageError(f"missing command 'pypod {path + ' ' if path else ''}COMMAND'")


def show_help(path: list[str]) -> int:
    """Print the help of a command."""
    try:
        from pypod.cli import app  # lazy: imports typer, 40-90 ms
    except ModuleNotFoundError as e:
        from libpod.errors import ToolMissingError

        raise ToolMissingError(
            f"help needs the Python package {e.name}", remedy=f"install it: pip install {e.name}"
        ) from e
    return app.show_help(path)


def _check_states(path: str, words: Words, spec: Spec) -> None:
    """Refuse options that are not there yet; say which ones have no effect."""
    if not words.used:
        return
    from libpod.errors import NotSupportedError
    from pypod.cli import table
    from pypod.cli.context import note

    for entry in words.used:
        why = table.REASONS.get(f"{spec[0]}:{spec[1]} {entry.name}", "") or table.REASONS.get(entry.name, "")
        if entry.mark == "-":
            raise NotSupportedError(f'--{entry.name} of "pypod {path}" is not supported yet', remedy=why)
        note(f"Note: --{entry.name} has no effect: {why}")


def _call(path: str, module: str, function: str, words: Words, bound: dict[str, object]) -> int:
    import os

    from pypod.cli.context import Context

    options = words.global_options
    if options:
        _apply_globals(options)
    os.umask(0o022)
    # names of files need not be text
    sys.stdout.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    name = f"pypod.cli.{module}"
    __import__(name)
    verb = getattr(sys.modules[name], function)
    context = Context(path, options, words.global_words)  # type: ignore[arg-type]
    try:
        return verb(context, **bound, **words.options) or 0
    finally:
        context.close()


def _apply_globals(options: dict[str, object]) -> None:
    """What global options mean to the program itself."""
    level = options.get("log_level")
    if level is not None:
        from libpod import log
        from libpod.errors import UsageError

        if str(level).lower() not in _LEVELS:
            raise UsageError(f'log level "{level}" is not supported, choose from: {", ".join(_LEVELS)}')
        log.set_level(_LEVELS[str(level).lower()])
    target = "/dev/null" if options.get("noout") else options.get("out")
    if target:
        import os

        from libpod.errors import UsageError

        try:
            fd = os.open(str(target), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        except OSError as e:
            raise UsageError(f'--out "{target}": {e.strerror}') from e
        os.dup2(fd, 1)
        os.close(fd)
