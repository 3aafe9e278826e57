"""Owns: the options of the volume driver local: `type=`, `device=`, `o=`. Pure."""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec.values import try_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEYS = ("device", "o", "type")
_MAX_ID = (1 << 32) - 2


class Volume:
    """What the options say."""

    __slots__ = ("copy_up", "device", "gid", "uid")

    def __init__(self) -> None:
        self.device = ""
        """The directory that the volume is; empty = one of its own."""
        self.uid: int | None = None
        self.gid: int | None = None
        self.copy_up = True


def pairs(given: Sequence[str]) -> dict[str, str]:
    """The words of `--opt`. Raises UsageError."""
    found: dict[str, str] = {}
    for text in given:
        key, _, value = text.partition("=")
        if key not in _KEYS or not value:
            raise UsageError(
                f'invalid value "{text}" for --opt: the options are type=, device= and o=',
                remedy='write for example "--opt type=none --opt o=bind --opt device=/srv/data"',
            )
        found[key] = value
    return found


def parse(options: Mapping[str, str]) -> Volume:
    """Raises UsageError, and NotSupportedError for what only root can mount or has another way here."""
    out = Volume()
    words = [word for word in options.get("o", "").split(",") if word]
    for word in words:
        key, sep, value = word.partition("=")
        if word in ("bind", "rbind", "copy", "nocopy"):
            out.copy_up = out.copy_up and word != "nocopy"
        elif key in ("uid", "gid") and sep:
            number = try_int(value)
            if number is None or not 0 <= number <= _MAX_ID:
                raise UsageError(f'invalid value "{word}" in --opt o=: an id is a number')
            setattr(out, key, number)
        elif key in ("size", "inodes"):
            raise NotSupportedError(
                f"--opt o={word}: a directory of yours has no limit of its own",
                remedy="for data that may go with the container, use --mount type=tmpfs,tmpfs-size=SIZE",
            )
        else:
            raise NotSupportedError(
                f"--opt o={word} is not supported for volumes",
                remedy="give options of the mount to the container: --volume NAME:PATH:ro,noexec",
            )
    _check_mount(out, options, words)
    return out


def _check_mount(out: Volume, options: Mapping[str, str], words: Sequence[str]) -> None:
    kind, device = options.get("type", ""), options.get("device", "")
    binds = "bind" in words or "rbind" in words or kind == "bind"
    if kind == "tmpfs":
        raise NotSupportedError(
            "--opt type=tmpfs: containers that share it would each have one of their own",
            remedy="give it to the container: --mount type=tmpfs,target=PATH",
        )
    if kind not in ("", "none", "bind"):
        raise NotSupportedError(
            f"--opt type={kind}: only root can mount it",
            remedy="mount it with mount(8), and make the volume with "
            "--opt type=none --opt o=bind --opt device=PATH",
        )
    if not (binds or device or kind):
        return
    if not binds or not device.startswith("/"):
        raise UsageError(
            "a volume that is a directory needs o=bind and an absolute path",
            remedy="write --opt type=none --opt o=bind --opt device=/srv/data",
        )
    if out.uid is not None or out.gid is not None:
        raise UsageError("--opt o=uid=,gid= is not for a directory that is there", remedy="use chown on it")
    out.device = device
