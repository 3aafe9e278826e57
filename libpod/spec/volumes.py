"""Owns: parsing of `--volume` and `--tmpfs` into mount records; `--mount` is in mountopts.

Options end up in the OCI spelling (runtime-spec config.md "Mounts"): what the user gave, then the defaults
of the kind.
"""

from __future__ import annotations

from libpod.errors import UsageError
from libpod.spec.values import bad, clean_path, split_escaped, words
from libpod.units import parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from libpod.model.container import MountRecord
    from libpod.spec.values import Options

PROPAGATION = ("private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable")
_GROUPS = (
    ("ro", "rw"),
    PROPAGATION,
    ("exec", "noexec"),
    ("suid", "nosuid"),
    ("dev", "nodev"),
    ("bind", "rbind"),
    ("z", "Z"),
)
GROUP_OF = {word: i for i, group in enumerate(_GROUPS) for word in group}
_TMPFS_WORDS = (
    "ro rw exec noexec suid nosuid dev nodev sync async dirsync atime noatime diratime nodiratime relatime "
    "norelatime strictatime nostrictatime mand nomand iversion noiversion"
)
_TMPFS_PLAIN = frozenset(_TMPFS_WORDS.split())
_TMPFS_VALUED = ("size=", "nr_inodes=", "nr_blocks=", "mode=", "uid=", "gid=", "mpol=", "huge=")
_VOLUME_FORM = "SOURCE:DESTINATION[:OPTIONS], with an absolute DESTINATION"
_VOLUME_HINT = 'write for example "-v ./data:/data:ro" (a folder) or "-v data:/data" (a named volume)'


def is_volume_name(name: str) -> bool:
    """Letters, digits, `_`, `.` and `-`, starting with a letter or digit."""
    return (
        bool(name) and name.isascii() and name[0].isalnum() and all(c.isalnum() or c in "_.-" for c in name)
    )


def destination(option: str, raw: str, whole: str) -> str:
    """The cleaned absolute path in the container; `/` itself is refused."""
    if not raw.startswith("/") or "\0" in raw:
        raise bad(
            option, whole, f'an absolute path in the container, not "{raw}"', 'begin the destination with "/"'
        )
    path = clean_path(raw)
    if path == "/":
        raise bad(option, whole, 'a destination other than "/"', "mount below the root, or use --rootfs")
    return path


def host_path(raw: str, cwd: str) -> str:
    """The absolute host path of a bind mount's source."""
    return clean_path(raw if raw.startswith("/") else f"{cwd}/{raw}")


def parse_all(options: Options, cwd: str) -> list[MountRecord]:
    """All mounts the user asked for, in the order of --volume, --mount, --tmpfs. A destination given twice
    is an error.
    """
    found: dict[str, MountRecord] = {}
    parsed = [_volume(value, cwd) for value in words(options, "volume")]
    if given := words(options, "mount"):
        from libpod.spec import mountopts  # lazy: less used than --volume

        parsed += [mountopts.parse(value, cwd) for value in given]
    parsed += [_tmpfs(value) for value in words(options, "tmpfs")]
    for mount in parsed:
        path = mount["destination"]
        if path in found and found[path] != mount:
            raise UsageError(
                f'the mount destination "{path}" is given twice',
                remedy="keep one of the --volume, --mount or --tmpfs options",
            )
        found[path] = mount
    return list(found.values())


def _volume(value: str, cwd: str) -> MountRecord:
    parts = split_escaped(value, ":")
    if len(parts) > 3 or not parts[0] or (len(parts) > 1 and not parts[1]):
        raise bad("volume", value, _VOLUME_FORM, _VOLUME_HINT)
    if len(parts) == 1:
        return anonymous(destination("volume", parts[0], value))
    source, target = parts[0], destination("volume", parts[1], value)
    given = [word for word in parts[2].split(",") if word] if len(parts) == 3 else []
    given = [_absolute(word, cwd) for word in given]
    if source[0] in "/.":
        return finish("volume", value, "bind", host_path(source, cwd), target, given)
    if not is_volume_name(source):
        raise bad(
            "volume",
            value,
            f'a path or the name of a volume as the source, not "{source}"',
            'begin a relative path with "./"; names of volumes have letters, digits, "_", "." and "-"',
        )
    return finish("volume", value, "volume", source, target, given)


def _absolute(word: str, cwd: str) -> str:
    key, eq, raw = word.partition("=")
    return f"{key}={host_path(raw, cwd)}" if eq and raw and key in ("upperdir", "workdir") else word


def anonymous(target: str) -> MountRecord:
    """A volume without a name: it gets one when the container is made and goes away with it."""
    record = finish("volume", target, "volume", "", target, [])
    record["anonymous"] = True
    return record


def finish(
    option: str, whole: str, kind: Literal["bind", "volume"], source: str, target: str, given: list[str]
) -> MountRecord:
    """Check the suboptions, sort out those that are not mount options, add the defaults."""
    record: MountRecord = {"type": kind, "source": source, "destination": target, "options": []}
    kept: list[str] = []
    seen: dict[int, str] = {}
    copy = True
    for word in given:
        group = GROUP_OF.get(word)
        if group is not None:
            if group in seen and seen[group] != word:
                raise bad(option, whole, f'only one of "{seen[group]}" and "{word}"', f'leave "{word}" out')
            seen[group] = word
            if word in ("z", "Z"):
                record["relabel"] = "z" if word == "z" else "Z"
            elif word not in ("bind", "rbind"):
                kept.append(word)
        elif word == "U":
            record["chown"] = True
        elif word == "O":
            record["overlay"] = True
        elif word in ("copy", "nocopy"):
            copy = word == "copy"
        elif word == "nocreate" and kind == "volume":
            record["nocreate"] = True
        elif word == "idmap" or word.startswith("idmap="):
            kept.append(word)
        elif word.startswith(("upperdir=/", "workdir=/")):
            record[word.partition("=")[0]] = word.partition("=")[2]  # type: ignore[literal-required]
        else:
            raise bad(
                option,
                whole,
                f'known suboptions, not "{word}"',
                "use ro, rw, z, Z, U, O, copy, nocopy, nocreate, [r]bind, [r]private, [r]shared, [r]slave, "
                "[no]exec, [no]suid, [no]dev or idmap; with O also upperdir=DIR,workdir=DIR",
            )
    _check_overlay(option, whole, record, kept)
    if kind == "volume":
        record["copy_up"] = copy
    defaults = [("rw", 0), ("rprivate", 1)] + ([("nosuid", 3), ("nodev", 4)] if kind == "volume" else [])
    kept += [word for word, group in defaults if group not in seen]
    kept.append(seen.get(5, "rbind"))
    record["options"] = kept
    return record


def _check_overlay(option: str, whole: str, record: MountRecord, others: list[str]) -> None:
    dirs = ("upperdir" in record) + ("workdir" in record)
    if not record.get("overlay"):
        if dirs:
            raise bad(option, whole, "upperdir and workdir with O only", 'add "O", or leave them out')
        return
    if dirs == 1:
        raise bad(option, whole, "both upperdir and workdir", "give both, on one file system, or none")
    if others:
        raise bad(
            option,
            whole,
            f'no other options with O than U, upperdir and workdir, not "{others[0]}"',
            f'leave "{others[0]}" out',
        )


def tmpfs_record(target: str, given: list[str], option: str = "tmpfs", whole: str = "") -> MountRecord:
    """A tmpfs mount with the defaults that the given options leave open."""
    kept: list[str] = []
    seen: dict[int, str] = {}
    copy_up = True
    for word in given:
        if word in ("tmpcopyup", "notmpcopyup", "copyup", "nocopyup"):
            copy_up = not word.startswith("no")
            continue
        group = GROUP_OF.get(word)
        if group in seen and seen[group] != word:
            raise bad(option, whole, f'only one of "{seen[group]}" and "{word}"', f'leave "{word}" out')
        if word.startswith("size=") and not (word[5:].endswith("%") or parse_size(word[5:]) is not None):
            raise bad(option, whole, "a size such as size=64m or size=10%", 'write "size=64m"')
        valued = word.startswith(_TMPFS_VALUED)
        if word not in _TMPFS_PLAIN and word not in PROPAGATION and not valued:
            raise bad(
                option,
                whole,
                f'known options of tmpfs, not "{word}"',
                'write for example "--tmpfs /run:rw,size=64m,mode=1777"; read "man 5 tmpfs" for the rest',
            )
        if group is not None:
            seen[group] = word
        kept.append(word)
    kept += [
        word for word, group in (("rw", 0), ("rprivate", 1), ("nosuid", 3), ("nodev", 4)) if group not in seen
    ]
    if copy_up:
        kept.append("tmpcopyup")
    return {"type": "tmpfs", "source": "", "destination": target, "options": kept}


def _tmpfs(value: str) -> MountRecord:
    raw, _, given = value.partition(":")
    target = destination("tmpfs", raw, value)
    return tmpfs_record(target, [word for word in given.split(",") if word], "tmpfs", value)
