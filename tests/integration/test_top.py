"""top: the processes of a container as /proc has them, and nothing that they can forge."""

from __future__ import annotations

import os
import re

import pytest

from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

DESCRIPTORS = (
    "args capamb capbnd capeff capinh capprm comm etime group groups hgroup hgroups hpid huser label nice "
    "pcpu pgid pid ppid rgroup rss ruser seccomp state stime time tty user vsz"
)
THREE = "sleep 1000 & sleep 999 & echo ready; wait"


def started(pypod: Pypod, script: str = THREE, *options: str) -> str:
    cid = pypod.detached("--network=none", *options, "IMAGE", "sh", "-c", script)
    pypod.wait_for_log(cid, "ready")
    return cid


def table(pypod: Pypod, cid: str, *words: str) -> list[list[str]]:
    """The lines of top, parted at two spaces."""
    return [re.split(r" {2,}", line) for line in pypod("top", cid, *words).lines]


# covers: top, container top
def test_processes_of_a_container(shared: Pypod) -> None:
    cid = started(shared)
    shown = table(shared, cid)
    assert shown[0] == ["USER", "PID", "PPID", "%CPU", "ELAPSED", "TTY", "TIME", "COMMAND"]
    assert [line[:3] + line[-1:] for line in shown[1:]] == [
        ["root", "1", "0", f"sh -c {THREE}"],
        ["root", "2", "1", "sleep 1000"],
        ["root", "3", "1", "sleep 999"],
    ]
    assert shared("container", "top", cid, "pid").lines == ["PID", "1", "2", "3"]


# covers: top, top --latest, top --list-descriptors
def test_descriptors(shared: Pypod) -> None:
    cid = started(shared, THREE, "--user=5:6", "--group-add=7", "--cap-add=NET_RAW")
    names = shared("top", "--list-descriptors").lines
    assert names == DESCRIPTORS.split()
    assert all(len(line) == len(names) for line in table(shared, cid, *names))
    init = shared.init_pid(cid)
    for words, expected in (
        (["user", "group", "ruser,rgroup", "groups"], ["5", "6", "5", "6", "6,7"]),
        (["hpid"], [str(init)]),
        (["%p", "%a", "%n"], ["1", f"sh -c {THREE}", "0"]),
        (["seccomp", "capamb", "comm", "state"], ["filter", "NET_RAW", "sh", "S"]),
        (["pid ppid", "PGID"], ["1", "0", "1"]),
    ):
        assert table(shared, cid, *words)[1] == expected
    host = os.stat(f"/proc/{init}").st_uid
    assert table(shared, cid, "huser")[1] == [str(host)]
    assert shared("top", "-l", "pid").out == shared("top", cid, "pid").out
    bad = shared("top", cid, "bogus", check=False)
    assert bad.code == 125
    assert 'unknown descriptor "bogus"' in bad.stderr


# covers: top
def test_arguments_of_ps(shared: Pypod) -> None:
    cid = started(shared)
    shown = table(shared, cid, "-ef")
    assert shown[0] == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert shown[2][-1] == "sleep 1000"
    assert table(shared, cid, "aux")[0][:4] == ["USER", "PID", "%CPU", "%MEM"]
    assert table(shared, cid, "-eo", "pid,ppid,comm") == [
        ["PID", "PPID", "COMMAND"],
        ["1", "0", "sh"],
        ["2", "1", "sleep"],
        ["3", "1", "sleep"],
    ]
    assert table(shared, cid, "-o", "uid=WHO")[0] == ["WHO"]
    for words in (["-o", "bogus"], ["-Z"], ["-o"]):
        assert shared("top", cid, *words, check=False).code == 125


# covers: top
def test_no_process_is_started_and_exec_is_seen(shared: Pypod) -> None:
    """An image without ps has a top too, and what exec starts is in it."""
    cid = started(shared, "rm /bin/ps; echo ready; sleep 1000")
    child = shared.start("exec", cid, "sh", "-c", "echo up; sleep 998; true")
    assert child.stdout
    assert child.stdout.readline() == "up\n"
    assert ["sleep 998"] in table(shared, cid, "args")
    shared("pause", cid)
    assert ["sleep 998"] in table(shared, cid, "args")
    shared("unpause", cid)


# covers: top
def test_without_a_cgroup_and_with_the_hosts_processes(shared: Pypod) -> None:
    cid = started(shared, THREE, "--cgroups=disabled")
    assert table(shared, cid, "pid") == [["PID"], ["1"], ["2"], ["3"]]
    for script, names, options in (
        (THREE, ["sh", "sleep", "sleep"], ["--pid=host"]),
        ("echo ready; exec sleep 1000", ["sleep"], ["--pid=host", "--cgroups=disabled"]),
    ):
        cid = started(shared, script, *options)
        shown = table(shared, cid, "pid", "hpid", "comm")
        assert [line[2] for line in shown[1:]] == names
        assert shown[1][0] == shown[1][1] == str(shared.init_pid(cid))


# covers: top
def test_what_a_process_calls_itself_is_text(shared: Pypod) -> None:
    """Names and arguments with control characters and ends of lines forge no lines and no colours."""
    script = (
        "printf 'a\\033[2J\\nb) R 1' > /proc/$$/comm; ln -sf /nowhere/passwd /etc/passwd; "
        "(exec -a $'evil\\n\\033[31m root\\xff' bash -c 'sleep 1000; true') & wait"
    )
    cid = shared.detached("--network=none", "IMAGE", "bash", "-c", script)
    shared("exec", cid, "sh", "-c", "until ps -o args | grep -v grep | grep -q 'leep 1000$'; do :; done")
    for words in ([], ["pid", "comm", "args"], ["-ef"]):
        result = shared("top", cid, *words)
        assert "\033" not in result.stdout
        assert len(result.lines) == 4
    assert table(shared, cid, "user")[1] == ["0"]


# covers: top
def test_users_are_the_containers_own(shared: Pypod) -> None:
    cid = shared.detached("--network=none", "--user=77", "--passwd=false", "IMAGE", "sleep", "1000")
    assert table(shared, cid, "user")[1] == ["77"]
    shared("exec", "--user=0", cid, "sh", "-c", "echo mine:x:77:77::/: >> /etc/passwd")
    assert table(shared, cid, "user")[1] == ["mine"]
    shared("exec", "--user=0", cid, "sh", "-c", "rm /etc/passwd; ln -s /proc/1/root/etc/group /etc/passwd")
    assert table(shared, cid, "user")[1] == ["77"]


# covers: top
def test_only_of_running_containers(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "true").out
    for words in ([cid], ["nx"], []):
        assert shared("top", *words, check=False).code == 125
    assert "running containers" in shared("top", cid, check=False).stderr
