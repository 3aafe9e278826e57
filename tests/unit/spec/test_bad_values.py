"""Every value that an option refuses: the error names the option and the value, and says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from libpod.errors import NotSupportedError, UsageError
from tests.unit.spec.conftest import Maker

WRONG: list[tuple[str, Any]] = [
    ("add_host", ["db"]),
    ("add_host", ["db:nowhere"]),
    ("add_host", [":1.2.3.4"]),
    ("add_host", ["a b:1.2.3.4"]),
    ("add_host", ["db:1.2.3.256"]),
    ("annotation", ["=x"]),
    ("blkio_weight", "5"),
    ("cap_add", ["FOO"]),
    ("cap_drop", ["CAP_FOO"]),
    ("cgroup_conf", ["memory.high"]),
    ("cgroup_conf", ["../memory.high=1"]),
    ("cgroupns", "foo"),
    ("cgroups", "maybe"),
    ("cpu_period", "10"),
    ("cpu_quota", "5"),
    ("cpu_shares", "-1"),
    ("cpus", "one"),
    ("cpus", "-1"),
    ("cpus", "0.001"),
    ("cpuset_cpus", "3-1"),
    ("cpuset_cpus", "a"),
    ("cpuset_mems", "0,,1"),
    ("device", ["/etc/passwd"]),
    ("device", ["/dev/null:relative"]),
    ("device", ["/dev/null:/dev/x:rwx"]),
    ("device", ["/dev/null:/dev/x:rr"]),
    ("device", ["/dev/a:/dev/b:/dev/c"]),
    ("dns", ["example.org"]),
    ("dns_search", ["two words"]),
    ("entrypoint", "[1]"),
    ("entrypoint", '["open'),
    ("env", ["=x"]),
    ("expose", ["0"]),
    ("expose", ["90-80"]),
    ("expose", ["80/icmp"]),
    ("gidmap", ["0"]),
    ("gidmap", ["0:1:0"]),
    ("hostname", "a b"),
    ("hostname", "-a"),
    ("hostname", "x" * 65),
    ("image_volume", "all"),
    ("init", "perhaps"),
    ("ipc", "foo"),
    ("label", ["=x"]),
    ("log_driver", "syslog"),
    ("log_opt", ["max-size"]),
    ("log_opt", ["compress=true"]),
    ("log_opt", ["max-size=lots"]),
    ("log_opt", ["max-file=0"]),
    ("memory", "1x"),
    ("memory", "-5"),
    ("memory_reservation", "much"),
    ("mount", ["type=bind"]),
    ("mount", ["type=foo,dst=/x"]),
    ("mount", ["type=bind,src=/a,dst=b"]),
    ("mount", ["type=bind,src=/a,dst=/b,bind-propagation=up"]),
    ("mount", ["type=bind,src=/a,dst=/b,relabel=maybe"]),
    ("mount", ["type=bind,src=/a,dst=/b,ro=maybe"]),
    ("mount", ["type=bind,src=/a,dst=/b,unknown=1"]),
    ("mount", ["type=volume,src=a/b,dst=/b"]),
    ("mount", ["type=volume,src=a,dst=/b,subpath=../x"]),
    ("mount", ["type=volume,src=a,dst=/b,subpath=x/../../y"]),
    ("mount", ["type=volume,src=a,dst=/b,subpath="]),
    ("mount", ["type=image,dst=/b"]),
    ("mount", ["type=image,src=x,dst=/b,rw=maybe"]),
    ("mount", ["type=image,src=x,dst=/b,subpath=.."]),
    ("mount", ["type=image,src=x,dst=/b,foo=1"]),
    ("mount", ["type=ramfs,dst=/b,tmpfs-size=1m"]),
    ("mount", ["type=ramfs,src=x,dst=/b"]),
    ("mount", ["type=glob,dst=/b"]),
    ("mount", ["type=bind,src=/a,dst=/b,subpath=x"]),
    ("volume", ["/a:/b:O,ro"]),
    ("volume", ["/a:/b:O,upperdir=/u"]),
    ("volume", ["/a:/b:O,workdir=/w"]),
    ("volume", ["/a:/b:upperdir=/u,workdir=/w"]),
    ("volume", ["/a:/b:O,upperdir=,workdir=/w"]),
    ("mount", ["type=tmpfs,src=/a,dst=/b"]),
    ("mount", ["type=tmpfs,dst=/b,tmpfs-size=big"]),
    ("mount", ["type=tmpfs,dst=/b,foo"]),
    ("mount", ["type=devpts,dst=/b,uid=root"]),
    ("mount", ['type=bind,"src=/a,dst=/b']),
    ("mount", ["=x,dst=/b"]),
    ("network", ["none:x"]),
    ("network", ["host:x"]),
    ("network", ["container:"]),
    ("network", ["ns:relative"]),
    ("network", ["slirp4netns:foo=1"]),
    ("network", ["slirp4netns:mtu=1"]),
    ("network", ["slirp4netns:cidr=10.0.0.0/30"]),
    ("network", ["slirp4netns:enable_ipv6=maybe"]),
    ("network", ["slirp4netns:port_handler=foo"]),
    ("network", ["slirp4netns:outbound_addr=-x"]),
    ("oom_score_adj", "1001"),
    ("pid", "foo"),
    ("pids_limit", "-2"),
    ("pids_limit", "many"),
    ("privileged", "perhaps"),
    ("pull", "often"),
    ("restart", "sometimes"),
    ("restart", "always:3"),
    ("restart", "on-failure:x"),
    ("seccomp_policy", "image"),
    ("security_opt", ["foo"]),
    ("security_opt", ["foo=bar"]),
    ("security_opt", ["no-new-privileges=maybe"]),
    ("security_opt", ["mask=relative"]),
    ("security_opt", ["unmask=relative"]),
    ("security_opt", ["seccomp="]),
    ("security_opt", ["proc-opts=foo=1"]),
    ("shm_size", "big"),
    ("stop_signal", "FOO"),
    ("stop_signal", "65"),
    ("stop_timeout", "soon"),
    ("sysctl", ["net.foo"]),
    ("sysctl", ["=1"]),
    ("systemd", "maybe"),
    ("timeout", "-1"),
    ("tmpfs", ["relative"]),
    ("tmpfs", ["/"]),
    ("tmpfs", ["/x:foo"]),
    ("tmpfs", ["/x:ro,rw"]),
    ("tmpfs", ["/x:size=big"]),
    ("uidmap", ["a:0:1"]),
    ("uidmap", ["0:0:4294967297"]),
    ("uidmap", ["0"]),
    ("uidmap", ["0:@:1"]),
    ("uidmap", ["x0:0:1"]),
    ("uidmap", ["0:+5:1"]),
    ("gidmap", ["@0:0:1"]),
    ("ulimit", ["foo=1"]),
    ("ulimit", ["nofile"]),
    ("ulimit", ["nofile=x"]),
    ("ulimit", ["nofile=10:5"]),
    ("ulimit", ["nofile=-1:5"]),
    ("umask", "0888"),
    ("umask", "00022"),
    ("user", ":"),
    ("user", "a:b:c"),
    ("user", "a:"),
    ("userns", "foo"),
    ("userns", "keep-id:uid=x"),
    ("userns", "keep-id:foo=1"),
    ("userns", "auto:size=0"),
    ("userns", "auto:uid=5"),
    ("userns", "auto:uidmapping=0"),
    ("userns", "nomap:x"),
    ("userns", "container:"),
    ("userns", "ns:"),
    ("userns", "private"),
    ("uts", "foo"),
    ("volume", [":/x"]),
    ("volume", ["/a::ro"]),
    ("volume", ["/a:/b:ro:rw"]),
    ("volume", ["/a:relative"]),
    ("volume", ["/a:/"]),
    ("volume", ["/a:/b:foo"]),
    ("volume", ["/a:/b:ro,rw"]),
    ("volume", ["/a:/b:z,Z"]),
    ("volume", ["/a:/b:shared,private"]),
    ("volume", ["a/b:/c"]),
    ("volume", ["relative"]),
    ("volumes_from", [":ro"]),
    ("volumes_from", ["web:rx"]),
    ("volumes_from", ["web:ro,rw"]),
    ("workdir", "relative"),
    ("device", ["vendor=x"]),
    ("device", ["vendor/class="]),
    ("shm_size_systemd", "x"),
]

LATER: list[tuple[str, Any]] = [
    ("health_cmd", "true"),
    ("ip", "10.0.0.5"),
    ("mac_address", "02:00:00:00:00:01"),
    ("mount", ["type=artifact,src=x,dst=/b"]),
    ("network", ["pasta"]),
    ("network", ["bridge"]),
    ("network", ["mynet"]),
    ("network", ["none", "host"]),
    ("network_alias", ["db"]),
    ("pid", "ns:/proc/1/ns/pid"),
    ("userns", "pod"),
]


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda v: str(v))
def test_a_wrong_value_is_refused_with_its_name_and_a_remedy(key: str, value: Any, make: Maker) -> None:
    with pytest.raises(UsageError) as caught:
        make.request(**{key: value})
    name = "--" + key.replace("_", "-")
    assert name in caught.value.message
    assert caught.value.remedy
    assert caught.value.exit_code == 125
    given = value[-1] if isinstance(value, list) else value
    if len(given) > 2 and key != "annotation":
        assert given in caught.value.message or given.partition("=")[2] in caught.value.message


@pytest.mark.parametrize(("key", "value"), LATER, ids=lambda v: str(v))
def test_what_is_not_there_yet_says_so(key: str, value: Any, make: Maker) -> None:
    with pytest.raises(NotSupportedError) as caught:
        make.request(**{key: value})
    assert "not supported yet" in caught.value.message
    assert "--" + key.replace("_", "-") in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("key", ["run.oci.seccomp_bpf_data", "run.oci.hooks.stderr", "io.pypod.x"])
def test_annotations_that_steer_the_runtime_are_reserved(key: str, make: Maker) -> None:
    with pytest.raises(UsageError, match="reserved"):
        make.request(annotation=[f"{key}=AAAA"])


@pytest.mark.parametrize(
    "options",
    [
        {"cpus": "1", "cpu_quota": "5000"},
        {"cpus": "1", "cpu_period": "5000"},
        {"memory_swap": "10m"},
        {"memory": "10m", "memory_swap": "5m"},
        {"memory": "10m", "memory_reservation": "20m"},
        {"uidmap": ["0:0:1"], "userns": "keep-id"},
        {"uidmap": ["0:1:10", "5:100:1"]},
        {"uidmap": ["0:0:1"], "userns": "auto"},
        {"subuidname": "me", "userns": "keep-id"},
        {"subuidname": "me", "uidmap": ["0:0:1"]},
        {"subgidname": "me", "gidmap": ["0:0:1"]},
        {"ulimit": ["host", "nofile=5"]},
        {"volume": ["/a:/x", "/b:/x"]},
        {"volume": ["/a:/x"], "tmpfs": ["/x"]},
        {"mount": ["type=tmpfs,dst=/x/"], "tmpfs": ["/x:ro"]},
    ],
    ids=str,
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], make: Maker) -> None:
    with pytest.raises(UsageError) as caught:
        make.request(**options)
    assert caught.value.remedy
