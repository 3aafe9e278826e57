"""Owns: parsing of `--mount` into mount records."""

from __future__ import annotations

from libpod.errors import NotSupportedError
from libpod.spec.values import bad, clean_path, split_csv, try_bool
from libpod.spec.volumes import (
    GROUP_OF,
    PROPAGATION,
    destination,
    finish,
    host_path,
    is_volume_name,
    tmpfs_record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import MountRecord

_TYPES = ("bind", "volume", "image", "tmpfs", "ramfs", "devpts", "glob")
_ALIASES = {"src": "source", "target": "destination", "dst": "destination", "readonly": "ro", "rw": "rw"}


def parse(value: str, cwd: str) -> MountRecord:
    """One `--mount`."""
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
    if kind == "artifact":
        raise NotSupportedError(
            f'--mount "{value}": the type "{kind}" is not supported yet', remedy="use type=image or type=bind"
        )
    if kind not in _TYPES:
        raise bad("mount", value, f"type={', '.join(_TYPES)}", 'write for example "type=bind"')
    same_place = kind == "glob" and "destination" not in given and "source" in given
    if same_place:
        given["destination"] = host_path(given["source"], cwd)
    if "destination" not in given:
        raise bad("mount", value, "a destination", 'add "dst=/path/in/the/container"')
    target = destination("mount", given.pop("destination"), value)
    if kind == "tmpfs":
        return _tmpfs(value, target, given)
    if kind == "ramfs":
        return _ramfs(value, target, given)
    if kind == "devpts":
        return _devpts(value, target, given)
    if kind == "image":
        return _image(value, target, given)
    record = _with_source(value, kind, target, given, cwd)
    if same_place:
        record["same_place"] = True
    return record


def _switch(value: str, key: str, raw: str) -> bool:
    found = True if raw == "" else try_bool(raw)
    if found is None:
        raise bad("mount", value, f'true or false for "{key}"', f'write "{key}=true"')
    return found


def _with_source(value: str, kind: str, target: str, given: dict[str, str], cwd: str) -> MountRecord:
    """bind, volume and glob."""
    source = given.pop("source", "")
    if kind == "glob" and not source:
        raise bad(
            "mount", value, "a pattern as the source of a glob", 'add for example "src=/usr/lib/lib*.so"'
        )
    if kind in ("bind", "glob"):
        source = host_path(source or target, cwd)
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
        elif key == "idmap":
            opts.append(f"idmap={raw}" if raw else "idmap")
        elif key in ("upperdir", "workdir") and raw:
            opts.append(f"{key}={host_path(raw, cwd)}")
        elif raw == "" and (key in GROUP_OF or key in ("O", "copy", "nocopy", "nocreate")):
            opts.append(key)
        else:
            raise bad(
                "mount", value, f'known fields, not "{key}"', 'leave it out, or read "pypod run --help"'
            )
    record = finish("mount", value, "volume" if kind == "volume" else "bind", source, target, opts)
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
            "mount", value, 'a subpath below the source, without ".."', 'write for example "subpath=data/web"'
        )
    return clean_path(raw)[1:]


def _image(value: str, target: str, given: dict[str, str]) -> MountRecord:
    source = given.pop("source", "")
    if not source:
        raise bad("mount", value, "the image as the source", 'add "src=IMAGE"')
    writable, path = False, ""
    for key, raw in given.items():
        if key in ("rw", "readwrite"):
            writable = _switch(value, key, raw)
        elif key == "ro":
            writable = not _switch(value, key, raw)
        elif key in ("subpath", "image-subpath"):
            path = _subpath(value, raw)
        elif key != "consistency":
            raise bad("mount", value, f'the fields rw and subpath of an image, not "{key}"', "leave it out")
    mode = "rw" if writable else "ro"
    record: MountRecord = {
        "type": "image",
        "source": source,
        "destination": target,
        "options": [mode, "rprivate", "rbind"],
    }
    if path:
        record["subpath"] = path
    return record


def _ramfs(value: str, target: str, given: dict[str, str]) -> MountRecord:
    """It has no limit, so no size; the kernel knows nothing of it but its mode."""
    opts = ["rw", "rprivate", "nosuid", "nodev"]
    for key, raw in given.items():
        if key in ("tmpfs-mode", "ramfs-mode", "mode") and raw.isdigit():
            opts.append(f"mode={raw}")
        elif key in ("ro", "rw"):
            opts[0] = "ro" if _switch(value, key, raw) is (key == "ro") else "rw"
        elif key in ("exec", "noexec", "suid", "dev") and not raw:
            opts = [o for o in opts if o != f"no{key}"] + [key]
        elif key not in ("notmpcopyup", "consistency", "nosuid", "nodev"):
            raise bad(
                "mount", value, f'the fields mode and ro of ramfs, not "{key}"', "use type=tmpfs for the rest"
            )
    return {"type": "ramfs", "source": "", "destination": target, "options": opts}


def _tmpfs(value: str, target: str, given: dict[str, str]) -> MountRecord:
    opts: list[str] = []
    chown = False
    for key, raw in given.items():
        if key == "tmpfs-size":
            opts.append(f"size={raw}")
        elif key == "tmpfs-mode":
            opts.append(f"mode={raw}")
        elif key in ("ro", "rw"):
            opts.append(key if _switch(value, key, raw) else ("rw" if key == "ro" else "ro"))
        elif key in ("U", "chown"):
            chown = _switch(value, key, raw)
        elif key == "consistency":
            continue
        elif key == "source":
            raise bad("mount", value, "no source for a tmpfs", 'leave "source" out')
        else:
            opts.append(f"{key}={raw}" if raw else key)
    record = tmpfs_record(target, opts, "mount", value)
    if chown:
        record["chown"] = True
    return record


def _devpts(value: str, target: str, given: dict[str, str]) -> MountRecord:
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
