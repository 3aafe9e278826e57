"""What the README shows first: an image from a tarball, a container's whole life, nothing left at the end."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.engine import Pypod, command, environment

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_an_imported_image_is_listed(pypod: Pypod) -> None:
    assert pypod.image == "localhost/busybox:latest"
    assert pypod("images", "--format", "{{.Repository}}:{{.Tag}}").lines == ["localhost/busybox:latest"]


def test_a_command_prints_and_its_exit_code_is_ours(pypod: Pypod) -> None:
    result = pypod.run("--rm", "IMAGE", "sh", "-c", "echo out; echo err >&2; exit 7", check=None)
    assert (result.stdout, result.stderr, result.code) == ("out\n", "err\n", 7)
    assert pypod("ps", "-aq").out == ""


def test_a_container_in_the_background_lives_until_it_is_removed(pypod: Pypod) -> None:
    cid = pypod.detached("--name", "web", "IMAGE", "sh", "-c", "echo started; exec sleep 1000")
    assert pypod("ps", "--format", "{{.ID}} {{.Names}}").out == f"{cid[:12]} web"
    assert pypod("ps", "--format", "{{.Status}}").out.startswith("Up ")
    assert pypod.wait_for_log("web", "started") == "started\n"
    assert pypod("exec", "web", "sh", "-c", "echo inside; exit 3", check=None).code == 3
    pypod("stop", "-t", "0", "web")
    assert pypod.state("web")["ExitCode"] == 137
    assert pypod("ps", "-a", "--format", "{{.Status}}").out.startswith("Exited (137)")
    pypod("start", "web")
    assert pypod("rm", "-f", "-t", "0", "web").out == "web"
    assert pypod("ps", "-aq").out == ""


def test_root_inside_is_the_user_outside(pypod: Pypod, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    pypod.run("--rm", "-v", f"{tmp_path}:/data", "IMAGE", "sh", "-c", "id -u; touch /data/file")
    found = os.stat(tmp_path / "file")
    assert (found.st_uid, stat.S_ISREG(found.st_mode)) == (os.getuid(), True)


def test_a_shell_in_a_terminal(pypod: Pypod) -> None:
    with pypod.terminal("run", "-it", "--rm", pypod.image, "sh", rows=33, cols=101) as terminal:
        terminal.send("stty size\r")
        terminal.expect("33 101")
        terminal.resize(20, 60)
        terminal.send("echo a''b; stty size\r")
        terminal.expect("ab")
        terminal.expect("20 60")
        terminal.send("exit 5\r")
        assert terminal.wait() == 5
        assert terminal.attributes() == terminal.before


@pytest.mark.parametrize("network", ["slirp4netns", "none", "host"])
def test_the_networks_there_are(pypod: Pypod, network: str) -> None:
    links = pypod.run("--rm", "--network", network, "IMAGE", "ls", "/sys/class/net").lines
    assert "lo" in links
    assert ("tap0" in links) is (network == "slirp4netns")


def test_no_process_is_left_after_everything_is_removed(pypod: Pypod) -> None:
    """The fixture looks at processes, mounts, cgroups and files; here there is something to leave."""
    for _ in range(3):
        pypod.detached()
    pypod.run("IMAGE", "true")
    pypod("rm", "-af", "-t", "0")
    assert pypod("ps", "-aq").out == ""


@pytest.mark.parametrize(
    ("script", "said"),
    [("web.sh", "<h1>hello</h1>"), ("jobs.sh", "job 20: exit code 2"), ("pod.sh", "hello from a pod")],
)
# covers: run, pod create, pod ps, port
def test_the_examples_run(pypod: Pypod, tmp_path: Path, script: str, said: str) -> None:
    assert pypod.image
    (tmp_path / "pypod").symlink_to(command()[0])
    env = environment(PYPOD_ROOT=str(pypod.graphroot), PYPOD_RUNROOT=str(pypod.runroot))
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    done = subprocess.run(
        ["sh", str(EXAMPLES / script)], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, said in done.stdout) == (0, True), done
    assert pypod("ps", "-aq").out == pypod("pod", "ps", "-q").out == ""
