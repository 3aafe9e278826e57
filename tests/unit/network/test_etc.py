"""/etc/hosts and /etc/resolv.conf of a container."""

from __future__ import annotations

from libpod.network import etc


def hosts(**given: object) -> list[str]:
    args: dict[str, object] = {
        "base": b"", "extra": [], "own_address": "", "names": [], "host_address": "", **given,
    }  # fmt: skip
    return etc.hosts(**args).splitlines()  # type: ignore[arg-type]


def resolv(**given: object) -> str:
    args: dict[str, object] = {
        "base": b"", "servers": [], "search": [], "options": [], "forwarder": "", "shared": False, **given,
    }  # fmt: skip
    return etc.resolv(**args)  # type: ignore[arg-type]


def test_localhost_is_always_there() -> None:
    assert hosts()[:2] == ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]


def test_hosts_entries_of_the_host_are_kept_without_its_localhost() -> None:
    got = hosts(base=b"127.0.0.1 localhost\n10.1.2.3 db db.lan # the data base\n")
    assert "10.1.2.3\tdb db.lan" in got
    assert sum("localhost" in line for line in got) == 2


def test_add_host_wins_over_the_host_file() -> None:
    got = hosts(base=b"10.1.2.3 db\n", extra=["db:10.9.9.9"])
    assert "10.9.9.9\tdb" in got
    assert not any(line.startswith("10.1.2.3") for line in got)


def test_host_gateway() -> None:
    assert "10.0.2.2\thome" in hosts(extra=["home:host-gateway"], host_address="10.0.2.2")


def test_own_names_point_to_the_own_address() -> None:
    assert "10.0.2.100\tweb abc" in hosts(own_address="10.0.2.100", names=["web", "abc", "web"])


def test_forwarder_replaces_loopback_servers() -> None:
    text = resolv(
        base=b"nameserver 127.0.0.53\nnameserver 9.9.9.9\nsearch lan\noptions edns0\n", forwarder="10.0.2.3"
    )
    assert text == "search lan\nnameserver 10.0.2.3\nnameserver 9.9.9.9\noptions edns0\n"


def test_given_values_replace_those_of_the_host() -> None:
    text = resolv(
        base=b"nameserver 9.9.9.9\nsearch lan\n",
        servers=["1.1.1.1"],
        search=["example.org"],
        options=["ndots:2"],
    )
    assert text == "search example.org\nnameserver 1.1.1.1\noptions ndots:2\n"


def test_a_single_dot_means_no_search_list() -> None:
    assert "search" not in resolv(base=b"search lan\n", search=["."])


def test_host_network_keeps_loopback_servers() -> None:
    assert resolv(base=b"nameserver 127.0.0.53\n", shared=True) == "nameserver 127.0.0.53\n"
