"""Owns: parsing of the network options of `run` and `create`, and of the namespace options that take a
container.
"""

from __future__ import annotations

from libpod.errors import NotSupportedError, UsageError
from libpod.spec.values import bad, comma_words, text, try_bool, try_int, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import NetworkRecord
    from libpod.spec.values import Options

_SLIRP_BOOL = ("allow_host_loopback", "enable_ipv6")
_SLIRP_OTHER = ("mtu", "cidr", "outbound_addr", "outbound_addr6", "port_handler")
_USE = "use slirp4netns (the default), none, host or container:NAME"


def parse(options: Options) -> NetworkRecord | None:
    """`--network`; None when it was not given. Options that need a network with addresses of its own are
    refused.
    """
    for key in ("ip", "ip6", "mac_address", "network_alias"):
        if options.get(key):
            raise NotSupportedError(
                f"--{key.replace('_', '-')} needs a named network, and named networks are not supported yet",
                remedy=f"leave the option out; {_USE}",
            )
    values = words(options, "network") or words(options, "net")
    if len(values) > 1:
        raise NotSupportedError(
            f"more than one --network ({', '.join(values)}) is not supported yet", remedy=_USE
        )
    if not values or values[0] in ("", "default", "private"):
        return None
    return parse_mode(values[0])


def parse_mode(value: str) -> NetworkRecord:
    """One network mode, from the command line or from the settings."""
    mode, colon, rest = value.partition(":")
    if mode == "none" or mode == "host":
        if colon:
            raise bad("network", value, f"no options after {mode}", f'use "--network={mode}"')
        return {"mode": "none" if mode == "none" else "host", "options": {}, "container": ""}
    if mode == "slirp4netns":
        return {"mode": "slirp4netns", "options": slirp_options("network", value, rest), "container": ""}
    if mode == "container":
        if not rest:
            raise bad("network", value, "container:NAME", 'write "--network=container:NAME"')
        return {"mode": "container", "options": {}, "container": rest}
    if mode == "ns":
        if not rest.startswith("/"):
            raise bad(
                "network",
                value,
                "ns:PATH with an absolute path",
                'write for example "--network=ns:/run/netns/web"',
            )
        return {"mode": "ns", "options": {"path": rest}, "container": ""}
    if mode == "pasta":
        raise NotSupportedError(f'--network="{value}": pasta is not supported yet', remedy=_USE)
    raise NotSupportedError(
        f'--network="{value}": named networks (bridges) are not supported yet', remedy=_USE
    )


def slirp_options(option: str, value: str, rest: str) -> dict[str, str]:
    """The options after `slirp4netns:` as a dict, booleans normalised."""
    found: dict[str, str] = {}
    for item in rest.split(",") if rest else ():
        key, eq, raw = item.partition("=")
        if key in _SLIRP_BOOL:
            switch = try_bool(raw) if eq else True
            if switch is None:
                raise bad(option, value, f"true or false for {key}", f'write "{key}=true"')
            found[key] = "true" if switch else "false"
        elif key == "mtu":
            number = try_int(raw)
            if number is None or not 68 <= number <= 65521:
                raise bad(option, value, "an mtu from 68 to 65521", 'write "mtu=65520"')
            found[key] = raw
        elif key == "cidr":
            if not _is_cidr4(raw):
                raise bad(
                    option,
                    value,
                    "an IPv4 range with a prefix of at most 25 for cidr",
                    'write "cidr=10.0.2.0/24"',
                )
            found[key] = raw
        elif key == "port_handler":
            if raw not in ("slirp4netns", "rootlesskit", "rootlessport"):
                raise bad(option, value, "port_handler=slirp4netns or rootlesskit", "choose one of them")
            found[key] = raw
        elif key in _SLIRP_OTHER and raw and not raw.startswith("-"):
            found[key] = raw
        else:
            known = ", ".join(_SLIRP_BOOL + _SLIRP_OTHER)
            raise bad(option, value, f'options of slirp4netns, not "{item}"', f"the options are {known}")
    return found


def is_ipv4(value: str) -> bool:
    parts = value.split(".")
    return len(parts) == 4 and all(p.isascii() and p.isdigit() and len(p) < 4 and int(p) < 256 for p in parts)


def is_ipv6(value: str) -> bool:
    """RFC 4291 text form, with an optional zone."""
    value = value.partition("%")[0]
    if value.count("::") > 1 or ":::" in value or ":" not in value:
        return False
    head, gap, tail = value.partition("::")
    groups = (head.split(":") if head else []) + (tail.split(":") if tail else [])
    room = 8
    if groups and "." in groups[-1]:
        if not is_ipv4(groups.pop()):
            return False
        room = 6
    fits = len(groups) < room if gap else len(groups) == room
    return fits and all(0 < len(g) < 5 and all(c in "0123456789abcdefABCDEF" for c in g) for g in groups)


def _is_cidr4(value: str) -> bool:
    address, _, prefix = value.partition("/")
    number = try_int(prefix)
    return is_ipv4(address) and number is not None and 1 <= number <= 25


def dns(options: Options) -> tuple[list[str], list[str], list[str]]:
    """`--dns`, `--dns-search`, `--dns-option`."""
    servers = comma_words(options, "dns")
    for server in servers:
        if server != "none" and not is_ipv4(server) and not is_ipv6(server):
            raise bad("dns", server, "the address of a name server", 'write for example "--dns 1.1.1.1"')
    searches = comma_words(options, "dns_search")
    for search in searches:
        if any(c.isspace() for c in search):
            raise bad("dns-search", search, "a domain name", 'write for example "--dns-search example.org"')
    return servers, searches, words(options, "dns_option") or words(options, "dns_opt")


def add_host(options: Options) -> list[str]:
    """`--add-host NAME[;NAME]:ADDRESS`; the address may be `host-gateway`. `NAME=ADDRESS` works too."""
    found = []
    for value in words(options, "add_host"):
        name, sep, address = value.partition(":")
        if "=" in name:
            name, sep, address = value.partition("=")
        bare = address[1:-1] if address[:1] == "[" and address[-1:] == "]" else address
        names_ok = all(n and not any(c.isspace() or c == "#" for c in n) for n in name.split(";"))
        if not sep or not names_ok or not (bare == "host-gateway" or is_ipv4(bare) or is_ipv6(bare)):
            raise bad(
                "add-host",
                value,
                "NAME:ADDRESS with an IP address or host-gateway",
                'write for example "--add-host db:10.0.0.5" or "--add-host db:host-gateway"',
            )
        found.append(f"{name}:{bare}")
    return found


def expose(options: Options) -> list[str]:
    """`--expose PORT[-PORT][/PROTOCOL]` as `PORT/PROTOCOL` words; ranges stay ranges."""
    found = []
    for value in words(options, "expose"):
        ports, _, protocol = value.partition("/")
        protocol = protocol.lower() or "tcp"
        first, dash, last = ports.partition("-")
        low, high = try_int(first), try_int(last) if dash else try_int(first)
        if (
            low is None
            or high is None
            or not 1 <= low <= high <= 65535
            or protocol not in ("tcp", "udp", "sctp")
        ):
            raise bad(
                "expose",
                value,
                "PORT[-PORT][/tcp|udp|sctp]",
                'write for example "--expose 8080" or "--expose 53/udp"',
            )
        found.append(f"{ports}/{protocol}")
    return found


def namespace(options: Options, key: str, extra: tuple[str, ...] = ()) -> str:
    """`--pid`, `--ipc`, `--uts`, `--cgroupns`: empty, `private`, `host`, `container:NAME`, or one of
    `extra`.
    """
    value = text(options, key)
    if value in ("", "private", "host") or value in extra:
        return value
    mode, _, rest = value.partition(":")
    if mode == "container" and rest:
        return value
    if mode in ("pod", "ns"):
        raise NotSupportedError(
            f'--{key}="{value}" is not supported yet',
            remedy=f'use "--{key}=private", "host" or "container:NAME"',
        )
    listed = "".join(f", {word}" for word in extra)
    raise bad(key, value, f"private, host{listed} or container:NAME", f'use "--{key}=private"')


def check_join(option: str, value: str, joins: dict[str, str]) -> str:
    """`container:NAME` with the name replaced by the full id; other values unchanged."""
    mode, _, name = value.partition(":")
    if mode != "container":
        return value
    cid = joins.get(name, "")
    if not cid:
        raise UsageError(
            f'--{option}="{value}": no such container', remedy='list the containers with "pypod ps -a"'
        )
    return f"container:{cid}"
