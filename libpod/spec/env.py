"""Owns: environment variables: options, env-file lines, host variables, and the order in which they
override each other.

Later wins: built-in defaults, settings, image, --env-host or the host's proxy variables, --env-file, --env.
"""

from __future__ import annotations

from libpod.spec.values import bad, flag, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from libpod.spec.values import Options

BUILT_IN = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TERM=xterm",
    "container=podman",
)
"""`container` tells programs that they run in one (systemd, os-release readers and test suites know the
value `podman`).
"""
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy")
PROXY_NAMES = _PROXIES + tuple(name.upper() for name in _PROXIES)


def expand(option: str, value: str, environ: Mapping[str, str]) -> list[str]:
    """One `NAME=value`, `NAME` (the host's value, if it has one) or `PREFIX*` (all such host variables)."""
    if not value:
        return []  # `-e "$EXTRA"` of a script where that is empty
    name, eq, _ = value.partition("=")
    if not name or "\0" in value:
        raise bad(option, value, "NAME=VALUE or NAME", f'write "--{option} NAME=VALUE"')
    if eq:
        return [value]
    if name.endswith("*"):
        return [f"{key}={val}" for key, val in environ.items() if key.startswith(name[:-1])]
    return [f"{name}={environ[name]}"] if name in environ else []


def parse(options: Options, environ: Mapping[str, str]) -> list[str]:
    """The variables of --env-file (its lines are in `env_file_lines`), then those of --env."""
    found: list[str] = []
    for raw in words(options, "env_file_lines"):
        line = raw.lstrip()
        if line and line[0] != "#":
            found += expand("env-file", line, environ)
    for value in words(options, "env"):
        found += expand("env", value, environ)
    return found


def parse_merge(options: Options) -> list[str]:
    """The values of --env-merge."""
    found = words(options, "env_merge")
    for value in found:
        name, eq, _ = value.partition("=")
        if not name or not eq:
            raise bad("env-merge", value, "NAME=VALUE", "write \"--env-merge 'PATH=${PATH}:/app'\"")
    return found


def substitute(item: str, base: list[str]) -> str:
    """`NAME=value` with `$NAME` and `${NAME}` in the value replaced by variables of `base`, or by nothing."""
    name, _, value = item.partition("=")
    out = ""
    while value:
        text, dollar, value = value.partition("$")
        out += text
        if not dollar:
            break
        if value.startswith("{") and "}" in value:
            key, _, value = value[1:].partition("}")
        else:
            length = next((n for n, c in enumerate(value) if not (c.isalnum() or c == "_")), len(value))
            key, value = value[:length], value[length:]
        out += (get(base, key) or "") if key else "$"
    return f"{name}={out}"


def from_host(options: Options, environ: Mapping[str, str], http_proxy: bool) -> list[str]:
    """Host variables that go below the user's own: all with --env-host, else the proxy variables
    (`http_proxy` = default).
    """
    if flag(options, "env_host"):
        return [f"{name}={value}" for name, value in environ.items()]
    if flag(options, "http_proxy", http_proxy):
        return [f"{name}={environ[name]}" for name in PROXY_NAMES if name in environ]
    return []


def merge(layers: Iterable[Iterable[str]], unset: Iterable[str] = ()) -> list[str]:
    """Join layers of `NAME=value`: the last value of a name wins, at the place where the name came first."""
    found: dict[str, str] = {}
    for layer in layers:
        for item in layer:
            name, eq, value = item.partition("=")
            if name and eq:
                found[name] = value
    for name in unset:
        found.pop(name, None)
    return [f"{name}={value}" for name, value in found.items()]


def get(env: Iterable[str], name: str) -> str | None:
    """The value of one variable in a list of `NAME=value`."""
    prefix = name + "="
    for item in env:
        if item.startswith(prefix):
            return item[len(prefix) :]
    return None
