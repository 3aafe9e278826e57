"""Owns: parsing of `--volume`, `--mount` and `--tmpfs` into mount records.

Options end up in the OCI spelling (runtime-spec config.md "Mounts"): what the user gave, then the defaults
of the kind.
"""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec.values import bad, clean_path, split_csv, split_escaped, try_bool, words
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
_GROUP_OF = {word: i for i, group in enumerate(_GROUPS) for word in group}
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
    parsed += [_mount(value, cwd) for value in words(options, "mount")]
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
    if source[0] in "/.":
        return _finish("volume", value, "bind", host_path(source, cwd), target, given)
    if not is_volume_name(source):
        raise bad(
            "volume",
            value,
            f'a path or the name of a volume as the source, not "{source}"',
            'begin a relative path with "./"; names of volumes have letters, digits, "_", "." and "-"',
        )
    return _finish("volume", value, "volume", source, target, given)


def anonymous(target: str) -> MountRecord:
    """A volume without a name: it gets one when the container is made and goes away with it."""
    record = _finish("volume", target, "volume", "", target, [])
    record["anonymous"] = True
    return record


def _finish(
    option: str, whole: str, kind: Literal["bind", "volume"], source: str, target: str, given: list[str]
) -> MountRecord:
    """Check the suboptions, sort out those that are not mount options, add the defaults."""
    record: MountRecord = {"type": kind, "source": source, "destination": target, "options": []}
    kept: list[str] = []
    seen: dict[int, str] = {}
    copy = True
    for word in given:
        group = _GROUP_OF.get(word)
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
        elif word == "idmap" or word.startswith("idmap="):
            raise NotSupportedError(
                f'--{option} "{whole}": the option "idmap" is not supported yet',
                remedy='use "U" to change the owner instead',
            )
        else:
            raise bad(
                option,
                whole,
                f'known suboptions, not "{word}"',
                "use ro, rw, z, Z, U, O, copy, nocopy, [r]bind, [r]private, [r]shared, [r]slave, "
                "[no]exec, [no]suid or [no]dev",
            )
    if kind == "volume":
        record["copy_up"] = copy
    defaults = [("rw", 0), ("rprivate", 1)] + ([("nosuid", 3), ("nodev", 4)] if kind == "volume" else [])
    kept += [word for word, group in defaults if group not in seen]
    kept.append(seen.get(5, "rbind"))
    record["options"] = kept
    return record


def tmpfs_record(target: str, given: list[str], option: str = "tmpfs", whole: str = "") -> MountRecord:
    """A tmpfs mount with the defaults that the given options leave open."""
    kept: list[str] = []
    seen: dict[int, str] = {}
    copy_up = True
    for word in given:
        if word in ("tmpcopyup", "notmpcopyup", "copyup", "nocopyup"):
            copy_up = not word.startswith("no")
            continue
        group = _GROUP_OF.get(word)
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


_MOUNT_TYPES = ("bind", "volume", "tmpfs", "devpts", "glob")
_LATER_TYPES = ("image", "ramfs", "artifact")
_ALIASES = {"src": "source", "target": "destination", "dst": "destination", "readonly": "ro", "rw": "rw"}


def _mount(value: str, cwd: str) -> MountRecord:
    fields = split_csv(value)
    if fields is None:
        raise bad(
            "mount", value, "comma-separated KEY=VALUE fields with closed quotes", "close the double quote"
        )
    given: dict[str, str] = {}
    for field in fields:
        key, eq, val = field.partition("=")
        key = _ALIASES.get(key, key)
        if not key:
            raise bad(
                "mount",
                value,
                "KEY=VALUE fields",
                'write for example "--mount type=bind,src=./data,dst=/data"',
            )
        given[key] = val if eq else ""
    kind = given.pop("type", "volume")
    if kind in _LATER_TYPES:
        raise NotSupportedError(
            f'--mount "{value}": the type "{kind}" is not supported yet', remedy="use bind, volume or tmpfs"
        )
    if kind not in _MOUNT_TYPES:
        raise bad("mount", value, "type=bind, volume, tmpfs, devpts or glob", 'write for example "type=bind"')
    if "destination" not in given and kind == "glob" and "source" in given:
        given["destination"] = given["source"].rpartition("/")[0] or "/"
    if "destination" not in given:
        raise bad("mount", value, "a destination", 'add "dst=/path/in/the/container"')
    target = destination("mount", given.pop("destination"), value)
    if kind == "tmpfs":
        return _mount_tmpfs(value, target, given)
    if kind == "devpts":
        return _mount_devpts(value, target, given)
    return _mount_source(value, kind, target, given, cwd)


def _switch(value: str, key: str, raw: str) -> bool:
    found = True if raw == "" else try_bool(raw)
    if found is None:
        raise bad("mount", value, f'true or false for "{key}"', f'write "{key}=true"')
    return found


def _mount_source(value: str, kind: str, target: str, given: dict[str, str], cwd: str) -> MountRecord:
    """bind, volume and glob."""
    source = given.pop("source", "")
    if kind == "bind" or kind == "glob":
        source = host_path(source or target, cwd) if source or kind == "bind" else source
    elif source and not is_volume_name(source):
        raise bad(
            "mount",
            value,
            f'the name of a volume as the source, not "{source}"',
            'use "type=bind" for a path',
        )
    opts: list[str] = []
    subpath = ""
    for key, raw in given.items():
        if key in ("ro", "rw"):
            opts.append(key if _switch(value, key, raw) else ("rw" if key == "ro" else "ro"))
        elif key in ("bind-propagation", "propagation"):
            if raw not in PROPAGATION:
                raise bad(
                    "mount",
                    value,
                    "a propagation as rprivate, rslave or rshared",
                    'write "bind-propagation=rslave"',
                )
            opts.append(raw)
        elif key == "bind-nonrecursive":
            opts.append("bind" if _switch(value, key, raw) else "rbind")
        elif key == "relabel":
            if raw not in ("shared", "private"):
                raise bad("mount", value, "relabel=shared or relabel=private", "choose one of them")
            opts.append("z" if raw == "shared" else "Z")
        elif key in ("U", "chown"):
            opts += ["U"] if _switch(value, key, raw) else []
        elif key in ("subpath", "volume-subpath") and kind == "volume":
            subpath = _subpath(value, raw)
        elif key in ("consistency", "volume-label") or (key == "volume-opt" and not raw):
            continue
        elif key == "volume-nocopy":
            opts += ["nocopy"] if _switch(value, key, raw) else []
        elif key == "idmap" or (raw == "" and (key in _GROUP_OF or key in ("O", "copy", "nocopy"))):
            opts.append(key)
        else:
            raise bad(
                "mount", value, f'known fields, not "{key}"', 'leave it out, or read "pypod run --help"'
            )
    record = _finish("mount", value, "volume" if kind == "volume" else "bind", source, target, opts)
    if kind == "glob":
        record["type"] = "glob"
    if kind == "volume" and not source:
        record["anonymous"] = True
    if subpath:
        record["subpath"] = subpath
    return record


def _subpath(value: str, raw: str) -> str:
    if not raw or ".." in raw.split("/"):
        raise bad(
            "mount", value, 'a subpath below the volume, without ".."', 'write for example "subpath=data/web"'
        )
    return clean_path(raw)[1:]


def _mount_tmpfs(value: str, target: str, given: dict[str, str]) -> MountRecord:
    opts: list[str] = []
    for key, raw in given.items():
        if key == "tmpfs-size":
            opts.append(f"size={raw}")
        elif key == "tmpfs-mode":
            opts.append(f"mode={raw}")
        elif key in ("ro", "rw"):
            opts.append(key if _switch(value, key, raw) else ("rw" if key == "ro" else "ro"))
        elif key in ("U", "chown", "consistency"):
            continue
        elif key == "source":
            raise bad("mount", value, "no source for a tmpfs", 'leave "source" out')
        else:
            opts.append(f"{key}={raw}" if raw else key)
    return tmpfs_record(target, opts, "mount", value)


def _mount_devpts(value: str, target: str, given: dict[str, str]) -> MountRecord:
    opts: list[str] = []
    for key, raw in given.items():
        if key in ("uid", "gid", "mode", "max") and raw.isascii() and raw.isdigit():
            opts.append(f"{key}={raw}")
        else:
            raise bad(
                "mount",
                value,
                "the fields uid, gid, mode and max of devpts, with numbers",
                f'leave "{key}" out',
            )
    return {"type": "devpts", "source": "", "destination": target, "options": opts}
