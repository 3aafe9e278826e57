"""Owns: the command line and the addresses of slirp4netns(1) for a set of network options. Pure.

Its user-mode stack gives the network `cidr` (10.0.2.0/24): .2 is the gateway and the host, .3 the name
server, .100 the container. Options are those of Podman's `--network slirp4netns:...`.
"""

from __future__ import annotations

from libpod.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypedDict

    class NetworkPlan(TypedDict):
        argv: list[str]
        """Template: `{netns}`, `{ready}` and `{exit}` stand for what the monitor fills in."""
        address: str
        """The container's; likewise the others."""
        gateway: str
        dns: str
        address6: str
        """Empty without IPv6; the stack's own prefix is fd00::/64."""
        interface: str


INTERFACE = "tap0"
DEFAULT_CIDR = "10.0.2.0/24"
DEFAULT_MTU = "65520"
GATEWAY6 = "fd00::2"
MAX_PREFIX = 25
"""The container is host number 100: the range must hold it, slirp4netns(1)."""
_GATEWAY, _DNS, _GUEST = 2, 3, 100
_PORT_HANDLERS = ("slirp4netns", "rootlesskit", "rootlessport")
"""Taken and without effect: published ports do not go through slirp4netns, and keep the client's address
either way.
"""
_TRUE = ("true", "1", "t", "T", "TRUE", "True")
_FALSE = ("false", "0", "f", "F", "FALSE", "False")


def parse(text: str) -> dict[str, str]:
    """Return the options of `slirp4netns[:name=value,...]`, checked.

    UsageError names the option and what it takes.
    """
    mode, _, rest = text.partition(":")
    if mode != "slirp4netns":
        raise UsageError(f'network mode "{text}" is not slirp4netns')
    options: dict[str, str] = {}
    for item in rest.split(",") if rest else ():
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f'slirp4netns option "{item}" has no value', remedy=f"write {key}=VALUE")
        options[key] = value
    check(options)
    return options


def check(options: Mapping[str, str]) -> None:
    """Raise UsageError for an unknown option or a bad value."""
    for key, value in options.items():
        if key in ("allow_host_loopback", "enable_ipv6"):
            _flag(key, value)
        elif key == "mtu":
            if not (value.isascii() and value.isdigit() and 68 <= int(value) <= 65521):
                raise _bad(key, value, "a number from 68 to 65521")
        elif key == "cidr":
            network(value)
        elif key == "port_handler":
            if value not in _PORT_HANDLERS:
                raise _bad(key, value, "slirp4netns or rootlesskit")
        elif key in ("outbound_addr", "outbound_addr6"):
            if not value or value.startswith("-") or any(c.isspace() for c in value):
                raise _bad(key, value, "an address or the name of an interface")
        else:
            raise UsageError(
                f'unknown slirp4netns option "{key}"',
                remedy="use allow_host_loopback, cidr, enable_ipv6, mtu, outbound_addr(6) or port_handler",
            )


def plan(options: Mapping[str, str], program: str) -> NetworkPlan:
    """Return how to start `program` (slirp4netns) with these options, and the addresses it gives."""
    check(options)
    base = network(options.get("cidr", DEFAULT_CIDR))
    ipv6 = _flag("enable_ipv6", options.get("enable_ipv6", "true"))
    argv = [program, f"--mtu={options.get('mtu', DEFAULT_MTU)}", "--enable-sandbox", "--enable-seccomp"]
    if not _flag("allow_host_loopback", options.get("allow_host_loopback", "false")):
        argv.append("--disable-host-loopback")
    if ipv6:
        argv.append("--enable-ipv6")
    for key in ("cidr", "outbound_addr", "outbound_addr6"):
        if key in options:
            argv.append(f"--{key.replace('_', '-')}={options[key]}")
    argv += ["-c", "-r", "{ready}", "-e", "{exit}", "--netns-type=path", "{netns}", INTERFACE]
    return {
        "argv": argv,
        "address": _dotted(base + _GUEST),
        "gateway": _dotted(base + _GATEWAY),
        "dns": _dotted(base + _DNS),
        "address6": "fd00::/64" if ipv6 else "",
        "interface": INTERFACE,
    }


def network(cidr: str) -> int:
    """Return the first address of an IPv4 range as a number. UsageError if slirp4netns cannot use it."""
    address, slash, prefix = cidr.partition("/")
    if slash and prefix.isascii() and prefix.isdigit() and 1 <= int(prefix) <= MAX_PREFIX:
        number = _number(address)
        if number is not None:
            return number & (0xFFFFFFFF << (32 - int(prefix)) & 0xFFFFFFFF)
    raise _bad("cidr", cidr, f"an IPv4 range with a prefix of at most {MAX_PREFIX}, such as {DEFAULT_CIDR}")


def _number(address: str) -> int | None:
    words = address.split(".")
    if len(words) != 4 or not all(w.isascii() and w.isdigit() and len(w) < 4 and int(w) < 256 for w in words):
        return None
    number = 0
    for word in words:
        number = number << 8 | int(word)
    return number


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _flag(key: str, value: str) -> bool:
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise _bad(key, value, "true or false")


def _bad(key: str, value: str, expected: str) -> UsageError:
    return UsageError(
        f'slirp4netns option {key}="{value}": expected {expected}',
        remedy=f"write {key}=VALUE with {expected}",
    )
