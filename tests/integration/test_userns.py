"""User namespaces: the user's own, keep-id, maps of one's own; and what is the host's in each of them."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

ME = os.getuid()


def uid_map(shared: Pypod, *options: str, file: str = "uid_map") -> list[list[int]]:
    out = shared.run("--rm", *options, "IMAGE", "cat", f"/proc/self/{file}").lines
    return [[int(word) for word in line.split()] for line in out]


def file_owner(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid


# covers: run --userns
def test_root_in_the_container_is_the_user(shared: Pypod, tmp_path: Path) -> None:
    assert uid_map(shared, "--userns", "host")[0] == [0, ME, 1]
    assert uid_map(shared)[0] == [0, ME, 1]
    shared.run("--rm", "-v", f"{tmp_path}:/d", "IMAGE", "touch", "/d/root")
    assert file_owner(tmp_path / "root") == (ME, os.getgid())


# covers: run --userns
def test_other_ids_are_subordinate_ids(shared: Pypod, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    shared.run("--rm", "-u", "1000:1000", "-v", f"{tmp_path}:/d", "IMAGE", "touch", "/d/user")
    uid = (tmp_path / "user").stat().st_uid
    assert any(uid in ids for ids in processes.account_uids()[1:])
    shared.run("--rm", "-v", f"{tmp_path}:/d", "IMAGE", "rm", "/d/user")


# covers: run --userns
def test_keep_id_is_the_same_number_inside_and_outside(shared: Pypod, tmp_path: Path) -> None:
    script = "id -u; id -g; id -un; touch /d/kept; stat -c %u /d"
    out = shared.run("--rm", "--userns", "keep-id", "-v", f"{tmp_path}:/d", "IMAGE", "sh", "-c", script).lines
    assert out == [str(ME), str(os.getgid()), pwd.getpwuid(ME).pw_name, str(ME)]
    assert file_owner(tmp_path / "kept") == (ME, os.getgid())
    rows = uid_map(shared, "--userns", "keep-id")
    assert [ME, 0, 1] in rows
    assert sum(size for _, _, size in rows) > 65535


# covers: run --userns
def test_keep_id_under_another_number(shared: Pypod, tmp_path: Path) -> None:
    options = ["--userns", "keep-id:uid=200,gid=210", "-v", f"{tmp_path}:/d"]
    out = shared.run(
        "--rm", *options, "IMAGE", "sh", "-c", "id -u; id -g; touch /d/file; stat -c %u:%g /d"
    ).lines
    assert out == ["200", "210", "200:210"]
    assert file_owner(tmp_path / "file") == (ME, os.getgid())
    named = ["--rm", "--userns", "keep-id:uid=1000,gid=1000", "IMAGE", "id", "-un"]
    assert shared.run(*named).out == "user"


# covers: run --userns, run --user
def test_another_user_in_a_keep_id_container(shared: Pypod) -> None:
    script = [
        "--userns",
        "keep-id",
        "-u",
        "0",
        "IMAGE",
        "sh",
        "-c",
        "id -u; touch /root/x && ls /root",
    ]
    assert shared.run("--rm", *script).lines == ["0", "x"]


# covers: run --userns, run --workdir, run --volume
def test_what_is_made_for_a_keep_id_user_belongs_to_it(shared: Pypod) -> None:
    options = ["--userns", "keep-id", "-w", "/made", "-v", "fresh:/volume"]
    out = shared.run("--rm", *options, "IMAGE", "stat", "-c", "%u", "/made", "/volume").lines
    assert out == [str(ME), str(ME)]


# covers: run --userns
def test_the_home_of_a_keep_id_user_is_its_own_where_it_is_mounted(shared: Pypod) -> None:
    home = pwd.getpwuid(ME).pw_dir
    options = ["--userns", "keep-id", "-w", "/tmp", "-v", f"{home}:{home}"]
    assert shared.run("--rm", *options, "IMAGE", "sh", "-c", "echo $HOME").out == home
    assert (
        shared.run("--rm", "--userns", "keep-id", "-w", "/tmp", "IMAGE", "sh", "-c", "echo $HOME").out
        == "/tmp"
    )


# covers: run --uidmap, run --gidmap
def test_maps_of_ones_own(shared: Pypod) -> None:
    options = ["--uidmap", "0:0:1", "--uidmap", "10:1:500", "--gidmap", "0:0:600"]
    assert uid_map(shared, *options) == [[0, 0, 1], [10, 1, 500]]
    rows = uid_map(shared, *options, file="gid_map")
    assert sum(size for _, _, size in rows) == 600
    assert shared.run("--rm", *options, "-u", "510", "IMAGE", "true", check=False).code == 126
    assert shared.run("--rm", "--uidmap", "0:0:5", "IMAGE", "cat", "/proc/self/gid_map").code == 0
    away = ["--uidmap", "0:1:100", "--uidmap", "100:0:1"]
    assert shared.run("--rm", *away, "IMAGE", "sh", "-c", "id -u; touch /root/x; ls /root").lines == [
        "0",
        "x",
    ]
    assert uid_map(shared, "--uidmap", "0:1:100") == [[0, 1, 100]]


# covers: run --uidmap, run --gidmap
def test_maps_with_flags(shared: Pypod) -> None:
    first = processes.account_uids()[1][0]
    assert uid_map(shared, "--uidmap", "+1000:0")[:2] == [[0, 1, 1000], [1000, 0, 1]]
    assert uid_map(shared, "--uidmap", "0:0:10", "--uidmap", "+100:5") == [
        [0, 0, 1],
        [1, 1, 4],
        [6, 6, 4],
        [100, 5, 1],
    ]
    assert uid_map(shared, "--uidmap", f"0:@{first}:20") == [[0, 1, 20]]
    assert [9, 0, 1] in uid_map(shared, "--gidmap", "+g9:0", file="gid_map")
    assert uid_map(shared, "--gidmap", "+g9:0")[0] == [0, 0, 1]
    assert shared.run("--rm", "--uidmap", "0:@1:1", "IMAGE", "true", check=False).code == 125


@pytest.mark.parametrize(
    "options",
    [
        ["--uidmap", "0:x:1"],
        ["--uidmap", "0:0:0"],
        ["--uidmap", "0:4000000000:1"],
        ["--uidmap", "0:0:5", "--uidmap", "3:10:5"],
        ["--uidmap", "0:0:5", "--userns", "keep-id"],
        ["--userns", "keep-id:uid=x"],
        ["--userns", "no-such-mode"],
        ["--userns", "auto:size=400000"],
        ["--userns", "auto:size=x"],
        ["--userns", "nomap:x"],
        ["--userns", "container:no-such"],
        ["--userns", "ns:/no/such"],
        ["--userns", "ns:/proc/self/ns/user"],
        ["--userns", "ns:/etc/passwd"],
        ["--userns", "private"],
        ["--subuidname", "no-such-user"],
        ["--subuidname", "root"],
        ["--subgidname", "no-such-user", "--subuidname", pwd.getpwuid(ME).pw_name],
    ],
    ids=" ".join,
)
# covers: run --uidmap, run --userns, run --subuidname, run --subgidname
def test_maps_that_cannot_be(shared: Pypod, options: list[str]) -> None:
    assert shared.run("--rm", *options, "IMAGE", "true", check=False).code == 125


LOOK = "id -u; stat -c %u:%g / /bin/busybox /etc/passwd /etc/hosts; touch /root/x /x; stat -c %u:%g /x"
ROOTS = ["0", *["0:0"] * 5]


# covers: run --userns
def test_nomap_has_subordinate_ids_only(shared: Pypod, tmp_path: Path) -> None:
    rows = uid_map(shared, "--userns", "nomap")
    assert rows[0][:2] == [0, 1]
    assert sum(row[2] for row in rows) == sum(len(ids) for ids in processes.account_uids()[1:])
    tmp_path.chmod(0o755)
    (tmp_path / "mine").touch()
    options = ["--userns", "nomap", "-v", f"{tmp_path}:/host", "-v", "kept:/volume"]
    cid = shared.detached(*options)
    for _ in range(2):
        assert shared("exec", cid, "sh", "-c", LOOK).lines == ROOTS
        script = "stat -c %u /host/mine; touch /host/x || echo no; touch /volume/x; stat -c %u /volume/x"
        assert shared("exec", cid, "sh", "-c", script).lines == ["65534", "no", "0"]
        shared("restart", "-t", "0", cid)
    data = shared("volume", "inspect", "-f", "{{.Mountpoint}}", "kept").out
    assert shared("unshare", "stat", "-c", "%u", f"{data}/x").out == "1"
    assert shared("exec", cid, "ip", "-4", "address", "show", "tap0").out.count("10.0.2.100/24") == 1


# covers: run --userns
@pytest.mark.parametrize("driver", ["overlay", "fuse-overlayfs", "vfs"])
def test_auto_takes_ids_that_nobody_has(shared: Pypod, driver: str) -> None:
    def ids(name: str) -> set[int]:
        rows = [line.split() for line in shared("exec", name, "cat", "/proc/1/uid_map").lines]
        return {int(first) + n for _, first, size in rows for n in range(int(size))}

    start = ["--storage-driver", driver, "run", "-d", "--network=none", "--name"]
    for name in ("a", "b", "c"):
        shared(*start, name, "--userns", "auto", shared.image, "sleep", "1000")
        assert shared("exec", name, "sh", "-c", LOOK).lines == ROOTS
    found = {name: ids(name) for name in ("a", "b", "c")}
    assert all(len(each) == 1024 for each in found.values())
    assert len(set.union(*found.values())) == 3 * 1024
    assert shared.inspect("a")["HostConfig"]["IDMappings"]["UidMap"] == ["0:1:1024"]
    shared("restart", "-t", "0", "b")
    assert ids("b") == found["b"]
    shared("rm", "-f", "-t", "0", "a")
    shared(*start, "d", "--userns", "auto:size=1000", shared.image, "sleep", "1000")
    assert ids("d") < found["a"], "what was removed has given its ids back"
    shared(*start, "e", "--userns", "auto:size=2000", shared.image, "sleep", "1000")
    assert not ids("e") & (ids("d") | found["b"] | found["c"])


# covers: create --userns
def test_auto_at_the_same_time(shared: Pypod) -> None:
    words = ["create", "--network=none", "--userns", "auto:size=2000", shared.image, "true"]
    started = [shared.start(*words) for _ in range(6)]
    assert [each.wait() for each in started] == [0] * 6
    cids = shared("ps", "-aq", "--no-trunc").lines
    firsts = {shared.inspect(cid)["HostConfig"]["IDMappings"]["UidMap"][0].split(":")[1] for cid in cids}
    assert len(firsts) == 6
    assert all((int(first) - 1) % 2000 == 0 for first in firsts)


# covers: container clone
def test_a_copy_has_ids_of_its_own(shared: Pypod) -> None:
    def rows(name: str) -> list[str]:
        return [str(row) for row in shared.inspect(name)["HostConfig"]["IDMappings"]["UidMap"]]

    options = ["--network=none", "--userns", "auto:size=1500,uidmapping=7:0:1"]
    shared("create", "--name", "one", *options, shared.image, "stat", "-c", "%u", "/bin/busybox")
    shared("container", "clone", "one", "two")
    assert rows("one") == ["0:1:7", "7:0:1", "8:8:1492"]
    assert rows("two") == ["0:1500:7", "7:0:1", "8:1507:1492"]
    assert shared("start", "-a", "two").out == "0"


# covers: run --userns, run --user
def test_auto_with_options_and_the_users_of_the_image(shared: Pypod) -> None:
    rows = uid_map(shared, "--userns", "auto:size=4096,uidmapping=200:0:1,gidmapping=200:0:1")
    assert sorted(rows) == [[0, 1, 200], [200, 0, 1], [201, 201, 3895]]
    assert uid_map(shared, "--userns", "auto", "-u", "3000") == [[0, 1, 3001]]
    failed = shared("run", "--rm", "--userns", "auto:size=400000", shared.image, "true", check=False)
    assert "/etc/subuid" in failed.stderr
    assert "usermod --add-subuids" in failed.stderr


# covers: run --subuidname, run --subgidname, create --subuidname, create --subgidname
def test_the_ranges_of_a_name(shared: Pypod) -> None:
    name = pwd.getpwuid(ME).pw_name
    assert uid_map(shared, "--subuidname", name)[0][:2] == [0, 1]
    options = ["--subgidname", name, "--uidmap", "0:1:1000"]
    assert uid_map(shared, *options) == [[0, 1, 1000]]
    assert sum(row[2] for row in uid_map(shared, *options, file="gid_map")) > 1000


# covers: run --userns
def test_the_namespace_of_another_container(shared: Pypod, tmp_path: Path) -> None:
    other = shared.detached("--userns", "auto", "--name", "other")
    theirs = shared("exec", other, "readlink", "/proc/self/ns/user").out
    look = "readlink /proc/self/ns/user; " + LOOK
    joined = ["--userns", "container:other"]
    assert shared.run("--rm", *joined, "IMAGE", "sh", "-c", look).lines == [theirs, *ROOTS]
    cid = shared("create", *joined, shared.image, "sh", "-c", look).out
    path = f"ns:/proc/{shared.init_pid(other)}/ns/user"
    assert shared.run("--rm", "--userns", path, "IMAGE", "sh", "-c", look).lines == [theirs, *ROOTS]
    shared("stop", "-t", "0", other)
    assert shared("start", "-a", cid).lines[1:] == ROOTS
    assert shared.inspect(other)["State"]["Running"] is True
    refused = shared("rm", "-f", "-t", "0", other, check=False)
    assert (refused.code, "pypod rm --depend other" in refused.stderr) == (125, True)
    first = uid_map(shared, "--userns", "auto")[0][1]
    assert first != 1, "who joined still has these ids"
    host = shared.detached("--name", "host")
    assert uid_map(shared, "--userns", "container:host")[0] == [0, ME, 1]
    shared("rm", "-f", "-t", "0", host)


# covers: run --userns
def test_the_mode_of_the_environment_and_the_settings(shared: Pypod, tmp_path: Path) -> None:
    def rows(**env: str) -> list[str]:
        words = ["run", "--rm", "--network=none", shared.image, "cat", "/proc/self/uid_map"]
        return shared(*words, env=env).out.split()[:2]

    (tmp_path / "containers.conf").write_text('[containers]\nuserns = "nomap"\n')
    conf = {"CONTAINERS_CONF": str(tmp_path / "containers.conf")}
    assert rows(**conf) == ["0", "1"]
    assert rows(**conf, PODMAN_USERNS="host") == ["0", str(ME)]
    assert rows(PYPOD_USERNS="auto", PODMAN_USERNS="host") == ["0", "1"]
    words = ["run", "--rm", "--network=none", "--userns=", shared.image, "cat", "/proc/self/uid_map"]
    assert shared(*words, env=conf).out.split()[:2] == ["0", str(ME)], "an empty mode is that of the host"


# covers: run --userns, exec
def test_exec_joins_the_same_ids(shared: Pypod) -> None:
    cid = shared.detached("--userns", "keep-id")
    assert shared("exec", cid, "id", "-u").out == str(ME)
    assert shared("exec", "-u", "0", cid, "id", "-u").out == "0"
    assert (
        shared("exec", cid, "cat", "/proc/1/uid_map").out
        == shared("exec", cid, "cat", "/proc/self/uid_map").out
    )


# covers: run --userns, run --network
def test_a_nested_namespace_has_its_own_network(shared: Pypod) -> None:
    """Its root may bind low ports, and it sees its own interfaces and no others, also after a while."""
    cid = shared.detached("--userns", "keep-id")
    assert shared("exec", cid, "ls", "/sys/class/net").lines == ["lo", "tap0"]
    assert shared("exec", cid, "ip", "-4", "address", "show", "tap0").out.count("10.0.2.100/24") == 1
    assert shared("exec", cid, "cat", "/proc/sys/net/ipv4/ping_group_range").out.split() == ["0", "0"]
    shared("exec", "-d", "-u", "0", cid, "nc", "-l", "-p", "80")
    listening = ["exec", cid, "grep", "-q", ":0050 ", "/proc/net/tcp6"]
    processes.wait_until(lambda: shared(*listening, check=None).code == 0, what="port 80 is open")
    other = shared.run("--rm", "--network", f"container:{cid}", "IMAGE", "ls", "/sys/class/net").lines
    assert other == ["lo", "tap0"]
    alone = ["--userns", "keep-id", "--network", "none", "IMAGE", "ls", "/sys/class/net"]
    assert shared.run("--rm", *alone).lines == ["lo"]


# covers: unshare
def test_unshare(shared: Pypod) -> None:
    assert shared("unshare", "cat", "/proc/self/uid_map").out.split()[:3] == ["0", str(ME), "1"]
    assert shared("unshare", "sh", "-c", "id -u; exit 4", check=None).code == 4
    assert shared("unshare", "no-such-program", check=False).code == 127
    assert shared("unshare", "sh", "-c", 'echo "$1"', "sh", "--help").out == "--help"
    inside = shared("unshare", *shared.argv("run", "--rm", shared.image, "id", "-u"))
    assert inside.out == "0"
