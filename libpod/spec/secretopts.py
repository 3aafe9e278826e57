"""Owns: `--secret NAME[,type=mount|env][,target=...][,uid=,gid=,mode=]`. Pure."""

from __future__ import annotations

from libpod.errors import UsageError
from libpod.spec.values import bad, clean_path, try_int, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import SecretUse
    from libpod.spec.values import Options

_FOLDER = "/run/secrets/"
_MAX_ID = (1 << 32) - 2


def parse(options: Options) -> list[SecretUse]:
    """All of them. Raises UsageError."""
    found = [_one(value) for value in words(options, "secret")]
    targets = [(use["type"], use["target"]) for use in found]
    for target in targets:
        if targets.count(target) > 1:
            raise UsageError(
                f'--secret: two secrets have the target "{target[1]}"',
                remedy="give one of them another with target=",
            )
    return found


def _one(value: str) -> SecretUse:
    name, *rest = value.split(",")
    given: dict[str, str] = {}
    for word in rest:
        key, sep, text = word.partition("=")
        if not sep or key not in ("type", "target", "uid", "gid", "mode") or not text:
            raise _bad(value)
        given[key] = text
    kind = given.get("type", "mount")
    if not name or kind not in ("mount", "env"):
        raise _bad(value)
    if kind == "env":
        if set(given) & {"uid", "gid", "mode"}:
            raise UsageError(
                f'--secret "{value}": uid, gid and mode are for files', remedy="leave them out, or type=env"
            )
        target = given.get("target", name)
        if "=" in target or "\0" in target:
            raise _bad(value)
    else:
        target = given.get("target", name)
        target = clean_path(target if target.startswith("/") else _FOLDER + target)
    uid, gid = try_int(given.get("uid", "0")), try_int(given.get("gid", "0"))
    mode = given.get("mode", "0444")
    octal = int(mode, 8) if mode and all(c in "01234567" for c in mode) else -1
    if (
        uid is None
        or gid is None
        or not (0 <= uid <= _MAX_ID and 0 <= gid <= _MAX_ID and 0 <= octal <= 0o7777)
    ):
        raise _bad(value)
    return {"id": "", "name": name, "type": kind, "target": target, "uid": uid, "gid": gid, "mode": octal}


def _bad(value: str) -> UsageError:
    return bad(
        "secret",
        value,
        "NAME[,type=mount|env][,target=NAME][,uid=N][,gid=N][,mode=OCTAL]",
        'write for example "--secret token,type=env,target=TOKEN"',
    )
