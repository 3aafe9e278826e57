"""Owns: where the programs are that pypod starts, and which package has them."""

from __future__ import annotations

import os

from libpod.errors import ToolMissingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGES = {
    "busctl": "systemd",
    "busybox": "busybox-static",
    "catatonit": "catatonit",
    "criu": "criu",
    "crun": "crun",
    "fuse-overlayfs": "fuse-overlayfs",
    "fusermount3": "fuse3",
    "git": "git",
    "ip": "iproute2",
    "journalctl": "systemd",
    "loginctl": "systemd",
    "mount": "mount",
    "newgidmap": "uidmap",
    "newuidmap": "uidmap",
    "nft": "nftables",
    "pasta": "passt",
    "runc": "runc",
    "slirp4netns": "slirp4netns",
    "systemctl": "systemd",
    "systemd-run": "systemd",
    "tar": "tar",
    "tini": "tini",
    "zstd": "zstd",
}
"""Program -> Debian package."""

DIRS = ("/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin")
LIBEXEC = ("/usr/local/libexec/podman", "/usr/libexec/podman", "/usr/local/lib/podman", "/usr/lib/podman")
"""Where distributions put catatonit, without a link on PATH."""
_found: dict[str, str] = {}


def find(name: str, extra_dirs: Iterable[str] = ()) -> str:
    """The absolute path of a program. Raises ToolMissingError naming the package.

    Looked for in `extra_dirs`, PATH, then the usual folders, which a service or cron may not have on its
    PATH. Remembered.
    """
    path = try_find(name, extra_dirs)
    if path is None:
        package = PACKAGES.get(os.path.basename(name), "")
        remedy = f'install it, on Debian with "apt-get install {package}"' if package else f"install {name}"
        raise ToolMissingError(f'the program "{name}" is not installed', remedy=remedy, name=name)
    return path


def try_find(name: str, extra_dirs: Iterable[str] = ()) -> str | None:
    """As `find`, None when it is missing. A name with a slash is a path and is only checked."""
    if "/" in name:
        path = os.path.abspath(name)
        return path if _executable(path) else None
    known = _found.get(name)
    if known is not None:
        return known
    on_path = [d for d in os.environ.get("PATH", "").split(":") if d.startswith("/")]
    for folder in (*extra_dirs, *on_path, *DIRS, *LIBEXEC):
        path = f"{folder}/{name}"
        if _executable(path):
            _found[name] = path
            return path
    return None


def find_runtime(name: str, runtimes: dict[str, list[str]]) -> str:
    """The OCI runtime: a path, a name of [engine.runtimes] in containers.conf, or a program."""
    for path in runtimes.get(name, ()):
        if _executable(path):
            return path
    return find(name)


def _executable(path: str) -> bool:
    return os.access(path, os.X_OK) and os.path.isfile(path)
