"""Owns: parsing of the security options, and the final lists of hidden and read-only paths."""

from __future__ import annotations

from libpod.conf.security import MASKED_PATHS, READONLY_PATHS
from libpod.spec import capabilities
from libpod.spec.values import bad, clean_path, flag, text, try_bool, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import SecurityRecord
    from libpod.model.request import SecurityRequest
    from libpod.spec.values import Options

_KNOWN = "no-new-privileges, seccomp=, mask=, unmask=, label=, apparmor=, proc-opts="
_PROC_OPTIONS = ("hidepid=", "subset=", "gid=")


def parse(options: Options, cwd: str) -> SecurityRequest:
    """--privileged, --cap-add, --cap-drop, --security-opt, --read-only, --read-only-tmpfs."""
    found: SecurityRequest = {
        "privileged": flag(options, "privileged"),
        "cap_add": capabilities.parse(options, "cap_add"),
        "cap_drop": capabilities.parse(options, "cap_drop"),
        "no_new_privileges": False,
        "seccomp": "",
        "apparmor": "",
        "label": [],
        "mask": [],
        "unmask": [],
        "proc_opts": [],
        "read_only": flag(options, "read_only"),
        "read_only_tmpfs": flag(options, "read_only_tmpfs", True),
    }
    for value in words(options, "security_opt"):
        _option(found, value, cwd)
    if text(options, "seccomp_policy") not in ("", "default"):
        raise bad("seccomp-policy", text(options, "seccomp_policy"), "default", "leave the option out")
    return found


def _option(found: SecurityRequest, value: str, cwd: str) -> None:
    name, eq, rest = value.partition("=")
    if not eq and ":" in value:
        name, eq, rest = value.partition(":")
    if name == "no-new-privileges":
        switch = try_bool(rest) if eq else True
        if switch is None:
            raise bad(
                "security-opt", value, "true or false for no-new-privileges", 'write "no-new-privileges"'
            )
        found["no_new_privileges"] = switch
    elif name == "systempaths" and rest == "unconfined":
        found["unmask"].append("ALL")
    elif not rest or name not in ("seccomp", "mask", "unmask", "label", "apparmor", "proc-opts"):
        raise bad(
            "security-opt", value, f"one of {_KNOWN}", 'write for example "--security-opt no-new-privileges"'
        )
    elif name == "seccomp":
        found["seccomp"] = (
            rest if rest == "unconfined" or rest.startswith("/") else clean_path(f"{cwd}/{rest}")
        )
        if rest == "default":
            found["seccomp"] = ""
    elif name == "apparmor":
        found["apparmor"] = rest
    elif name == "label":
        found["label"].append(rest)
    elif name == "proc-opts":
        _proc_opts(found, value, rest)
    else:
        for path in rest.split(":"):
            if not path.startswith("/") and not (name == "unmask" and path.upper() == "ALL"):
                raise bad(
                    "security-opt",
                    value,
                    "absolute paths separated by colons",
                    'write for example "mask=/proc/a:/sys/b"',
                )
            found["mask" if name == "mask" else "unmask"].append(
                "ALL" if path.upper() == "ALL" else clean_path(path)
            )


def _proc_opts(found: SecurityRequest, value: str, rest: str) -> None:
    for item in rest.split(","):
        if not item.startswith(_PROC_OPTIONS) or not item.partition("=")[2].isalnum():
            raise bad(
                "security-opt",
                value,
                "hidepid=, subset= or gid= after proc-opts=",
                'write "proc-opts=hidepid=2"',
            )
        found["proc_opts"].append(item)


def _matches(path: str, pattern: str) -> bool:
    """Shell-like: `*` stands for anything but a slash."""
    if "*" not in pattern:
        return path == pattern
    want, have = pattern.split("/"), path.split("/")
    return len(want) == len(have) and all(_glob(p, h) for p, h in zip(want, have, strict=True))


def _glob(pattern: str, name: str) -> bool:
    parts = pattern.split("*")
    if len(parts) == 1:
        return pattern == name
    if (
        not name.startswith(parts[0])
        or not name.endswith(parts[-1])
        or len(name) < len(parts[0]) + len(parts[-1])
    ):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return at <= len(name) - len(parts[-1])


def hidden_paths(security: SecurityRecord) -> tuple[list[str], list[str]]:
    """(masked, read-only) paths of the container: the defaults, without what is unmasked, with what is
    masked.
    """
    unmask = security["unmask"]
    if security["privileged"] or "ALL" in unmask:
        return list(security["mask"]) if not security["privileged"] else [], []

    def kept(paths: tuple[str, ...]) -> list[str]:
        if not unmask:
            return list(paths)
        return [path for path in paths if not any(_matches(path, pattern) for pattern in unmask)]

    masked = kept(MASKED_PATHS)
    masked += [path for path in security["mask"] if path not in masked]
    return masked, kept(READONLY_PATHS)
