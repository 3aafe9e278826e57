"""Owns: the seccomp section of a bundle: the built-in profile (seccomp.json beside this file), profiles of
users, and the cache of compiled filters.

seccomp.json: `allow` are names by theme, `allow_on` those of one machine, `deny` fail with EPERM, `with`
need one of some capabilities (else EPERM, or the errno given), `rules` look at arguments: [index, operator,
value(, second value)], `caps`: only with one of these, `without`: only with none of these, `errno`: fail
instead of allow. Numbers that the kernel takes as 32 bits are compared under a mask: a filter sees 64, and
bits above would make another number of it. A system call that is in no list fails with ENOSYS, so that
programs fall back as on an older kernel. Sources: seccomp(2), syscalls(2), runtime-spec config-linux.md
"Seccomp".
"""

from __future__ import annotations

import os

from libpod.conf.security import ALL_CAPS
from libpod.errors import ConfigError
from libpod.util import jsonio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from libpod.model.container import SecurityRecord

    JsonDict = dict[str, Any]

__all__ = ["compiled", "convert", "plan", "profile", "section"]

_FILE = os.path.dirname(os.path.abspath(__file__)) + "/seccomp.json"
_ALLOW = "SCMP_ACT_ALLOW"
_ERRNO = "SCMP_ACT_ERRNO"
_EPERM = 1
_MAX_BPF = 8 * 32768
_LIBRARY_DIRS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/lib64",
    "/lib",
)


def section(security: SecurityRecord, *, arch: str = "", kernel: str = "") -> JsonDict | None:
    """`linux.seccomp` for a container; None = unconfined. Raises ConfigError for a damaged profile of the
    user.
    """
    chosen = security["seccomp"]
    if chosen == "unconfined":
        return None
    if not arch or not kernel:
        uname = os.uname()
        arch, kernel = arch or uname.machine, kernel or uname.release
    caps = set(security["capabilities"])
    if not chosen:
        return profile(caps, arch)
    return convert(_read(chosen), caps, arch, kernel, chosen)


def plan(security: SecurityRecord, cache_dir: str, runtime: str) -> JsonDict:
    """All that a start needs, as `section`, `bpf` and `save`.

    `section`: None = unconfined. `bpf`: the compiled filter as base64, empty when not cached. `save`: where
    to copy the runtime's compiled filter to, empty when there is nothing to save.

    `runtime` is the path of the runtime's binary. Only crun reads compiled filters.
    """
    found = section(security)
    if found is None or not runtime.rpartition("/")[2].startswith("crun"):
        return {"section": found, "bpf": "", "save": ""}
    path = cache_path(security, found, cache_dir, runtime)
    bpf = compiled(path)
    return {"section": found, "bpf": bpf, "save": "" if bpf else path}


def profile(caps: Collection[str], arch: str) -> JsonDict:
    """The built-in profile for these capabilities on this machine (`uname -m`)."""
    data = jsonio.load_file(_FILE)
    allow = " ".join(data["allow"].values()).split()
    allow += data["allow_on"].get(arch, "").split()
    deny = data["deny"].split()
    default = data["default_errno"]
    for entry in data["with"]:
        names = entry[1].split()
        if any(cap in caps for cap in entry[0].split()):
            allow += names
        elif len(entry) == 2:
            deny += names
        else:
            assert entry[2] == default  # a third class would need a list of its own
    syscalls: list[JsonDict] = [
        {"names": deny, "action": _ERRNO, "errnoRet": _EPERM},
        {"names": allow, "action": _ALLOW},
    ]
    for rule in data["rules"]:
        if "caps" in rule and not any(cap in caps for cap in rule["caps"].split()):
            continue
        if "without" in rule and any(cap in caps for cap in rule["without"].split()):
            continue
        found: JsonDict = {"names": rule["names"].split(), "action": _ALLOW}
        if "errno" in rule:
            found.update({"action": _ERRNO, "errnoRet": rule["errno"]})
        if "args" in rule:
            found["args"] = [_argument(arg) for arg in rule["args"]]
        syscalls.append(found)
    out: JsonDict = {"defaultAction": _ERRNO, "defaultErrnoRet": default, "syscalls": syscalls}
    machines = data["architectures"].get(arch)
    if machines:
        out["architectures"] = machines.split()
    return out


def _argument(arg: list[Any]) -> JsonDict:
    found: JsonDict = {"index": arg[0], "value": arg[2], "op": f"SCMP_CMP_{arg[1]}"}
    if len(arg) == 4:
        found["valueTwo"] = arg[3]
    return found


def _read(path: str) -> JsonDict:
    try:
        found = jsonio.load_file(path)
    except OSError as e:
        raise ConfigError(
            f'seccomp profile "{path}": {e.strerror}', remedy="give the path of a readable file", name=path
        ) from e
    except ValueError as e:
        raise _damaged(path, str(e)) from e
    if not isinstance(found, dict):
        raise _damaged(path, "it is not a JSON object")
    return found


def _damaged(path: str, why: str) -> ConfigError:
    return ConfigError(
        f'seccomp profile "{path}" cannot be used: {why}', remedy="correct the profile", name=path
    )


_MACHINES = {
    "x86_64": "SCMP_ARCH_X86_64",
    "i386": "SCMP_ARCH_X86",
    "i686": "SCMP_ARCH_X86",
    "aarch64": "SCMP_ARCH_AARCH64",
    "armv7l": "SCMP_ARCH_ARM",
    "ppc64le": "SCMP_ARCH_PPC64LE",
    "s390x": "SCMP_ARCH_S390X",
    "riscv64": "SCMP_ARCH_RISCV64",
}
_SHORT = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "i386": "386", "armv7l": "arm"}


def convert(doc: JsonDict, caps: Collection[str], arch: str, kernel: str, path: str = "") -> JsonDict:
    """A profile in the runtime's own form, from that form or from Docker's (`archMap`, `includes`,
    `excludes`).

    Conditions are worked out here: capabilities, machine, smallest kernel.
    """
    if not isinstance(doc.get("defaultAction"), str):
        raise _damaged(path, "it has no defaultAction")
    out: JsonDict = {"defaultAction": doc["defaultAction"]}
    for key in ("defaultErrnoRet", "flags", "listenerPath", "listenerMetadata"):
        if doc.get(key):
            out[key] = doc[key]
    machines = list(doc.get("architectures") or ())
    own = _MACHINES.get(arch, "")
    for entry in doc.get("archMap") or ():
        if isinstance(entry, dict) and entry.get("architecture") == own:
            machines = [own, *(entry.get("subArchitectures") or ())]
    if machines:
        out["architectures"] = machines
    rules = doc.get("syscalls")
    if rules is not None and not isinstance(rules, list):
        raise _damaged(path, "syscalls is not a list")
    out["syscalls"] = [
        _converted(rule, path) for rule in rules or () if _applies(rule, caps, arch, kernel, path)
    ]
    return out


def _applies(rule: Any, caps: Collection[str], arch: str, kernel: str, path: str) -> bool:
    if not isinstance(rule, dict):
        raise _damaged(path, "a rule is not an object")
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    names = {arch, _SHORT.get(arch, arch)}
    if includes.get("caps") and not all(cap in caps for cap in includes["caps"]):
        return False
    if any(cap in caps for cap in excludes.get("caps") or ()):
        return False
    if includes.get("arches") and not names.intersection(includes["arches"]):
        return False
    if names.intersection(excludes.get("arches") or ()):
        return False
    if includes.get("minKernel") and not _at_least(kernel, includes["minKernel"]):
        return False
    return not (excludes.get("minKernel") and _at_least(kernel, excludes["minKernel"]))


def _at_least(kernel: str, wanted: str) -> bool:
    def numbers(text: str) -> list[int]:
        parts = text.split("-")[0].split(".")[:2]
        return [int(p) if p.isdigit() else 0 for p in parts]

    return numbers(kernel) >= numbers(wanted)


def _converted(rule: JsonDict, path: str) -> JsonDict:
    names = rule.get("names") or ([rule["name"]] if rule.get("name") else [])
    if not names or not isinstance(rule.get("action"), str):
        raise _damaged(path, "a rule has no names or no action")
    found: JsonDict = {"names": list(names), "action": rule["action"]}
    if rule.get("errnoRet") is not None:
        found["errnoRet"] = rule["errnoRet"]
    if rule.get("args"):
        found["args"] = [
            {key: arg[key] for key in ("index", "value", "valueTwo", "op") if arg.get(key) is not None}
            for arg in rule["args"]
        ]
    return found


def cache_path(security: SecurityRecord, section: JsonDict, cache_dir: str, runtime: str) -> str:
    """Where the compiled filter of this section is kept.

    The name covers all that the result depends on: profile, capabilities, the runtime's binary, libseccomp,
    kernel, machine. Files are told apart by size, inode and time of change (which nobody can set):
    the usual case needs no hash, whose module costs 0.5 ms.
    """
    library = next((path for path in map(_library_in, _LIBRARY_DIRS) if _identity(path)), "")
    files = [_identity(path) for path in (runtime, library)]
    if security["seccomp"]:
        profile_key = _digest(jsonio.dumps(section, compact=True))
    else:
        mask = sum(1 << number for number, name in enumerate(ALL_CAPS) if name in security["capabilities"])
        profile_key = f"{_identity(_FILE)}_{_identity(__file__)}_{mask:x}"
    uname = os.uname()
    name = "_".join((profile_key, *files, uname.release, uname.machine))
    if len(name) > 230:
        name = _digest(name)
    return f"{cache_dir}/seccomp_{name}.bpf"


def _library_in(folder: str) -> str:
    return f"{folder}/libseccomp.so.2"


def _identity(path: str) -> str:
    try:
        st = os.stat(path)
    except OSError:
        return ""
    return f"{st.st_size:x}.{st.st_ino:x}.{st.st_ctime_ns:x}"


def _digest(text: str) -> str:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:  # 3.12 renamed the C module
        from hashlib import sha256  # 2 ms: it loads OpenSSL
    digest: str = sha256(text.encode()).hexdigest()
    return digest[:32]


def compiled(path: str) -> str:
    """The compiled filter as base64, for the annotation `run.oci.seccomp_bpf_data`; empty when there is
    none to trust.
    """
    from binascii import b2a_base64

    if not path:
        return ""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        st = os.fstat(fd)
        if (
            st.st_uid != os.geteuid()
            or st.st_mode & 0o022
            or not 0 < st.st_size <= _MAX_BPF
            or st.st_size % 8
        ):
            return ""
        data = os.read(fd, _MAX_BPF)
    finally:
        os.close(fd)
    return b2a_base64(data, newline=False).decode() if len(data) == st.st_size else ""
