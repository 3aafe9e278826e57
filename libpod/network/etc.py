"""Owns: the content of /etc/hosts and /etc/resolv.conf of a container (pure).

Sources: hosts(5), resolv.conf(5). The host's name servers on loopback cannot be reached from another
network namespace, so they are replaced by the forwarder that slirp4netns gives."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

HOST_NAMES = "host.containers.internal host.docker.internal"
_LOOPBACK = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"


def hosts(
    *, base: bytes, extra: Iterable[str], own_address: str, names: Iterable[str], host_address: str
) -> str:
    """The text of /etc/hosts.

    `base` is the host's own file (its entries are kept, so that names known to the host are known inside),
    `extra` are the `--add-host` values (`name:address`, several names joined by `;`, address `host-gateway`
    = `host_address`), which come first and win. Empty addresses leave their line out."""
    lines: list[str] = []
    taken: set[str] = set()
    for entry in extra:
        name, _, address = entry.partition(":")
        address = address.strip("[]")
        if address == "host-gateway":
            address = host_address
        if not address:
            continue
        lines.append(f"{address}\t{' '.join(name.split(';'))}")
        taken.update(name.split(";"))
    for raw in base.decode("utf-8", "replace").splitlines():
        words = raw.partition("#")[0].split()
        kept = [w for w in words[1:] if w not in taken]
        if words and kept and not (words[0] in ("127.0.0.1", "::1") and "localhost" in kept):
            lines.append(f"{words[0]}\t{' '.join(kept)}")
    if host_address and "host.containers.internal" not in taken:
        lines.append(f"{host_address}\t{HOST_NAMES}")
    own = [n for n in dict.fromkeys(names) if n and n not in taken]
    if own_address and own:
        lines.append(f"{own_address}\t{' '.join(own)}")
    return _LOOPBACK + "".join(line + "\n" for line in lines)


def resolv(
    *, base: bytes, servers: list[str], search: list[str], options: list[str], forwarder: str, shared: bool
) -> str:
    """The text of /etc/resolv.conf.

    `servers`, `search`, `options` are the `--dns*` values; each kind that is not given comes from the
    host's file `base`. `forwarder` is the name server of the network driver (empty: none), put before the
    host's own. With `shared` (the host's network) loopback servers stay."""
    found: dict[str, list[str]] = {"nameserver": [], "search": [], "options": []}
    for raw in base.decode("utf-8", "replace").splitlines():
        words = raw.split()
        if len(words) < 2 or words[0][0] in "#;":
            continue
        if words[0] == "nameserver":
            found["nameserver"].append(words[1])
        elif words[0] in ("search", "domain"):
            found["search"] = words[1:]
        elif words[0] == "options":
            found["options"] += words[1:]
    names = list(servers)
    if not names:
        names = [forwarder] if forwarder else []
        names += [s for s in found["nameserver"] if shared or not _is_loopback(s)]
    searches = search or found["search"]
    if searches == ["."]:
        searches = []
    lines = []
    if searches:
        lines.append("search " + " ".join(searches))
    lines += [f"nameserver {s}" for s in names]
    opts = options or found["options"]
    if opts:
        lines.append("options " + " ".join(opts))
    return "".join(line + "\n" for line in lines)


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
