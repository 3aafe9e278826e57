"""The seccomp profile, profiles of users, and the cache of compiled filters."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.conf import seccomp
from libpod.conf.security import ALL_CAPS, DEFAULT_CAPS
from libpod.errors import ConfigError

EPERM, EINVAL, ENOSYS, EAFNOSUPPORT = 1, 22, 38, 97


def decide(section: Any, name: str, *args: int) -> int:
    """What the filter answers to a call: 0 = allowed, else the errno. Rules of one call must not overlap."""
    hits = set()
    for rule in section["syscalls"]:
        if name in rule["names"] and all(holds(arg, args) for arg in rule.get("args", ())):
            hits.add(0 if rule["action"] == "SCMP_ACT_ALLOW" else rule["errnoRet"])
    assert len(hits) < 2, f"{name}{args} is decided twice"
    return hits.pop() if hits else int(section["defaultErrnoRet"])


def holds(condition: Any, args: tuple[int, ...]) -> bool:
    have = args[condition["index"]] if condition["index"] < len(args) else 0
    want = condition["value"]
    operator = condition["op"].removeprefix("SCMP_CMP_")
    if operator == "MASKED_EQ":
        return bool(have & want == condition["valueTwo"])
    return bool({"EQ": have == want, "NE": have != want, "LT": have < want, "GT": have > want}[operator])


def default(*more: str, arch: str = "x86_64") -> Any:
    return seccomp.profile({*DEFAULT_CAPS, *more}, arch)


NEEDED = "read write openat clone execve chroot mknod ptrace futex_waitv rseq statx"
HARMFUL = "mount umount2 unshare setns pivot_root bpf perf_event_open keyctl add_key kexec_load swapon reboot"


@pytest.mark.parametrize("name", NEEDED.split())
def test_what_programs_need_is_allowed(name: str) -> None:
    assert decide(default(), name) == 0


@pytest.mark.parametrize("name", HARMFUL.split())
def test_what_could_hurt_the_host_is_refused(name: str) -> None:
    assert decide(default(), name) == EPERM


@pytest.mark.parametrize("name", ["clone3", "io_uring_setup", "no_such_call", "fsmount2"])
def test_what_is_not_known_looks_like_an_older_kernel(name: str) -> None:
    assert decide(default(), name) == ENOSYS


@pytest.mark.parametrize(
    ("cap", "names"),
    [
        ("SYS_ADMIN", "mount umount2 unshare setns pivot_root bpf perf_event_open clone3 sethostname syslog"),
        ("BPF", "bpf"),
        ("PERFMON", "perf_event_open"),
        ("SYSLOG", "syslog"),
        ("SYS_PTRACE", "kcmp process_madvise pidfd_getfd"),
        ("SYS_MODULE", "init_module finit_module delete_module"),
        ("SYS_TIME", "settimeofday clock_settime stime"),
        ("SYS_RAWIO", "iopl ioperm"),
        ("SYS_BOOT", "reboot"),
        ("SYS_PACCT", "acct"),
        ("SYS_TTY_CONFIG", "vhangup"),
        ("DAC_READ_SEARCH", "open_by_handle_at"),
        ("SYS_NICE", "move_pages"),
    ],
)
def test_a_capability_brings_its_calls_and_no_others(cap: str, names: str) -> None:
    widened, plain = default("CAP_" + cap), default()
    for name in names.split():
        assert decide(widened, name) == 0
        assert decide(plain, name) != 0
    assert decide(widened, "kexec_load") == EPERM


def test_chroot_goes_with_its_capability() -> None:
    assert decide(seccomp.profile(set(), "x86_64"), "chroot") == EPERM


NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)


@given(st.integers(0, 2**32 - 1))
def test_clone_makes_processes_but_no_namespaces(flags: int) -> None:
    wanted = any(flags & bit for bit in NAMESPACES)
    assert decide(default(), "clone", flags) == (EPERM if wanted else 0)
    assert decide(default("CAP_SYS_ADMIN"), "clone", flags) == 0


@given(st.integers(0, 100), st.integers(0, 100), st.sampled_from([0, 1 << 32, 0xFFFFFFFF << 32]))
def test_sockets_of_every_family_but_those_of_the_kernel_and_the_hypervisor(
    family: int, protocol: int, above: int
) -> None:
    """`above`: the kernel takes both as 32 bits, whatever else is in the register."""
    expected = EAFNOSUPPORT if family in (38, 40) else ENOSYS if family > 63 else 0
    if family == 16 and protocol > 31:
        expected = ENOSYS  # there is no such netlink protocol, netlink(7)
    if (family, protocol) == (16, 9):
        expected = EINVAL  # audit: programs take it for a kernel without
    for more in ((0, 0), (above, 0), (0, above), (above, above)):
        assert decide(default(), "socket", family | more[0], 1, protocol | more[1]) == expected
    if expected == EINVAL:
        assert decide(default("CAP_AUDIT_WRITE"), "socket", family, 1, protocol) == 0


@pytest.mark.parametrize(
    ("persona", "answer"), [(0, 0), (8, 0), (0x20000, 0), (0x20008, 0), (0xFFFFFFFF, 0), (0x400000, ENOSYS)]
)
def test_execution_domains(persona: int, answer: int) -> None:
    assert decide(default(), "personality", persona) == answer


def test_machines() -> None:
    assert default()["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    assert default(arch="aarch64")["architectures"] == ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
    assert "architectures" not in default(arch="riscv64")
    assert decide(default(), "arch_prctl") == 0
    assert decide(default(arch="aarch64"), "arch_prctl") == ENOSYS
    assert decide(default(arch="aarch64"), "cacheflush") == 0


def test_no_name_is_in_two_lists() -> None:
    data = json.loads((Path(seccomp.__file__).parent / "seccomp.json").read_text())
    names = " ".join([*data["allow"].values(), *data["allow_on"].values(), data["deny"]]).split()
    names += [name for entry in data["with"] for name in entry[1].split()]
    names += {name for rule in data["rules"] for name in rule["names"].split()}
    assert len(names) == len(set(names))
    assert {cap for entry in data["with"] for cap in entry[0].split()} <= set(ALL_CAPS)


def security(**changes: Any) -> Any:
    return {"seccomp": "", "capabilities": sorted(DEFAULT_CAPS), **changes}


def test_section_of_a_container(tmp_path: Path) -> None:
    assert seccomp.section(security(seccomp="unconfined")) is None
    assert seccomp.section(security(), arch="x86_64") == default()
    path = tmp_path / "p.json"
    path.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    assert seccomp.section(security(seccomp=str(path))) == {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}


DOCKER: dict[str, Any] = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "defaultErrnoRet": 1,
    "archMap": [
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
        {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": None},
    ],
    "syscalls": [
        {
            "names": ["read"],
            "action": "SCMP_ACT_ALLOW",
            "args": [],
            "comment": "",
            "includes": {},
            "excludes": {},
        },
        {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
        {"names": ["old"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "4.8"}},
        {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}},
        {"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": {"caps": ["CAP_BPF"]}},
        {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
        {"names": ["cacheflush"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["amd64"]}},
        {
            "name": "personality",
            "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ"}],
        },
    ],
}


def test_profiles_in_the_form_of_docker_are_worked_out() -> None:
    found = seccomp.convert(DOCKER, {"CAP_KILL"}, "x86_64", "6.1.0-x")
    assert found["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
    assert found["defaultErrnoRet"] == 1
    assert [(rule["names"][0], rule["action"]) for rule in found["syscalls"]] == [
        ("read", "SCMP_ACT_ALLOW"),
        ("ptrace", "SCMP_ACT_ALLOW"),
        ("bpf", "SCMP_ACT_ERRNO"),
        ("arch_prctl", "SCMP_ACT_ALLOW"),
        ("personality", "SCMP_ACT_ALLOW"),
    ]
    assert found["syscalls"][-1]["args"] == [{"index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]
    assert not any("includes" in rule or "comment" in rule for rule in found["syscalls"])
    other = seccomp.convert(DOCKER, {"CAP_BPF"}, "aarch64", "4.4.0")
    assert other["architectures"] == ["SCMP_ARCH_AARCH64"]
    assert [rule["names"][0] for rule in other["syscalls"]] == [
        "read",
        "old",
        "bpf",
        "cacheflush",
        "personality",
    ]


def test_profiles_in_the_form_of_the_runtime_stay_as_they_are() -> None:
    own = {**default(), "flags": ["SECCOMP_FILTER_FLAG_LOG"]}
    assert seccomp.convert(own, set(), "x86_64", "6.1") == own


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"defaultAction": 1}',
        '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": 1}',
        '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [1]}',
        '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}',
        '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"]}]}',
    ],
)
def test_a_damaged_profile_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        seccomp.section(security(seccomp=str(path)))
    assert str(path) in caught.value.message
    assert caught.value.remedy


def test_a_missing_profile_is_named() -> None:
    with pytest.raises(ConfigError, match="/none") as caught:
        seccomp.section(security(seccomp="/none.json"))
    assert caught.value.remedy


def test_compiled_filters_are_kept_by_all_that_they_depend_on(tmp_path: Path) -> None:
    runtime = tmp_path / "crun"
    runtime.write_text("1")
    first = seccomp.plan(security(), str(tmp_path), str(runtime))
    assert first["section"] == default(arch=os.uname().machine)
    assert first["bpf"] == ""
    assert first["save"].startswith(f"{tmp_path}/seccomp_")
    assert seccomp.plan(security(), str(tmp_path), str(runtime))["save"] == first["save"]
    assert seccomp.plan(security(capabilities=[]), str(tmp_path), str(runtime))["save"] != first["save"]
    own = tmp_path / "p.json"
    own.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    mine = seccomp.plan(security(seccomp=str(own)), str(tmp_path), str(runtime))["save"]
    assert mine != first["save"]
    own.write_text('{"defaultAction": "SCMP_ACT_LOG"}')
    assert seccomp.plan(security(seccomp=str(own)), str(tmp_path), str(runtime))["save"] != mine
    runtime.write_text("22")
    assert seccomp.plan(security(), str(tmp_path), str(runtime))["save"] != first["save"]


def test_names_of_kept_filters_fit_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = seccomp.plan(security(), str(tmp_path), "/usr/bin/crun")["save"]
    assert len(os.path.basename(path)) < 256
    uname = SimpleNamespace(release="x" * 200, machine="x86_64")
    monkeypatch.setattr(os, "uname", lambda: uname)
    path = seccomp.plan(security(), str(tmp_path), "/usr/bin/crun")["save"]
    assert len(os.path.basename(path)) < 256


def test_a_kept_filter_is_used(tmp_path: Path) -> None:
    runtime = str(tmp_path / "crun")
    Path(runtime).write_text("1")
    kept = Path(seccomp.plan(security(), str(tmp_path), runtime)["save"])
    kept.write_bytes(b"12345678" * 2)
    kept.chmod(0o600)
    found = seccomp.plan(security(), str(tmp_path), runtime)
    assert (found["bpf"], found["save"]) == ("MTIzNDU2NzgxMjM0NTY3OA==", "")


@pytest.mark.parametrize(("content", "mode"), [(b"", 0o600), (b"1234567", 0o600), (b"12345678", 0o622)])
def test_a_filter_that_cannot_be_trusted_is_not_used(content: bytes, mode: int, tmp_path: Path) -> None:
    path = tmp_path / "x.bpf"
    path.write_bytes(content)
    path.chmod(mode)
    assert seccomp.compiled(str(path)) == ""


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"12345678")
    (tmp_path / "link").symlink_to("real")
    assert seccomp.compiled(str(tmp_path / "link")) == ""
    assert seccomp.compiled("") == ""


def test_other_runtimes_and_unconfined_containers_have_no_filter_to_keep(tmp_path: Path) -> None:
    assert seccomp.plan(security(seccomp="unconfined"), str(tmp_path), "/usr/bin/crun") == {
        "section": None,
        "bpf": "",
        "save": "",
    }
    other = seccomp.plan(security(), str(tmp_path), "/usr/sbin/runc")
    assert (other["bpf"], other["save"]) == ("", "")
    assert other["section"] is not None
