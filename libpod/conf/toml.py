"""Owns: reading TOML files, off the hot path."""

from __future__ import annotations

from libpod.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load(path: str) -> dict[str, Any]:
    """The parsed file. ConfigError for damage, with file and line; OSError when it cannot be read."""
    import tomllib  # lazy: 3-6 ms with re; needed only when a configuration file has changed

    with open(path, "rb") as f:
        raw = f.read(1 << 20)
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ConfigError(
            f"{path}: not a valid TOML file: {e}", remedy=f"mend or remove {path}", name=path
        ) from e
