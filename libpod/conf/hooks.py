"""Owns: hook files (oci-hooks(5), schema 1.0.0): which programs the runtime is to call, for which containers.

A file in a later directory replaces one of the same name in an earlier one. Hooks come in the order of the
names of their files, in lower case.
"""

from __future__ import annotations

import os

from libpod.errors import ConfigError
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from libpod.model.container import ContainerRecord

    Hooks = dict[str, list[dict[str, Any]]]

OF_ROOT = ("/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d")
"""Where they are looked for by real root if no directory is named; other users have none by default."""
STAGES = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
_CONDITIONS = ("always", "annotations", "commands", "hasBindMounts")
_MEMBERS = ("path", "args", "env", "timeout")


def matching(folders: Sequence[str], record: ContainerRecord) -> Hooks:
    """The `hooks` object of a container's bundle (runtime-spec config.md "POSIX-platform Hooks"); empty if
    none is for it. Raises ConfigError for a directory that cannot be read, or a file that makes no sense.
    """
    found: Hooks = {}
    for path in _files(folders):
        hook = _read(path)
        if _fits(path, hook["when"], record):
            for stage in hook["stages"]:
                found.setdefault(stage, []).append(hook["hook"])
    return found


def _files(folders: Sequence[str]) -> list[str]:
    paths: dict[str, str] = {}
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError as error:
            if folder in OF_ROOT and isinstance(error, FileNotFoundError):
                continue
            raise ConfigError(
                f"the directory of hooks {folder} cannot be read: {error.strerror}",
                remedy="give another with --hooks-dir, or leave it out of hooks_dir in containers.conf",
            ) from error
        paths.update((name, f"{folder}/{name}") for name in names if name.endswith(".json"))
    return [paths[name] for name in sorted(paths, key=lambda name: (name.lower(), name))]


def _read(path: str) -> dict[str, Any]:
    try:
        document = jsonio.load_file(path)
    except (OSError, ValueError) as error:
        raise _wrong(path, f"cannot be read as JSON: {error}") from error
    if not isinstance(document, dict) or document.get("version") != "1.0.0":
        raise _wrong(path, 'is not of version "1.0.0"')
    hook, when, stages = document.get("hook"), document.get("when"), document.get("stages")
    if not isinstance(hook, dict) or not set(hook) <= set(_MEMBERS):
        raise _wrong(path, f'"hook" is not an object with members of {", ".join(_MEMBERS)}')
    program = hook.get("path")
    if not isinstance(program, str) or not program.startswith("/"):
        raise _wrong(path, 'the "path" of the hook is not an absolute path')
    if not os.access(program, os.X_OK):
        raise _wrong(path, f"the program {program} cannot be executed")
    if not isinstance(when, dict) or not when or not set(when) <= set(_CONDITIONS):
        raise _wrong(path, f'"when" is not an object with members of {", ".join(_CONDITIONS)}')
    if not isinstance(stages, list) or not stages or not set(map(str, stages)) <= set(STAGES):
        raise _wrong(path, f'"stages" is not a list of {", ".join(STAGES)}')
    return document


def _fits(path: str, when: dict[str, Any], record: ContainerRecord) -> bool:
    """Whether all conditions hold."""
    if "always" in when and not when["always"]:
        return False
    if "hasBindMounts" in when:
        binds = any(m["type"] == "bind" for m in record["mounts"])
        if bool(when["hasBindMounts"]) != binds:
            return False
    if "commands" in when and not any(_search(path, text, record["args"][0]) for text in when["commands"]):
        return False
    return all(
        any(_search(path, key, k) and _search(path, value, v) for k, v in record["annotations"].items())
        for key, value in dict(when.get("annotations", {})).items()
    )


def _search(path: str, expression: object, text: str) -> bool:
    import re  # lazy: only where there are hooks

    try:
        return re.search(str(expression), text) is not None
    except re.error as error:
        raise _wrong(path, f'"{expression}" is not a regular expression: {error}') from error


def _wrong(path: str, why: str) -> ConfigError:
    return ConfigError(f"the hook file {path} {why}", remedy="correct the file, or take it away")
