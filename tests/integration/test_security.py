"""What a container may not do: capabilities, seccomp, hidden paths, new privileges, devices, escapes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

DEFAULT = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"
NUMBERS = {
    "CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "FSETID": 4, "KILL": 5, "SETGID": 6, "SETUID": 7,
    "SETPCAP": 8, "NET_BIND_SERVICE": 10, "NET_ADMIN": 12, "NET_RAW": 13, "SYS_CHROOT": 18, "SYS_ADMIN": 21,
    "MKNOD": 27, "SETFCAP": 31,
}  # fmt: skip
"""capability.h"""
ALL = (1 << (int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1)) - 1


def mask(names: str) -> int:
    return sum(1 << NUMBERS[name] for name in names.split())


def status(shared: Pypod, *options: str) -> dict[str, str]:
    """/proc/self/status of the container's first process."""
    out = shared.run("--rm", *options, "IMAGE", "cat", "/proc/self/status").lines
    return {key: value.strip() for key, _, value in (line.partition(":") for line in out)}


def sets(shared: Pypod, *options: str) -> dict[str, int]:
    found = status(shared, *options)
    return {key[3:]: int(found[key], 16) for key in found if key.startswith("Cap")}


# Capabilities


# covers: run --cap-add, run --cap-drop
def test_capabilities_by_default(shared: Pypod) -> None:
    found = sets(shared)
    assert found["Eff"] == found["Prm"] == found["Bnd"] == mask(DEFAULT)
    assert found["Inh"] == found["Amb"] == 0


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--cap-drop", "ALL"], 0),
        (["--cap-drop=all"], 0),
        (["--cap-drop", "all", "--cap-add", "chown"], mask("CHOWN")),
        (["--cap-add", "NET_ADMIN,CAP_SYS_ADMIN"], mask(DEFAULT + " NET_ADMIN SYS_ADMIN")),
        (
            ["--cap-add", "net_raw", "--cap-drop", "CHOWN,kill"],
            mask(DEFAULT + " NET_RAW") & ~mask("CHOWN KILL"),
        ),
        (["--cap-add", "ALL"], ALL),
        (["--cap-add", "all", "--cap-drop", "MKNOD"], ALL & ~mask("MKNOD")),
        (["--privileged"], ALL),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
# covers: run --cap-add, run --cap-drop, run --privileged
def test_capabilities(shared: Pypod, options: list[str], wanted: int) -> None:
    found = sets(shared, *options)
    assert (found["Eff"], found["Bnd"]) == (wanted, wanted)


# covers: run --cap-add, run --user
def test_capabilities_of_another_user(shared: Pypod) -> None:
    """It gets what was added by name, also over an exec; nothing by default."""
    found = sets(shared, "-u", "user")
    assert (found["Eff"], found["Amb"], found["Bnd"]) == (0, 0, mask(DEFAULT))
    found = sets(shared, "-u", "user", "--cap-add", "NET_RAW")
    assert found["Eff"] == found["Amb"] == found["Inh"] == mask("NET_RAW")
    assert sets(shared, "-u", "user", "--privileged")["Eff"] == 0


@pytest.mark.parametrize(
    "options", [["--cap-add", "NO_SUCH"], ["--cap-drop", "x"], ["--cap-add", "CHOWN", "--cap-drop", "CHOWN"]]
)
# covers: run --cap-add, run --cap-drop
def test_capabilities_that_cannot_be(shared: Pypod, options: list[str]) -> None:
    assert shared.run("--rm", *options, "IMAGE", "true", check=False).code == 125


# covers: run --cap-add
def test_what_capabilities_are_for(shared: Pypod) -> None:
    add = ["IMAGE", "ip", "link", "add", "dummy0", "type", "dummy"]
    assert shared.run("--rm", *add, check=False).code != 0
    shared.run("--rm", "--cap-add", "NET_ADMIN", "IMAGE", "ip", "link", "set", "lo", "down")
    own = ["IMAGE", "chown", "1000", "/tmp"]
    assert shared.run("--rm", *own).code == 0
    assert shared.run("--rm", "--cap-drop", "CHOWN", *own, check=False).code != 0


# seccomp and privileges


# covers: run --security-opt, run --privileged
def test_seccomp(shared: Pypod) -> None:
    assert status(shared)["Seccomp"] == "2"
    assert status(shared, "--cap-add", "ALL")["Seccomp"] == "2"
    assert status(shared, "--security-opt", "seccomp=unconfined")["Seccomp"] == "0"
    assert status(shared, "--privileged")["Seccomp"] == "0"
    # two runs: the second one uses the filter that the first one compiled
    assert status(shared, "--cap-add", "SYS_TIME")["Seccomp"] == "2"
    assert status(shared, "--cap-add", "SYS_TIME")["Seccomp"] == "2"


# covers: run --security-opt
def test_what_the_default_profile_refuses(shared: Pypod) -> None:
    script = "unshare -U true 2>&1; unshare -m true 2>&1; mount -t tmpfs x /mnt 2>&1; echo end"
    out = shared.run("--rm", "IMAGE", "sh", "-c", script).out
    assert out.count("Operation not permitted") + out.lower().count("permission denied") == 3
    inside = ["IMAGE", "unshare", "-U", "true"]
    assert shared.run("--rm", "--security-opt", "seccomp=unconfined", *inside).code == 0


# covers: run --security-opt
def test_a_profile_of_ones_own(shared: Pypod, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    option = ["--security-opt", f"seccomp={profile}"]
    result = shared.run("--rm", *option, "IMAGE", "mkdir", "/new", check=False)
    assert "No space left" in result.stderr
    assert shared.run("--rm", *option, "IMAGE", "touch", "/new").code == 0
    for bad in ("{", '{"defaultAction": "NOTHING"}', "[]"):
        profile.write_text(bad)
        assert shared.run("--rm", *option, "IMAGE", "true", check=False).code == 125
    missing = ["--security-opt", "seccomp=/no/such/file"]
    assert shared.run("--rm", *missing, "IMAGE", "true", check=False).code == 125


# covers: run --security-opt
def test_no_new_privileges(shared: Pypod) -> None:
    assert status(shared)["NoNewPrivs"] == "0"
    for value in ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"):
        assert status(shared, "--security-opt", value)["NoNewPrivs"] == "1"
    assert status(shared, "--security-opt", "no-new-privileges:false")["NoNewPrivs"] == "0"
    script = "cp /bin/bash /b; chmod 4755 /b; echo made; sleep 1000"
    for options, uid in (([], "0"), (["--security-opt", "no-new-privileges"], "1000")):
        cid = shared.detached(*options, "IMAGE", "sh", "-c", script)
        shared.wait_for_log(cid, "made")
        out = shared("exec", "-u", "1000", cid, "/b", "-p", "-c", "grep ^Uid: /proc/$$/status; true").out
        assert out.split()[2] == uid


@pytest.mark.parametrize("value", ["label=disable", "label=type:spc_t", "apparmor=unconfined"])
# covers: run --security-opt
def test_other_security_options(shared: Pypod, value: str) -> None:
    assert shared.run("--rm", "--security-opt", value, "IMAGE", "true").code == 0


@pytest.mark.parametrize("value", ["no-such-option", "no-such-option=1", "seccomp=", "mask=relative", ""])
# covers: run --security-opt
def test_security_options_that_are_none(shared: Pypod, value: str) -> None:
    assert shared.run("--rm", "--security-opt", value, "IMAGE", "true", check=False).code == 125


# Hidden paths


# covers: run --security-opt
def test_paths_that_are_hidden(shared: Pypod) -> None:
    script = """
    for f in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats; do
      [ -e $f ] && [ -n "$(head -c 10 $f 2>/dev/null)" ] && echo readable $f
    done
    for d in /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap /sys/fs/selinux; do
      [ -d $d ] && [ -n "$(ls -A $d 2>/dev/null)" ] && echo listable $d
    done
    for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/x /proc/bus/x /sys/kernel/x; do
      (echo x > $f) 2>/dev/null && echo writable $f
    done
    true"""
    assert shared.run("--rm", "IMAGE", "sh", "-c", script).out == ""
    assert shared.run("--rm", "--network", "host", "IMAGE", "sh", "-c", script).out == ""


# covers: run --security-opt, run --privileged
def test_paths_that_are_shown_again(shared: Pypod) -> None:
    words = ["IMAGE", "cat", "/proc/self/mounts"]

    def hidden(*options: str) -> set[str]:
        places = {line.split()[1] for line in shared.run("--rm", *options, *words).lines}
        return {p for p in places if p.startswith(("/proc/", "/sys/"))}

    everything = hidden()
    assert "/proc/keys" in everything or not Path("/proc/keys").exists()
    assert "/proc/sys" in everything
    assert hidden("--security-opt", "unmask=ALL") <= {"/sys/fs/cgroup"}
    assert hidden("--privileged") <= {"/sys/fs/cgroup"}
    assert "/proc/keys" not in hidden("--security-opt", "unmask=/proc/keys:/proc/acpi")
    masked = ["--security-opt", "mask=/etc/passwd:/usr"]
    out = shared.run("--rm", *masked, "IMAGE", "sh", "-c", "cat /etc/passwd; ls -A /usr").out
    assert out == ""


# Namespaces


# covers: run --pid, run --ipc, run --uts, run --cgroupns
def test_namespaces_are_the_containers_own(shared: Pypod) -> None:
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
    cid = shared.detached()
    inside = {kind: shared("exec", cid, "readlink", f"/proc/1/ns/{kind}").out for kind in kinds}
    for kind in kinds:
        assert inside[kind] != os.readlink(f"/proc/self/ns/{kind}")
    assert shared("exec", cid, "sh", "-c", "echo $$; ls -d /proc/[0-9]* | wc -l").lines[0] != "1"
    assert shared("exec", cid, "cat", "/proc/1/comm").out == "sleep"
    assert shared("exec", cid, "cat", "/proc/self/cgroup").lines[-1] == "0::/"


@pytest.mark.parametrize(("option", "kind"), [("--pid", "pid"), ("--ipc", "ipc"), ("--uts", "uts")])
# covers: run --pid, run --ipc, run --uts
def test_namespaces_of_the_host_and_of_others(shared: Pypod, option: str, kind: str) -> None:
    read = ["IMAGE", "readlink", f"/proc/self/ns/{kind}"]
    assert shared.run("--rm", option, "host", *read).out == os.readlink(f"/proc/self/ns/{kind}")
    cid = shared.detached()
    theirs = shared("exec", cid, "readlink", f"/proc/self/ns/{kind}").out
    assert shared.run("--rm", option, f"container:{cid}", *read).out == theirs
    assert shared.run("--rm", option, "private", *read).out not in (
        theirs,
        os.readlink(f"/proc/self/ns/{kind}"),
    )
    assert shared.run("--rm", option, "container:no-such", "IMAGE", "true", check=False).code == 125
    assert shared.run("--rm", option, "no-such-mode", "IMAGE", "true", check=False).code == 125


# covers: run --ipc
def test_message_queues_of_another_container(shared: Pypod) -> None:
    assert shared.run("--rm", "--ipc", "none", "IMAGE", "ls", "/dev/shm", check=None).out == ""
    cid = shared.detached("--ipc", "shareable")
    shared("exec", cid, "touch", "/dev/mqueue/queue")
    read = ["IMAGE", "ls", "/dev/mqueue"]
    assert shared.run("--rm", "--ipc", f"container:{cid}", *read).out == "queue"
    assert shared.run("--rm", *read).out == ""


# covers: run --cgroupns
def test_the_cgroup_namespace(shared: Pypod) -> None:
    def path(mode: str) -> str:
        return shared.run("--rm", "--cgroupns", mode, "IMAGE", "cat", "/proc/self/cgroup").lines[-1]

    assert path("private") == "0::/"
    assert path("host").startswith("0::/")
    assert path("host") != "0::/"


# covers: run --cgroups
def test_without_cgroups(shared: Pypod) -> None:
    assert shared.run("--rm", "--cgroups", "disabled", "IMAGE", "echo", "x").out == "x"
    cid = shared.detached("--cgroups", "disabled", "IMAGE", "sh", "-c", "sleep 1001 & sleep 1002")
    assert shared("exec", cid, "echo", "y").out == "y"
    shared("kill", cid)
    assert shared.run("--rm", "--cgroups", "no-such-mode", "IMAGE", "true", check=False).code == 125


# Devices


# covers: run --device
def test_devices_by_default(shared: Pypod) -> None:
    out = shared.run("--rm", "IMAGE", "ls", "/dev").lines
    wanted = {
        "null",
        "zero",
        "full",
        "random",
        "urandom",
        "tty",
        "pts",
        "shm",
        "mqueue",
        "ptmx",
        "fd",
        "stdin",
    }
    assert wanted <= set(out)
    assert not {"fuse", "kmsg", "mem", "vda", "sda", "net"} & set(out)
    script = "echo x > /dev/null; head -c 4 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c"
    assert shared.run("--rm", "IMAGE", "sh", "-c", script).lines == [" 00 00 00 00", "8"]


# covers: run --device
def test_a_device_of_the_host(shared: Pypod) -> None:
    for path in ("/dev/fuse", "/dev/net/tun"):
        if os.access(path, os.W_OK):
            out = shared.run(
                "--rm", "--device", path, "IMAGE", "sh", "-c", f"[ -c {path} ] && : <> {path} && echo ok"
            ).out
            assert out == "ok"
    out = shared.run(
        "--rm",
        "--device",
        "/dev/null:/dev/other:rw",
        "IMAGE",
        "sh",
        "-c",
        "echo x > /dev/other; ls -l /dev/other",
    ).out
    assert out.startswith("c")
    for bad in ("/dev/no-such-device", "/etc/passwd:/dev/x", "null", "/dev/null:/dev/x:xyz"):
        assert shared.run("--rm", "--device", bad, "IMAGE", "true", check=False).code == 125


# covers: run --privileged
def test_privileged(shared: Pypod) -> None:
    """All capabilities in the user's namespace, and the devices that the user may see."""
    script = (
        "mkdir -p /m && mount -t tmpfs x /m && echo mounted; hostname changed && hostname; ls /dev | wc -l"
    )
    lines = shared.run("--rm", "--privileged", "IMAGE", "sh", "-c", script).lines
    assert lines[:2] == ["mounted", "changed"]
    assert int(lines[2]) > 20
    assert (
        shared.run(
            "--rm", "--privileged", "IMAGE", "sh", "-c", "echo x > /proc/sys/kernel/panic", check=False
        ).code
        != 0
    )


# covers: run --group-add
def test_the_groups_of_the_caller(shared: Pypod) -> None:
    shared.run("--rm", "--group-add", "keep-groups", "IMAGE", "true")
    assert shared.run("--group-add", "no-such-group", "IMAGE", "true", check=False).code in (125, 126)


# covers: run
def test_no_descriptor_of_ours_is_left_open_inside(shared: Pypod) -> None:
    """A descriptor of a folder outside would be a way out."""
    script = ["sh", "-c", "ls -l /proc/self/fd /proc/1/fd"]
    cid = shared.detached()
    for out in (shared.run("--rm", "IMAGE", *script).out, shared("exec", cid, *script).out):
        links = [line.partition(" -> ")[2] for line in out.splitlines() if " -> " in line]
        odd = [x for x in links if not x.startswith(("pipe:", "/dev/null", "socket:", "/proc/", "/dev/pts"))]
        assert odd == [], out
        assert sum(line.split()[8].isdigit() for line in out.splitlines() if " -> " in line) <= 8


# covers: run
def test_proc_belongs_to_the_container(shared: Pypod) -> None:
    """Our own processes do not show, and the environment of the monitor cannot be read."""
    out = shared.run("--rm", "IMAGE", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").out
    assert "pypod" not in out
    assert "slirp4netns" not in out


# covers: run --systemd
def test_systemd_mode(shared: Pypod) -> None:
    script = "grep ' /run ' /proc/mounts | cut -d' ' -f3; echo $container_uuid | wc -c"
    assert shared.run("--rm", "--systemd", "always", "IMAGE", "sh", "-c", script).lines[0] == "tmpfs"
    assert shared.run("--rm", "--systemd", "false", "IMAGE", "sh", "-c", script).lines[-1] == "1"
    assert shared.run("--rm", "--systemd", "maybe", "IMAGE", "true", check=False).code == 125
