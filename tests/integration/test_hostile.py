"""Images and containers that want out: links that are swapped under a mount, links in /etc of the image,
/proc, devices, the monitor; and logs, variables and labels of any size and any byte."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from tests.integration import raw, tars
from tests.support import processes
from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the host that everyone may write to, and that has one file."""
    folder = tmp_path / "outside"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "secret").write_text("secret of the host")
    return folder


SWAP = (
    "mkdir -p /v/real/sub; echo inside > /v/real/secret; cd /v; echo ready; "
    "while :; do ln -s {0} t; rm t; mv real t; mv t real; done"
)


# covers: run --volume, run --tmpfs, run --mount
@pytest.mark.parametrize(
    "options",
    [
        ["-v", "other:/v/t/new"],
        ["-v", "{tmp}:/v/t/sub"],
        ["--tmpfs", "/v/t/tmpfs"],
        ["--mount", "type=tmpfs,destination=/v/t/a/b"],
        ["--mount", "type=volume,source=jail,destination=/p,subpath=t"],
        ["-w", "/v/t/work"],
        ["--device", "/dev/null:/v/t/null"],
    ],
    ids=lambda words: " ".join(words),
)
def test_a_mount_target_that_is_swapped(
    shared: Pypod, outside: Path, tmp_path: Path, options: list[str]
) -> None:
    """One container swaps a directory and a link to the host; others are started with mounts below that
    name. Each starts or is refused; nothing is made or shown outside."""
    swapper = shared.detached("--network=none", "-v", "jail:/v", "IMAGE", "sh", "-c", SWAP.format(outside))
    shared.wait_for_log(swapper, "ready")
    source = tmp_path / "source"
    source.mkdir()
    words = [word.replace("{tmp}", str(source)) for word in options]
    look = "cat /p/secret /v/t/secret 2> /dev/null; true"
    for _ in range(6):
        more = ["--network=none", "-v", "jail:/v", *words, "IMAGE", "sh", "-c", look]
        assert "host" not in shared.run("--rm", *more, check=None).out
    assert sorted(os.listdir(outside)) == ["secret"]
    assert (outside / "secret").read_text() == "secret of the host"


FILES = ("passwd", "group", "hosts", "resolv.conf", "hostname", "mtab", "localtime", "timezone")


@pytest.mark.parametrize("kind", ["file", "dangling", "folder"])
# covers: run --hostname, run --add-host, run --dns, run --tz, run --user
def test_files_of_etc_that_are_links_to_the_host(
    pypod: Pypod, outside: Path, tmp_path: Path, kind: str
) -> None:
    """What pypod writes into /etc of a container does not go through the links of its image."""
    targets = {"file": outside / "secret", "dangling": outside / "new"}
    if kind == "folder":
        changes = [tars.link("etc", str(outside))]
    else:
        up = "../" * 20 + str(targets[kind]).lstrip("/")
        changes = [tars.link(f"etc/{n}", (str(targets[kind]), up)[i % 2]) for i, n in enumerate(FILES)]
    pypod("import", str(tars.variant(pypod.image_tar, tmp_path / "i.tar", changes)), "linked")
    options = ["--hostname", "name", "--add-host", "a:1.2.3.4", "--dns", "9.9.9.9", "--tz", "UTC"]
    for more in ([], ["-u", "4242"], ["--userns=keep-id"], ["--read-only"]):
        script = 'echo evil > /etc/hosts; echo evil > /etc/passwd; cat /etc/secret "$0"'
        done = pypod(
            "run", *options, *more, "linked", "sh", "-c", script, str(outside / "secret"), check=None
        )
        assert "of the host" not in done.out
    pypod("run", "-d", "--name", "c", "linked", "sleep", "1000", check=None)
    pypod("exec", "-u", "4242", "c", "true", check=None)
    assert sorted(os.listdir(outside)) == ["secret"]
    assert (outside / "secret").read_text() == "secret of the host"


# covers: run --pid
@pytest.mark.parametrize("option", ["--pid=private", "--pid=host"])
def test_nothing_is_written_through_proc(shared: Pypod, option: str) -> None:
    names = "kernel/core_pattern kernel/hostname kernel/modprobe kernel/sysrq fs/binfmt_misc/register"
    script = (
        f"for f in {names}; do (echo x > /proc/sys/$f) 2> /dev/null && echo written $f; done; "
        "for f in sysrq-trigger mtrr acpi/wakeup irq/default_smp_affinity bus/input/devices; do "
        "(echo x > /proc/$f) 2> /dev/null && echo written $f; done; "
        "(echo x > /proc/self/oom_score_adj) 2> /dev/null; "
        "(echo -1000 > /proc/self/oom_score_adj) 2> /dev/null && echo oom; "
        "(echo '0 0 1' > /proc/self/uid_map) 2> /dev/null && echo map; "
        "mount -o remount,rw /proc/sys 2> /dev/null && echo remounted; "
        "umount /proc/sys 2> /dev/null && echo unmounted; "
        "mount -t proc x /mnt 2> /dev/null && echo mounted; echo end"
    )
    assert shared.run("--rm", option, "IMAGE", "sh", "-c", script).out == "end"


# covers: run --cap-add, run --security-opt
def test_no_device_of_the_host_can_be_made(pypod: Pypod, tmp_path: Path) -> None:
    """Neither by mknod, whatever the capabilities are, nor by an entry of the image."""
    script = "mknod /b b 8 0; mknod /c c 1 1; mknod /dev/c c 1 1; ls /b /c /dev/c"
    for options in ([], ["--cap-add", "MKNOD"], ["--privileged"], ["--security-opt", "seccomp=unconfined"]):
        done = pypod.run("--rm", *options, "IMAGE", "sh", "-c", script, check=False)
        assert done.out == ""
    entry = tarfile.TarInfo("dev/memory")
    entry.type, entry.devmajor, entry.devminor, entry.mode = tarfile.CHRTYPE, 1, 1, 0o666
    other = tarfile.TarInfo("disk")
    other.type, other.devmajor, other.devminor, other.mode = tarfile.BLKTYPE, 8, 0, 0o666
    tar = tars.variant(pypod.image_tar, tmp_path / "i.tar", [(entry, b""), (other, b"")])
    if pypod("import", str(tar), "devices", check=None).code == 0:
        script = "[ -c /dev/memory ] || [ -b /disk ]"
        assert pypod("run", "--rm", "devices", "sh", "-c", script, check=None).code == 1


INTRUDE = """
cd /proc/$0 || exit 0
(: < mem) 2> /dev/null && echo mem
(: >> mem) 2> /dev/null && echo mem-write
head -c 1 environ 2> /dev/null | grep -q . && echo environ
readlink root cwd exe fd/0 fd/1 fd/3 2> /dev/null
ls root/ 2> /dev/null
kill -0 $0 2> /dev/null && echo signal
echo end
"""


# covers: run --pid
def test_the_monitor_is_out_of_reach(shared: Pypod) -> None:
    """It has the user's rights: a container that could trace it or go through its /proc/PID would have them.
    In a pid namespace of its own it does not even have a number."""
    cid = shared.detached("--network=none")
    monitor = shared.monitor_pid(cid)
    for option in ("--pid=private", f"--pid=container:{cid}"):
        script = "for p in /proc/[0-9]*; do cat $p/comm $p/cmdline; done 2> /dev/null | tr '\\0' ' '"
        out = shared.run("--rm", "--network=none", option, "IMAGE", "sh", "-c", script).out
        assert "monitor" not in out
    out = shared.run(
        "--rm", "--network=none", "IMAGE", "sh", "-c", "kill -9 -1; kill -9 0; kill -9 1; echo end"
    )
    assert out.out == "end"
    for options in ([], ["--userns=keep-id"], ["-u", "4242"], ["--userns=auto"]):
        words = ["--rm", "--network=none", "--pid=host", *options, "IMAGE", "sh", "-c", INTRUDE, str(monitor)]
        seen = shared.run(*words).lines
        # as with Podman, a process with the user's own id may signal what the user runs
        assert [line for line in seen if line != "signal"] == ["end"], options
    assert shared.state(cid)["Running"]


# covers: run --pid, rm --force
def test_a_monitor_that_a_container_has_killed(shared: Pypod) -> None:
    """With the host's pids and the user's id that can be: what it watched is told and can be removed."""
    victim = shared.detached("--network=none", "--name", "victim")
    monitor = shared.monitor_pid("victim")
    init = shared.init_pid("victim")
    shared.run("--rm", "--network=none", "--pid=host", "IMAGE", "kill", "-9", str(monitor))
    wait_until(lambda: processes.read(monitor) is None, what="the monitor is gone")
    assert shared("ps", "-aq", "--no-trunc").lines == [victim]
    shared("rm", "-f", "-t", "0", "victim")
    assert processes.read(init) is None


# covers: logs, run --log-driver
@pytest.mark.parametrize("driver", ["k8s-file", "json-file"])
def test_a_line_of_a_hundred_megabytes(shared: Pypod, driver: str) -> None:
    """The monitor keeps no line in memory, however long it grows."""
    size = 100 * 1024 * 1024
    script = f"head -c {size} /dev/zero | tr '\\0' x; touch /done; exec sleep 1000"
    options = ["--name", "c", "--network=none", "--log-driver", driver, "--log-opt", "max-size=-1"]
    shared.detached(*options, "IMAGE", "sh", "-c", script)
    monitor = shared.monitor_pid("c")
    wait_until(
        lambda: shared("exec", "c", "test", "-e", "/done", check=None).code == 0, 100, "all is written"
    )
    status = Path(f"/proc/{monitor}/status").read_text()
    peak_kib = int(status.partition("VmHWM:")[2].split()[0])
    assert peak_kib < 40_000
    counted = raw.shell(shared, '"$@" logs c | wc -c', timeout_s=100)
    assert int(counted.out) == size
    assert raw.shell(shared, '"$@" logs --tail 1 c | wc -lc', timeout_s=100).out.split() == [
        b"0",
        b"%d" % size,
    ]


# covers: logs
def test_escape_sequences_of_a_container_on_a_terminal(shared: Pypod) -> None:
    """They come as they were written, as from the program itself; a name cannot bring any."""
    script = r"printf '\033[2J\033]0;title\007\033[1mbold\033[0m\r\n\377\001end\n'"
    shared.run("-d", "--name", "c", "--network=none", "IMAGE", "sh", "-c", script)
    shared("wait", "c")
    assert raw.run(shared, "logs", "c").out == b"\x1b[2J\x1b]0;title\x07\x1b[1mbold\x1b[0m\r\n\xff\x01end\n"
    with shared.terminal("logs", "c") as terminal:
        assert b"\x1b[1mbold" in terminal.expect("end")
    for name in ("a\x1b[2J", "a\rb"):
        failed = shared.run("-d", "--name", name, "IMAGE", "true", check=False)
        assert failed.code == 125
        assert repr(name)[1:-1] in failed.stderr
        assert not {"\x1b", "\r"} & set(failed.stderr)


ALL_BYTES = bytes(range(1, 256))


# covers: run --env, run --label, inspect
def test_variables_and_labels_of_every_byte(shared: Pypod) -> None:
    """All but NUL; what is no text comes back as the very same bytes, or is refused with a reason."""
    text = "".join(map(chr, range(1, 128))) + "é\u2028\U0001f600"
    cid = shared.detached("--network=none", "-e", f"V={text}", "--label", f"l={text}")
    data = raw.run(shared, "exec", cid, "sh", "-c", 'printf %s "$V"')
    assert data.out == text.encode()
    config = shared.inspect(cid)["Config"]
    assert config["Labels"]["l"] == text
    assert f"V={text}" in config["Env"]
    printed = raw.run(shared, "inspect", "--format", '{{index .Config.Labels "l"}}', cid)
    assert printed.out == text.encode() + b"\n"
    script = (
        'exec "$@" run --rm --network=none -e "V=$(printf "a\\377\\200b")" "$IMAGE" sh -c \'printf %s "$V"\''
    )
    done = raw.shell(shared, script)
    assert (done.code, done.out) == (0, b"a\xff\x80b") or (done.code == 125 and b"UTF-8" in done.err)
    script = 'exec "$@" run --rm --network=none --label "l=$(printf "a\\377\\200b")" "$IMAGE" true'
    done = raw.shell(shared, script)
    assert done.code == 0 or (done.code == 125 and b"UTF-8" in done.err)


# covers: run --volume
def test_five_thousand_volumes(shared: Pypod, tmp_path: Path) -> None:
    words = [word for number in range(5000) for word in ("-v", f"{tmp_path}:/m/{number}")]
    (tmp_path / "f").write_text("there\n")
    script = "grep -c ' /m/' /proc/self/mounts; cat /m/4999/f"
    done = shared.run("--rm", "--network=none", *words, "IMAGE", "sh", "-c", script, timeout_s=100)
    assert done.lines == ["5000", "there"]
