"""Owns: the options about the files of /etc that we write or complete. Pure."""

from __future__ import annotations

import os

from libpod.errors import UsageError
from libpod.spec.values import bad, clean_path, flag, text, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.model.container import EtcRecord
    from libpod.spec.values import Options

PASSWD_EXAMPLE = "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh"
GROUP_EXAMPLE = "$GROUPNAME:x:$GID:$USERLIST"


def parse(options: Options, cwd: str) -> EtcRecord:
    """`--hosts-file`, `--chrootdirs`, `--hostuser`, `--passwd-entry`, `--group-entry`; `cwd` resolves
    relative paths. Raises UsageError."""
    found: EtcRecord = {}
    hosts = text(options, "hosts_file")
    if hosts:
        if flag(options, "no_hosts"):
            raise UsageError("--no-hosts and --hosts-file cannot be combined", remedy="leave one of them out")
        found["hosts_file"] = hosts if hosts in ("image", "none") else os.path.join(cwd, hosts)
    dirs = words(options, "chrootdirs")
    if dirs:
        for path in dirs:
            if not path.startswith("/"):
                raise bad("chrootdirs", path, "an absolute path in the container", 'begin it with "/"')
        found["chrootdirs"] = [path for path in dict.fromkeys(map(clean_path, dirs)) if path != "/"]
    users = words(options, "hostuser")
    if users:
        for user in users:
            if not user or any(c in user for c in ":\n/"):
                raise bad("hostuser", user, "a user of the host", 'write for example "--hostuser alice"')
        found["hostusers"] = users
    passwd = _entry(options, "passwd_entry", PASSWD_EXAMPLE)
    if passwd:
        found["passwd_entry"] = passwd
    group = _entry(options, "group_entry", GROUP_EXAMPLE)
    if group:
        found["group_entry"] = group
    return found


def _entry(options: Options, key: str, example: str) -> str:
    value = text(options, key).removesuffix("\n")
    fields = example.count(":") + 1
    if value and ("\n" in value or value.count(":") != fields - 1 or value[0] == ":"):
        raise bad(
            key.replace("_", "-"),
            value,
            f"one line of {fields} fields with colons between them",
            f"write for example '{example}'",
        )
    return value


def fill(template: str, values: Mapping[str, str]) -> str:
    """The entry that a template makes: `$WORD` and `${WORD}` stand for values. A value keeps to its field:
    what would begin another one is left out."""
    import re  # lazy: 5 ms

    def value(match: re.Match[str]) -> str:
        return "".join(c for c in values[match[1] or match[2]] if c not in ":\n")

    known = "|".join(sorted(values, key=len, reverse=True))
    return re.sub(rf"\$(?:\{{({known})\}}|({known}))", value, template) + "\n"
