"""Owns: what is read of storage.conf(5).

Only how to store, never where: `graphroot` and `runroot` there are the folders of another engine, and pypod
has its own.
"""

from __future__ import annotations

from libpod import log
from libpod.conf import toml
from libpod.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DRIVERS = ("overlay", "overlay2", "fuse-overlayfs", "vfs")


def read(path: str, into: dict[str, Any]) -> None:
    """Read one file: fields `storage_driver`, `overlay_mount_program`. What a weaker file said is
    forgotten.
    """
    into.pop("storage_driver", None)
    into.pop("overlay_mount_program", None)
    table = toml.load(path).get("storage", {})
    if not isinstance(table, dict):
        raise _wrong(path, "storage", "a table")
    driver = table.get("driver", "")
    if not isinstance(driver, str):
        raise _wrong(path, "storage.driver", "a string")
    if driver in _DRIVERS:
        into["storage_driver"] = "overlay" if driver == "overlay2" else driver
    elif driver:
        log.debug("storage driver of a configuration file is not known", file=path, driver=driver)
    options = table.get("options", {})
    overlay = options.get("overlay", {}) if isinstance(options, dict) else {}
    program = overlay.get("mount_program", "") if isinstance(overlay, dict) else ""
    if not isinstance(program, str):
        raise _wrong(path, "storage.options.overlay.mount_program", "a string")
    if program:
        into["overlay_mount_program"] = program


def _wrong(path: str, name: str, form: str) -> ConfigError:
    return ConfigError(f"{path}: {name} must be {form}", remedy=f"correct {name} in {path}", name=path)
