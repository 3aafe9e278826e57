"""`inspect`: what is told of containers, images and volumes, whole or by template; `info` and `version`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


# covers: inspect, container inspect
def test_what_was_asked_for_is_told(shared: Pypod, tmp_path: Path) -> None:
    options = [
        "-h",
        "box",
        "-e",
        "A=b",
        "-l",
        "x=y",
        "-u",
        "user",
        "-w",
        "/tmp",
        "-it",
        "--read-only",
        "--init",
    ]
    options += ["-v", f"{tmp_path}:/host:ro", "-v", "vol:/v", "--tmpfs", "/t:size=1m", "--cap-add", "NET_RAW"]
    options += ["--cap-drop", "KILL", "--security-opt", "no-new-privileges", "--ulimit", "nofile=10:20"]
    options += [
        "--stop-timeout",
        "3",
        "--stop-signal",
        "INT",
        "--dns",
        "192.0.2.1",
        "--add-host",
        "a:1.2.3.4",
    ]
    options += ["--shm-size", "2m", "--network", "none", "--group-add", "staff", "--annotation", "k=v"]
    cid = shared("create", "--name", "c", *options, shared.image, "sh", "-c", "x").out
    shown = shared.inspect("c")
    config, host = shown["Config"], shown["HostConfig"]
    assert (shown["Id"], shown["Name"]) == (cid, "c")
    assert (config["Hostname"], config["User"], config["WorkingDir"]) == ("box", "user", "/tmp")
    assert "A=b" in config["Env"]
    assert (config["Labels"], config["Cmd"], config["Tty"], config["OpenStdin"]) == (
        {"x": "y"},
        ["sh", "-c", "x"],
        True,
        True,
    )
    assert (config["StopTimeout"], config["StopSignal"], config["Annotations"]["k"]) == (3, 2, "v")
    assert config["CreateCommand"][-4:] == [shared.image, "sh", "-c", "x"]
    assert (host["ReadonlyRootfs"], host["Init"], host["NetworkMode"], host["ShmSize"]) == (
        True,
        True,
        "none",
        2 << 20,
    )
    assert host["CapAdd"] == ["CAP_NET_RAW"]
    assert "CAP_KILL" in host["CapDrop"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert {"Name": "RLIMIT_NOFILE", "Soft": 10, "Hard": 20} in host["Ulimits"]
    assert (host["Dns"], host["ExtraHosts"], host["GroupAdd"]) == (["192.0.2.1"], ["a:1.2.3.4"], ["staff"])
    assert "/t" in host["Tmpfs"]
    mounts = {m["Destination"]: m for m in shown["Mounts"]}
    assert (mounts["/host"]["Type"], mounts["/host"]["Source"], mounts["/host"]["RW"]) == (
        "bind",
        str(tmp_path),
        False,
    )
    assert (mounts["/v"]["Type"], mounts["/v"]["Name"], mounts["/v"]["RW"]) == ("volume", "vol", True)
    assert shown["EffectiveCaps"] == ["CAP_NET_RAW"]
    assert shown["ImageName"] == "localhost/busybox:latest"
    assert shown["ImageDigest"].startswith("sha256:")


# covers: inspect
def test_the_state(shared: Pypod) -> None:
    shared(
        "create", "--name", "c", shared.image, "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.05; done"
    )
    state = shared.state("c")
    assert (state["Status"], state["Running"], state["Pid"]) == ("created", False, 0)
    assert state["StartedAt"] == "0001-01-01T00:00:00Z"
    shared("start", "c")
    state = shared.state("c")
    assert (state["Status"], state["Running"]) == ("running", True)
    assert os.path.exists(f"/proc/{state['Pid']}")
    shared("stop", "c")
    state = shared.state("c")
    assert (state["Status"], state["ExitCode"], state["OOMKilled"], state["Error"]) == (
        "exited",
        5,
        False,
        "",
    )
    assert state["StartedAt"] < state["FinishedAt"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", state["FinishedAt"])


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{.Name}}", "c"),
        ("{{.State.Status}} {{.State.ExitCode}}", "created 0"),
        ("{{.Config.Labels.team}}|{{.Config.Labels.none}}", "x|<no value>"),
        ('{{index .Config.Labels "dotted.key"}}', "v"),
        ("{{json .Config.Cmd}}", '["sleep","5"]'),
        ("{{range .Config.Cmd}}[{{.}}]{{end}}", "[sleep][5]"),
        ("{{range .Mounts}}{{.Destination}} {{end}}", "/d "),
        ("{{len .Config.Cmd}}", "2"),
        ("{{.HostConfig.NetworkMode}} {{.HostConfig.AutoRemove}}", "none false"),
        ("{{if .State.Running}}up{{else}}down{{end}}", "down"),
        ('{{printf "%s-%d" .Name .State.Pid}}', "c-0"),
        ("{{.NetworkSettings.IPAddress}}.", "."),
    ],
)
# covers: inspect --format
def test_templates(shared: Pypod, template: str, wanted: str) -> None:
    options = ["--name", "c", "-l", "team=x", "-l", "dotted.key=v", "-v", "v:/d", "--network", "none"]
    shared("create", *options, shared.image, "sleep", "5")
    assert shared("inspect", "-f", template, "c").stdout.rstrip("\n") == wanted


# covers: inspect --format
def test_templates_that_are_wrong(shared: Pypod) -> None:
    shared("create", "--name", "c", shared.image, "true")
    for template in ("{{.NoSuch}}", "{{", "{{.State.NoSuch}}"):
        assert shared("inspect", "--format", template, "c", check=False).code == 125
    assert json.loads(shared("inspect", "--format", "json", "c").out)
    assert json.loads(shared("inspect", "--format", "{{json .}}", "c").out)["Name"] == "c"


# covers: inspect --type, inspect --latest
def test_kinds_of_things(shared: Pypod) -> None:
    shared("volume", "create", "thing")
    assert shared("inspect", "thing").json()[0]["Mountpoint"]
    shared("create", "--name", "thing", shared.image, "true")
    assert shared("inspect", "thing").json()[0]["HostConfig"]
    assert shared("inspect", "--type", "volume", "thing").json()[0]["Mountpoint"]
    assert shared("inspect", "--type", "container", "thing").json()[0]["HostConfig"]
    assert shared("inspect", "--type", "image", "busybox").json()[0]["RootFS"]
    assert shared("inspect", "busybox").json()[0]["RootFS"]
    assert shared("inspect", "-l").json()[0]["Name"] == "thing"
    assert len(shared("inspect", "thing", "busybox").json()) == 2
    for words in (
        ["--type", "image", "thing"],
        ["--type", "nothing", "thing"],
        ["-l", "thing"],
        [],
    ):
        assert shared("inspect", *words, check=False).code == 125
    result = shared("inspect", "thing", "no-such-thing", check=False)
    assert (result.code, len(result.json())) == (125, 1)
    assert shared("inspect", "no-such-thing", check=False).stdout == "[]\n"


# covers: container inspect --format, container inspect --latest, image inspect --format, image inspect
def test_the_forms_below_container_and_image(shared: Pypod) -> None:
    shared("create", "--name", "only", shared.image, "true")
    assert shared("container", "inspect", "-f", "{{.Name}}", "only").out == "only"
    assert shared("container", "inspect", "-l", "--format", "{{.Name}}").out == "only"
    assert shared("container", "inspect", "busybox", check=False).code == 125
    form = "{{.Architecture}} {{.Os}} {{.RepoTags}} {{.Config.Cmd}} {{.Config.User}}|{{.Config.Env}}"
    out = shared("image", "inspect", "--format", form, "busybox").out
    assert re.fullmatch(r"\w+ linux \[localhost/busybox:latest\] \[\] \|\[\]", out), out
    assert shared("image", "inspect", "only", check=False).code == 125


# covers: inspect
def test_the_files_that_are_named_exist(shared: Pypod) -> None:
    shared.detached("--name", "c", "--pidfile", str(shared.base / "pid"))
    shown = shared.inspect("c")
    for key in ("ResolvConfPath", "HostnamePath", "HostsPath", "OCIConfigPath", "StaticDir", "PidFile"):
        assert os.path.exists(shown[key]), key
    assert Path(shown["HostsPath"]).read_text() == shared("exec", "c", "cat", "/etc/hosts").stdout
    assert os.path.exists(shown["HostConfig"]["LogConfig"]["Path"])


# covers: version, version --format
def test_version(shared: Pypod) -> None:
    lines = shared("version").lines
    assert lines[0].split(":")[0] == "Client"
    number = shared("version", "--format", "{{.Client.Version}}").out
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", number)
    assert shared("--version").out == f"pypod version {number}"
    assert shared("-v").out == f"pypod version {number}"
    assert shared("version", "-f", "json").json()["Client"]["Version"] == number
    assert shared("version", "--format", "{{.Nothing}}", check=False).code == 125


# covers: info, info --format
def test_info(shared: Pypod) -> None:
    text = shared("info").out
    assert "graphRoot" in text
    facts = shared("info", "--format", "json").json()
    assert facts["store"]["graphRoot"] == str(shared.graphroot)
    assert facts["store"]["graphDriverName"] == "overlay"
    assert facts["host"]["security"]["rootless"] is True
    assert facts["host"]["idMappings"]["uidmap"][0] == {"container_id": 0, "host_id": os.getuid(), "size": 1}
    assert shared("info", "--format", "{{.Store.GraphRoot}}").out == str(shared.graphroot)
    assert shared("info", "-f", "{{.Host.Security.Rootless}}").out == "true"
    assert shared("system", "info", "-f", "{{.store.imageStore.number}}").out == "1"
    shared.detached()
    assert shared("info", "-f", "{{.Store.ContainerStore.Running}}").out == "1"


# covers: pypod --network-cmd-path
# covers: pypod --root, pypod --runroot, pypod --runtime, pypod --cgroup-manager, pypod --storage-driver
def test_global_options(shared: Pypod) -> None:
    options = shared.options
    for more in (
        ["--runtime", "crun"],
        ["--runtime", "/usr/bin/crun"],
        ["--cgroup-manager", "cgroupfs"],
        ["--storage-driver", "overlay"],
        ["--log-level", "debug"],
        ["--network-cmd-path", "/usr/bin/slirp4netns"],
    ):
        shared.options = [*options, *more]
        result = shared.run("--rm", "IMAGE", "echo", "ran")
        assert result.out == "ran", str(result)
    for more in (["--runtime", "no-such-runtime"], ["--log-level", "loud"], ["--storage-driver", "x"]):
        shared.options = [*options, *more]
        assert shared.run("--rm", "IMAGE", "true", check=False).code == 125
    shared.options = options
    assert shared("ps", "-aq").out == ""


# covers: pypod --runtime-flag
def test_flags_for_the_runtime(shared: Pypod) -> None:
    shared.options = [*shared.options, "--runtime-flag", "debug"]
    assert shared.run("--rm", "IMAGE", "echo", "ran").out == "ran"


# covers: pypod --out, pypod --noout
def test_output_elsewhere(shared: Pypod) -> None:
    target = shared.base / "out"
    assert shared("--out", str(target), "ps").stdout == ""
    assert target.read_text().startswith("CONTAINER ID")
    assert shared("--noout", "ps").stdout == ""
    target.unlink()


# covers: inspect --format, info --format
def test_templates_that_scripts_use_everywhere(shared: Pypod) -> None:
    cid = shared.detached("--network=none")
    addresses = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    assert shared("inspect", "--format", addresses, cid).stdout == "\n"
    swap = shared("info", "--format", "{{.Host.SwapTotal}} {{.Host.SwapFree}}").out.split()
    assert all(value.isdigit() for value in swap)
    assert len(swap) == 2
