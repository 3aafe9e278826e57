"""Pods: containers that share network, IPC and host name as one unit."""

from __future__ import annotations

import os
import re
import socket
import urllib.request
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox", "catatonit")

SPACES = "for s in cgroup ipc net pid uts; do echo $s $(readlink /proc/self/ns/$s); done"


def spaces(shared: Pypod, name: str) -> dict[str, str]:
    lines = shared("exec", name, "sh", "-c", SPACES).lines
    return dict(line.split() for line in lines)


def state(shared: Pypod, name: str) -> str:
    return shared("pod", "inspect", "--format", "{{.State}}", name).out


def columns(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.rstrip())


# covers: pod create, pod ps, pod inspect, pod start, pod stop, pod rm, pod exists, run --pod, create --pod
def test_the_life_of_a_pod(shared: Pypod) -> None:
    assert shared("pod", "exists", "web", check=None).code == 1
    pod_id = shared("pod", "create", "--name", "web", "--label", "team=x").out
    assert re.fullmatch("[0-9a-f]{64}", pod_id)
    assert shared("pod", "exists", "web").code == 0
    assert state(shared, "web") == "Created"
    shared.run("-d", "--pod", "web", "--name", "a", "IMAGE", "sleep", "1000")
    shared("create", "--pod", pod_id[:8], "--name", "b", shared.image, "sh", "-c", "exit 3")
    assert state(shared, "web") == "Degraded"
    lines = shared("pod", "ps").lines
    assert columns(lines[0]) == ["POD ID", "NAME", "STATUS", "CREATED", "INFRA ID", "# OF CONTAINERS"]
    infra = shared("pod", "inspect", "--format", "{{.InfraContainerID}}", "web").out
    row = columns(lines[1])
    assert (row[0], row[1], row[2], row[-2], row[-1]) == (pod_id[:12], "web", "Degraded", infra[:12], "3")
    assert shared("start", "-a", "b", check=None).code == 3
    whole = shared("pod", "inspect", "web").json()
    assert [c["State"] for c in whole["Containers"]] == ["running", "running", "exited"]
    assert (whole["Id"], whole["Hostname"], whole["Labels"], whole["NumContainers"]) == (
        pod_id,
        "web",
        {"team": "x"},
        3,
    )
    assert shared("pod", "stop", "-t", "0", "web").out == pod_id
    assert state(shared, "web") == "Exited"
    assert shared("pod", "start", "web").out == pod_id
    assert shared.state("a")["Status"] == "running"
    refused = shared("pod", "rm", "web", check=False)
    assert '"a" is running' in refused.stderr
    assert shared("pod", "rm", "-f", "-t", "0", "web").out == pod_id
    assert shared("ps", "-aq").out == ""
    assert shared("pod", "ps", "-q").out == ""


# covers: pod create --share, pod create --infra
def test_what_is_shared(shared: Pypod) -> None:
    """ipc, net and uts unless something else is asked for; with a PID namespace there is a first process."""
    for name, options, wanted in (
        ("usual", [], {"ipc", "net", "uts"}),
        ("some", ["--share", "net"], {"net"}),
        ("more", ["--share", "+pid"], {"ipc", "net", "pid", "uts"}),
        ("nothing", ["--share", "none"], set()),
        ("bare", ["--infra=false"], set()),
    ):
        shared("pod", "create", *options, name)
        for member in ("a", "b"):
            shared.run("-d", "--pod", name, "--name", f"{name}-{member}", "IMAGE", "sleep", "1000")
        one, other = spaces(shared, f"{name}-a"), spaces(shared, f"{name}-b")
        assert {space for space in one if one[space] == other[space]} == wanted, name
    seen = shared("exec", "more-a", "ps").out
    assert "catatonit" in seen
    assert seen.count("sleep 1000") == 2
    with_cgroup = shared("pod", "create", "--share", "cgroup,net", "rare").out
    shared.run("-d", "--pod", with_cgroup, "--name", "rare-a", "IMAGE", "sleep", "1000")
    assert shared("pod", "rm", "-af", "-t", "0").code == 0
    assert shared("ps", "-aq").out == ""
    for words in (["--share", "everything"], ["--share", "user"], ["--infra=false", "--share", "net"]):
        assert shared("pod", "create", *words, check=False).code == 125


# covers: run --pod
def test_members_see_each_other(shared: Pypod) -> None:
    """By loopback, System V shared memory, /dev/shm, and the same files of /etc."""
    shared(
        "pod",
        "create",
        "--name",
        "p",
        "--add-host",
        "other:10.9.8.7",
        "--dns",
        "10.1.2.3",
        "--shm-size",
        "3m",
    )
    serve = "nc -ll -p 7777 -e echo from-a & echo kept > /dev/shm/f; echo ready; wait"
    shared.run("-d", "--pod", "p", "--name", "a", "IMAGE", "sh", "-c", serve)
    shared.wait_for_log("a", "ready")
    script = "nc 127.0.0.1 7777 < /dev/null; cat /dev/shm/f; hostname; cat /etc/hostname; echo $HOSTNAME"
    wait_until(
        lambda: "from-a" in shared.run("--rm", "--pod", "p", "IMAGE", "sh", "-c", script).out, what="a serves"
    )
    lines = shared.run("--rm", "--pod", "p", "IMAGE", "sh", "-c", script).lines
    assert lines == ["from-a", "kept", "p", "p", "p"]
    files = [shared("exec", "a", "cat", f"/etc/{name}").out for name in ("hosts", "resolv.conf")]
    assert "10.9.8.7\tother" in files[0]
    assert "nameserver 10.1.2.3" in files[1]
    assert shared.run("--rm", "--pod", "p", "IMAGE", "cat", "/etc/hosts").out == files[0]
    assert "size=3072k" in shared("exec", "a", "grep", "/dev/shm", "/proc/mounts").out


# covers: run --pod
def test_what_a_pod_shares_outlives_its_members(shared: Pypod) -> None:
    """The infra container runs nothing; a member comes back into the same namespaces."""
    shared("pod", "create", "p")
    shared.run("-d", "--pod", "p", "--name", "a", "IMAGE", "sh", "-c", "echo 1 > /dev/shm/f; sleep 1000")
    before = spaces(shared, "a")
    shared("stop", "-t", "0", "a")
    assert state(shared, "p") == "Degraded"
    shared("start", "a")
    after = spaces(shared, "a")
    assert {name: after[name] for name in ("ipc", "net", "uts")} == {
        name: before[name] for name in ("ipc", "net", "uts")
    }
    infra = shared("pod", "inspect", "--format", "{{.InfraContainerID}}", "p").out
    pid = shared.init_pid(infra)
    assert "monitor" in str(processes.read(pid))
    assert os.readlink(f"/proc/{pid}/ns/ipc") == before["ipc"]
    refused = shared("exec", infra, "true", check=False)
    assert "runs nothing" in refused.stderr


# covers: pod create --exit-policy, pod create --infra-name, pod create --infra-conmon-pidfile
# covers: pod create --pod-id-file, run --pod-id-file, create --pod-id-file, pod rm --pod-id-file
def test_options_of_the_infra_container(shared: Pypod, tmp_path: Path) -> None:
    files = ["--pod-id-file", str(tmp_path / "id"), "--infra-conmon-pidfile", str(tmp_path / "pid")]
    pod_id = shared(
        "pod", "create", *files, "--infra-name", "holder", "--exit-policy", "stop", "--hostname", "h", "p"
    ).out
    assert (tmp_path / "id").read_text() == pod_id
    assert shared("pod", "create", "--pod-id-file", str(tmp_path / "id"), check=False).code == 125
    assert shared.run("--rm", "--pod-id-file", str(tmp_path / "id"), "IMAGE", "hostname").out == "h"
    assert int((tmp_path / "pid").read_text()) > 1
    wait_until(lambda: state(shared, "p") == "Exited", what="the last member has ended, and so has the pod")
    shared.run("-d", "--pod", "p", "--name", "a", "IMAGE", "sleep", "1000")
    assert shared.state("holder")["Status"] == "running"
    shared("stop", "-t", "0", "a")
    wait_until(lambda: shared.state("holder")["Status"] == "exited", what="it ends again")
    assert shared("pod", "rm", "--pod-id-file", str(tmp_path / "id")).out == pod_id
    assert shared("pod", "create", "--exit-policy", "x", check=False).code == 125


# covers: run --pod, create --pod
def test_a_pod_made_for_a_container(shared: Pypod) -> None:
    out = shared.run(
        "--rm", "--pod", "new:np", "--hostname", "hh", "--add-host", "x:1.2.3.4", "IMAGE", "hostname"
    ).out
    assert out == "hh"
    assert shared("pod", "ps", "--format", "{{.Name}} {{.Status}}").lines == ["np Running"]
    assert "1.2.3.4" in shared.run("--rm", "--pod", "np", "IMAGE", "cat", "/etc/hosts").out
    missing = shared.run("--pod", "nope", "IMAGE", "true", check=False)
    assert (missing.code, 'no such pod "nope"' in missing.stderr) == (125, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--hostname", "x"], "--hostname"),
        (["--add-host", "a:1.1.1.1"], "--add-host"),
        (["--dns", "1.1.1.1"], "--dns"),
        (["--no-hosts"], "--no-hosts"),
        (["--pod-id-file", "/no/such/file"], "--pod-id-file"),
    ],
)
# covers: run --pod
def test_what_belongs_to_the_pod_cannot_be_asked_for(shared: Pypod, options: list[str], said: str) -> None:
    shared("pod", "create", "p")
    result = shared.run("--rm", "--pod", "p", *options, "IMAGE", "true", check=False)
    assert (result.code, said in result.stderr) == (125, True), result
    assert not shared("ps", "-aq", "--filter", "status=created").lines[1:]


# covers: run --pod
def test_a_member_may_have_a_namespace_of_its_own(shared: Pypod) -> None:
    shared("pod", "create", "p")
    shared.run("-d", "--pod", "p", "--name", "a", "IMAGE", "sleep", "1000")
    shared.run(
        "-d", "--pod", "p", "--name", "b", "--network", "none", "--uts", "private", "IMAGE", "sleep", "1000"
    )
    one, other = spaces(shared, "a"), spaces(shared, "b")
    assert {space for space in ("ipc", "net", "uts") if one[space] == other[space]} == {"ipc"}


# covers: pod create --volume, pod create --device, pod create --security-opt, pod create --volumes-from
# covers: pod create --sysctl, pod create --network, pod create --uts
def test_what_members_take_over(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("of the pod\n")
    shared("create", "--name", "source", "-v", "data:/data", shared.image, "true")
    options = ["-v", f"{tmp_path}:/shared:ro", "-v", f"{tmp_path}:/own", "--device", "/dev/null:/dev/nothing"]
    options += ["--security-opt", "no-new-privileges", "--volumes-from", "source"]
    options += ["--sysctl", "net.ipv4.ip_unprivileged_port_start=80", "--sysctl", "kernel.shmmni=77"]
    shared("pod", "create", *options, "p")
    script = (
        "cat /shared/f; [ -c /dev/nothing ] && echo device; grep NoNewPrivs /proc/self/status; "
        "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmni; ls -d /data; ls /own"
    )
    out = shared.run("--rm", "--pod", "p", "-v", "data:/own", "IMAGE", "sh", "-c", script).lines
    assert out == ["of the pod", "device", "NoNewPrivs:\t1", "80", "77", "/data"]
    shared("pod", "create", "--network", "host", "--uts", "host", "h")
    shared.run("-d", "--pod", "h", "--name", "on-host", "IMAGE", "sleep", "1000")
    assert spaces(shared, "on-host")["net"] == os.readlink("/proc/self/ns/net")
    bad = shared("pod", "create", "--sysctl", "net.no.such=1", "bad")
    refused = shared("pod", "start", "bad", check=False)
    assert (refused.code, "net.no.such" in refused.stderr) == (125, True)
    shared("pod", "rm", bad.out)


# covers: pod kill, pod pause, pod unpause, pod restart, pod start --all, pod stop --all, pod kill --signal
# covers: pod kill --all, pod pause --all, pod unpause --all, pod restart --all, pod stop --time
# covers: pod stop --latest, pod stop --ignore, pod rm --ignore
def test_all_containers_at_once(shared: Pypod) -> None:
    pods = [shared("pod", "create", name).out for name in ("p", "q")]
    script = "trap 'echo hup' HUP; trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"
    for pod in ("p", "q"):
        for name in ("a", "b"):
            shared.run("-d", "--pod", pod, "--name", f"{pod}{name}", "IMAGE", "sh", "-c", script)
            shared.wait_for_log(f"{pod}{name}", "ready")
    assert shared("pod", "kill", "-s", "HUP", "p").out == pods[0]
    for name in ("pa", "pb"):
        shared.wait_for_log(name, "hup")
    assert sorted(shared("pod", "pause", "--all").lines) == sorted(pods)
    assert [shared.state(name)["Status"] for name in ("pa", "qb")] == ["paused", "paused"]
    assert sorted(shared("pod", "unpause", "--all").lines) == sorted(pods)
    assert shared("pod", "stop", "-l").out == pods[1]
    assert [shared.state(name)["ExitCode"] for name in ("qa", "qb")] == [5, 5]
    assert shared("pod", "restart", "-a").code == 0
    assert [state(shared, name) for name in ("p", "q")] == ["Running", "Running"]
    assert shared("pod", "kill", "p").code == 0
    assert state(shared, "p") == "Exited"
    assert shared("pod", "stop", "--all", "-t", "0").code == 0
    assert shared("pod", "start", "--all").code == 0
    for words in (["pod", "stop"], ["pod", "stop", "-a", "p"], ["pod", "kill", "-s", "NOSIG", "p"]):
        assert shared(*words, check=False).code == 125
    assert shared("pod", "stop", "--ignore", "nope").code == 0
    assert shared("pod", "rm", "nope", check=False).code == 1
    assert shared("pod", "start", "nope", check=False).code == 125
    assert shared("pod", "rm", "--ignore", "nope").code == 0


# covers: pod create --replace, pod create --name, pod rm --force, pod rm --all
def test_names_are_taken_once(shared: Pypod) -> None:
    """Pods and containers share their names."""
    shared("pod", "create", "p")
    shared("create", "--name", "c", shared.image, "true")
    for words in (
        ["pod", "create", "p"],
        ["pod", "create", "--name", "c"],
        ["create", "--name", "p", shared.image, "true"],
    ):
        result = shared(*words, check=False)
        assert (result.code, "already in use" in result.stderr) == (125, True), result
    shared.run("-d", "--pod", "p", "--name", "old", "IMAGE", "sleep", "1000")
    new = shared("pod", "create", "--replace", "--name", "p").out
    assert shared("pod", "ps", "--no-trunc", "-q").out == new
    assert shared("pod", "create", "--replace", check=False).code == 125
    assert shared("container", "exists", "old", check=None).code == 1


# covers: pod ps --ctr-ids, pod ps --ctr-names, pod ps --ctr-status, pod ps --filter, pod ps --format
# covers: pod ps --latest, pod ps --no-trunc, pod ps --noheading, pod ps --ns, pod ps --quiet, pod ps --sort
# covers: pod inspect --format, pod inspect --latest
def test_lists_of_pods(shared: Pypod) -> None:
    one = shared("pod", "create", "--label", "team=x", "one").out
    two = shared("pod", "create", "two").out
    shared.run("-d", "--pod", "one", "--name", "a", "IMAGE", "sleep", "1000")
    lines = shared(
        "pod", "ps", "--ctr-names", "--ctr-status", "--ctr-ids", "--noheading", "--sort", "name"
    ).lines
    assert columns(lines[0])[-2:] == [f"{one[:12]}-infra,a", "running,running"]
    assert shared("pod", "ps", "-q", "--no-trunc").lines == [two, one]
    assert shared("pod", "ps", "-q", "-l", "--no-trunc").lines == [two]
    assert "ipc,net,uts" in shared("pod", "ps", "--ns").lines[1]
    for text, found in (
        ("name=on", "one"),
        ("status=running", "one"),
        ("label=team", "one"),
        ("label=team=y", ""),
        (f"id={two[:6]}", "two"),
        ("ctr-names=^a$", "one"),
        ("ctr-number=1", "two"),
        ("ctr-status=running", "one"),
    ):
        assert shared("pod", "ps", "--filter", text, "--format", "{{.Name}}").out == found, text
    assert shared("pod", "ps", "--filter", "x=y", check=False).code == 125
    row = shared("pod", "ps", "--format", "json", "--filter", "name=one").json()[0]
    assert (row["Name"], row["Status"], len(row["Containers"])) == ("one", "Running", 2)
    assert shared("pod", "inspect", "-l", "--format", "{{.Name}}").out == "two"
    assert len(shared("pod", "inspect", "--format", "json", "one", "two").json()) == 2
    assert shared("pod", "inspect", "nope", check=False).code == 125
    rows = {r["Names"][0]: r for r in shared("ps", "--pod", "--format", "json").json()}
    assert (rows["a"]["Pod"], rows["a"]["PodName"], rows["a"]["IsInfra"]) == (one, "one", False)
    assert rows[f"{one[:12]}-infra"]["IsInfra"]
    assert columns(shared("ps", "-p", "--filter", "pod=one", "--filter", "name=^a$").lines[1])[-2:] == [
        one[:12],
        "one",
    ]
    shown = shared.inspect("a")
    assert (shown["Pod"], shown["HostConfig"]["NetworkMode"]) == (one, f"container:{row['InfraId']}")


# covers: pod top, pod stats, pod stats --no-stream, pod stats --format, pod stats --all, pod top --latest
def test_what_runs_in_a_pod(shared: Pypod) -> None:
    shared("pod", "create", "p")
    for name in ("a", "b"):
        shared.run("-d", "--pod", "p", "--name", name, "IMAGE", "sleep", f"100{name == 'b':d}")
    lines = shared("pod", "top", "p", "args").lines
    assert lines == ["COMMAND", "sleep 1000", "sleep 1001"]
    assert shared("pod", "top", "-l", "args").lines == lines
    rows = shared("pod", "stats", "--no-stream", "p").lines
    assert columns(rows[0])[:4] == ["POD", "CID", "NAME", "CPU %"]
    assert [columns(row)[2] for row in rows[1:]] == ["a", "b"]
    assert {row["name"] for row in shared("pod", "stats", "--no-stream", "--format", "json").json()} == {
        "a",
        "b",
    }
    assert shared("pod", "stats", "--no-stream", "--all").lines[0].startswith("POD")


# covers: pod logs, pod logs --names, pod logs --follow, pod logs --container, pod logs --tail
# covers: pod logs --latest, pod logs --since, pod logs --until, pod logs --timestamps, pod logs --color
def test_logs_of_a_pod(shared: Pypod) -> None:
    """Also of containers that come while they are followed; it ends with the pod."""
    shared("pod", "create", "p")
    shared.run("-d", "--pod", "p", "--name", "a", "IMAGE", "sh", "-c", "echo one; echo two; exec sleep 1000")
    shared.wait_for_log("a", "two")
    assert shared("pod", "logs", "--names", "p").lines == ["a one", "a two"]
    assert shared("pod", "logs", "-n", "--tail", "1", "-l").lines == ["a two"]
    assert re.fullmatch(r"a \d{4}-\d\d-\d\dT\S+ two", shared("pod", "logs", "-nt", "--tail", "1", "p").out)
    assert (
        shared("pod", "logs", "--since", "1h", "--until", "1h", "--color", "-n", "p").out.count("\x1b[37ma ")
        == 2
    )
    following = shared.start("pod", "logs", "-f", "--names", "p")
    assert following.stdout
    assert [following.stdout.readline() for _ in range(2)] == ["a one\n", "a two\n"]
    shared.run("-d", "--pod", "p", "--name", "late", "IMAGE", "echo", "three")
    assert following.stdout.readline() == "late three\n"
    assert shared("pod", "logs", "-n", "-c", "late", "p").lines == ["late three"]
    assert shared("pod", "logs", "-c", "nope", "p", check=False).code == 125
    shared("pod", "stop", "-t", "0", "p")
    assert following.wait(10) == 0


# covers: pod prune, pod prune --force, rm --all, stop --all, container prune
def test_clearing_up(shared: Pypod) -> None:
    for name in ("up", "ended", "made"):
        shared("pod", "create", name)
    shared.run("-d", "--pod", "up", "--name", "a", "IMAGE", "sleep", "1000")
    shared.run("--pod", "ended", "--name", "b", "IMAGE", "true")
    shared("pod", "stop", "ended")
    assert "[y/N]" in shared("pod", "prune", input="n\n").out
    shared("pod", "prune", "-f")
    assert sorted(shared("pod", "ps", "--format", "{{.Name}}").lines) == ["made", "up"]
    infra = shared("pod", "inspect", "--format", "{{.InfraContainerID}}", "made").out
    refused = shared("rm", "-f", infra, check=False)
    assert "infra container of pod" in refused.stderr
    shared("container", "prune", "-f")
    assert shared("container", "exists", infra).code == 0
    shared("rm", "-af", "-t", "0")
    assert shared("pod", "ps", "-q").out == shared("ps", "-aq").out == ""


# covers: run --pod
def test_the_processes_of_a_pod_are_in_its_cgroup(shared: Pypod) -> None:
    shared("pod", "create", "p")
    for name in ("a", "b"):
        shared.run("-d", "--pod", "p", "--name", name, "IMAGE", "sleep", "1000")
    top = shared("pod", "inspect", "--format", "{{.CgroupPath}}", "p").out
    for name in ("a", "b"):
        path = Path(f"/proc/{shared.init_pid(name)}/cgroup").read_text().strip().rpartition("0::")[2]
        assert path.rpartition("/")[0] == top
        assert "supervisor" in Path(f"/proc/{shared.monitor_pid(name)}/cgroup").read_text()
    shared("rm", "-f", "-t", "0", "a")
    assert spaces(shared, "b")


# covers: run --pod, pod create --publish
def test_a_killed_monitor_of_the_pod_is_replaced(shared: Pypod) -> None:
    """In the same namespaces, with the same ports: members notice a pause of their network, no more."""
    shared("pod", "create", "-p", "127.0.0.1::8080", "p")
    serve = "echo hello > /tmp/index.html; echo 1 > /dev/shm/f; exec httpd -f -p 8080 -h /tmp"
    for name in ("a", "b"):
        script = serve if name == "a" else "exec sleep 1000"
        shared.run("-d", "--pod", "p", "--name", name, "IMAGE", "sh", "-c", script)
    before, inits = spaces(shared, "a"), [shared.init_pid(name) for name in ("a", "b")]
    port = int(shared("port", "p", "8080").out.rpartition(":")[2])
    wait_until(lambda: served(port), what="httpd listens")
    infra = shared("pod", "inspect", "--format", "{{.InfraContainerID}}", "p").out
    for _ in range(2):
        killed = shared.init_pid(infra)
        processes.kill(killed)
        gone = (0, killed)
        wait_until(lambda gone=gone: shared.state(infra)["Pid"] not in gone, what="it is back")  # type: ignore[misc]
        wait_until(lambda: served(port), what="its ports are")
        assert state(shared, "p") == "Running"
        assert "tap0" in shared("exec", "a", "ip", "addr").out
    assert [shared.init_pid(name) for name in ("a", "b")] == inits
    assert spaces(shared, "a") == before
    show = ["sh", "-c", f"{SPACES}; cat /dev/shm/f"]
    lines = shared.run("--rm", "--pod", "p", "IMAGE", *show).lines
    new = dict(line.split() for line in lines[:-1])
    assert {space for space in before if before[space] == new[space]} == {"ipc", "net", "uts"}
    assert lines[-1] == "1"
    shared("pod", "stop", "-t", "0", "p")
    assert state(shared, "p") == "Exited"


# covers: pod restart
def test_what_is_lost_with_the_last_member(shared: Pypod) -> None:
    """Nobody is left who could start the killed monitor again; the next start makes all anew."""
    shared("pod", "create", "p")
    shared.run("-d", "--pod", "p", "--name", "a", "IMAGE", "sleep", "1000")
    infra = shared("pod", "inspect", "--format", "{{.InfraContainerID}}", "p").out
    shared("stop", "-t", "0", "a")
    processes.kill(shared.init_pid(infra))
    wait_until(lambda: state(shared, "p") == "Exited", what="it is seen")
    shared("start", "a")
    assert state(shared, "p") == "Running"


def fetch(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html", timeout=10) as answer:
        return str(answer.read().decode())


# covers: pod create --publish, port, port --publish
def test_ports_of_a_pod(shared: Pypod) -> None:
    """They are the infra container's, lead to whatever member listens, and can be changed while it runs."""
    shared("pod", "create", "-p", "127.0.0.1::8080", "web")
    serve = "echo hello > /tmp/index.html; exec httpd -f -v -p 8080 -h /tmp"
    shared.run("-d", "--pod", "web", "--name", "app", "IMAGE", "sh", "-c", serve)
    published = shared("port", "web", "8080").out
    assert shared("port", "app", "8080").out == published
    port = int(published.rpartition(":")[2])
    wait_until(lambda: served(port), what="httpd listens")
    assert fetch(port) == "hello\n"
    for line in shared("ps", "--format", "{{.Names}} {{.Ports}}").lines:
        assert line.endswith(f"127.0.0.1:{port}->8080/tcp")
    added = shared("port", "add", "web", "-p", "127.0.0.1::8080").out
    assert fetch(int(added.rpartition(":")[2])) == "hello\n"
    shared("restart", "-t", "0", "app")
    wait_until(lambda: served(port), what="httpd listens again")
    shared("pod", "stop", "-t", "0", "web")
    assert not served(port)
    taken = shared("pod", "create", "-p", f"127.0.0.1:{port}:80", "other").out
    with socket.socket() as mine:
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mine.bind(("127.0.0.1", port))
        mine.listen()
        refused = shared("pod", "start", "other", check=False)
    assert (refused.code, str(port) in refused.stderr) == (125, True)
    shared("pod", "rm", taken)
    result = shared.run("--rm", "--pod", "web", "-p", "80:80", "IMAGE", "true", check=False)
    assert "--publish cannot be used in pod" in result.stderr


def served(port: int) -> bool:
    try:
        return bool(fetch(port))
    except OSError:
        return False


# covers: pod start --latest, pod pause --latest, pod unpause --latest, pod kill --latest
# covers: pod restart --latest, pod rm --latest, pod stats --latest, pod start --pod-id-file
# covers: pod stop --pod-id-file
def test_verbs_for_the_latest_pod(shared: Pypod, tmp_path: Path) -> None:
    """Each acts on the pod that was made last, and leaves the other one alone."""
    file = tmp_path / "id"
    old = shared("pod", "create", "--name", "old", "--network=none").out
    new = shared("pod", "create", "--name", "new", "--network=none", "--pod-id-file", str(file)).out
    for pod in ("old", "new"):
        shared(
            "create", "--pod", pod, "--name", f"in-{pod}", "--stop-timeout=0", shared.image, "sleep", "1000"
        )

    def state() -> str:
        return str(shared.state("in-new")["Status"])

    for verb, wanted in (
        ("start", "running"),
        ("pause", "paused"),
        ("unpause", "running"),
        ("restart", "running"),
        ("kill", "exited"),
    ):
        assert shared("pod", verb, "--latest").lines == [new]
        wait_until(lambda wanted=wanted: state() == wanted, what=f"{verb}: {wanted}")
        assert shared.state("in-old")["Status"] == "created"
    assert shared("pod", "start", "--pod-id-file", str(file)).lines == [new]
    assert "in-new" in shared("pod", "stats", "--latest", "--no-stream").out
    assert shared("pod", "stop", "-t", "0", "--pod-id-file", str(file)).lines == [new]
    assert shared("pod", "rm", "--latest").lines == [new]
    assert shared("pod", "ps", "-q", "--no-trunc").lines == [old]
