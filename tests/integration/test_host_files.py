"""What files of the host add to containers: OCI hooks, devices of the Container Device Interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "runc", "slirp4netns", "newuidmap", "busybox")


def hook(folder: Path, name: str, stages: list[str], when: dict[str, Any]) -> Path:
    """A hook that appends `<stage of the state> <argument>` to a file; that file."""
    program, out = folder / f"{name}.sh", folder / f"{name}.out"
    program.write_text(f'#!/bin/sh\necho "$1 $MARK $(grep -o \'"status": *"[a-z]*"\')" >> {out}\n')
    program.chmod(0o755)
    entry = {"path": str(program), "args": ["hook", name], "env": ["MARK=m", "PATH=/bin:/usr/bin"]}
    (folder / f"{name}.json").write_text(
        json.dumps({"version": "1.0.0", "hook": entry, "when": when, "stages": stages})
    )
    return out


# covers: run
@pytest.mark.parametrize("runtime", ["crun", "runc"])
def test_hooks_are_called_at_their_stages(shared: Pypod, tmp_path: Path, runtime: str) -> None:
    out = hook(tmp_path, "all", ["createRuntime", "poststart", "poststop"], {"always": True})
    shared.options += ["--runtime", runtime, "--hooks-dir", str(tmp_path)]
    assert shared.run("--rm", "IMAGE", "echo", "hello").out == "hello"
    wait_until(lambda: len(out.read_text().splitlines()) == 3, what="the last hook has run")
    assert all(line.startswith("all m") for line in out.read_text().splitlines())


# covers: run
def test_only_the_containers_that_fit(shared: Pypod, tmp_path: Path) -> None:
    stages = ["createRuntime"]
    whens = {
        "never": {"always": False},
        "command": {"commands": ["^/bin/ec.o$"]},
        "bind": {"hasBindMounts": True},
        "note": {"annotations": {"^com[.]x$": "^a+$"}},
        "both": {"hasBindMounts": True, "annotations": {"x": "a"}},
    }
    outs = {name: hook(tmp_path, name, stages, when) for name, when in whens.items()}
    shared.options += ["--hooks-dir", str(tmp_path)]

    def called(*options: str) -> list[str]:
        shared.run("--rm", *options)
        found = [name for name, out in outs.items() if out.exists()]
        for name in found:
            outs[name].unlink()
        return found

    assert called("IMAGE", "true") == []
    assert called("IMAGE", "/bin/echo") == ["command"]
    assert called("-v", "/etc/hostname:/h:ro", "IMAGE", "true") == ["bind"]
    assert called("--annotation", "com.x=aa", "IMAGE", "true") == ["note"]
    assert called("--annotation", "com.x=ab", "IMAGE", "true") == []
    assert called("--annotation", "com.x=a", "-v", "/etc/hostname:/h", "IMAGE", "true") == [
        "bind",
        "note",
        "both",
    ]


# covers: run
def test_a_later_directory_replaces_a_hook(shared: Pypod, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        hook(tmp_path / name, "same", ["createRuntime"], {"always": True})
    (tmp_path / "containers.conf").write_text(f'[engine]\nhooks_dir = ["{tmp_path}/a", "{tmp_path}/b"]\n')
    shared.run("--rm", "IMAGE", "true", env={"CONTAINERS_CONF": str(tmp_path / "containers.conf")})
    assert (tmp_path / "b/same.out").exists()
    assert not (tmp_path / "a/same.out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON"),
        ("{}", "version"),
        ('{"version": "1.0.0", "hook": {"path": "x"}}', "absolute"),
        ('{"version": "1.0.0", "hook": {"path": "/no/such/program"}}', "executed"),
        ('{"version": "1.0.0", "hook": {"path": "/bin/true"}}', "when"),
        ('{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"always": true}}', "stages"),
        (
            '{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"commands": ["("]},'
            ' "stages": ["poststop"]}',
            "regular expression",
        ),
    ],
)
# covers: run
def test_a_hook_file_that_makes_no_sense(shared: Pypod, tmp_path: Path, text: str, said: str) -> None:
    """Nothing runs without a hook that somebody wanted to run with it."""
    (tmp_path / "h.json").write_text(text)
    result = shared("--hooks-dir", str(tmp_path), "run", "--rm", shared.image, "true", check=False)
    assert (result.code, "h.json" in result.stderr, said in result.stderr) == (125, True, True), result
    missing = shared("--hooks-dir", str(tmp_path / "no"), "run", "--rm", shared.image, "true", check=False)
    assert (missing.code, "--hooks-dir" in missing.stderr) == (125, True)


KIND = "example.com/thing"


def describe(folder: Path, name: str, devices: dict[str, Any], common: dict[str, Any] | None = None) -> None:
    document = {
        "cdiVersion": "0.6.0",
        "kind": KIND,
        "containerEdits": common or {},
        "devices": [{"name": key, "containerEdits": edits} for key, edits in devices.items()],
    }
    (folder / name).write_text(json.dumps(document))


# covers: run --device, create --device
def test_a_device_by_its_name(shared: Pypod, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/driver").write_text("driver\n")
    (tmp_path / "cdi").mkdir()
    out = hook(tmp_path, "cdi", [], {})
    one = {
        "deviceNodes": [{"path": "/dev/thing0", "hostPath": "/dev/null"}],
        "mounts": [
            {"hostPath": str(tmp_path / "lib"), "containerPath": "/opt/lib", "options": ["ro", "nosuid"]}
        ],
        "hooks": [{"hookName": "createContainer", "path": str(tmp_path / "cdi.sh"), "args": ["hook", "cdi"]}],
    }
    common = {"env": ["THING=yes"]}
    describe(tmp_path / "cdi", "thing.json", {"one": one, "two": {"env": ["TWO=2"]}}, common)
    options = ["--cdi-spec-dir", str(tmp_path / "cdi")]
    script = "ls -l /dev/thing0; cat /opt/lib/driver; echo $THING $TWO; touch /opt/lib/x"
    words = ["--device", f"{KIND}=one", "--device", f"{KIND}=two", shared.image, "sh", "-c", script]
    shared(*options, "create", "--name", "c", *words)
    for _ in range(2):
        result = shared(*options, "start", "-a", "c", check=None)
        assert result.lines[0].startswith("crw")
        assert result.lines[1:] == ["driver", "yes 2"]
        assert "Read-only" in result.stderr
    assert len(out.read_text().splitlines()) == 2


# covers: run --gpus, create --gpus
def test_gpus_are_devices_of_nvidia(shared: Pypod, tmp_path: Path) -> None:
    text = "cdiVersion: '0.5.0'\nkind: nvidia.com/gpu\ndevices:\n"
    text += "".join(f"- name: '{n}'\n  containerEdits:\n    env: [GPU{n}=here]\n" for n in ("0", "1", "all"))
    (tmp_path / "gpu.yaml").write_text(text)
    (tmp_path / "containers.conf").write_text(f'[engine]\ncdi_spec_dirs = ["{tmp_path}"]\n')
    env = {"CONTAINERS_CONF": str(tmp_path / "containers.conf")}
    show = ["IMAGE", "sh", "-c", "env | grep ^GPU | sort"]
    assert shared.run("--rm", "--gpus", "all", *show, env=env).lines == ["GPUall=here"]
    assert shared.run("--rm", "--gpus", "1,0", *show, env=env).lines == ["GPU0=here", "GPU1=here"]
    result = shared.run("--rm", "--gpus", "7", *show, env=env, check=False)
    assert (result.code, "nvidia.com/gpu=7" in result.stderr) == (125, True)


def thing(device: str) -> str:
    return f'{{"kind": "{KIND}", "devices": [{device}]}}'


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no CDI device"),
        ({"a.json": "{"}, "cannot be read"),
        ({"a.json": '{"kind": "x"}'}, "devices"),
        ({"a.yaml": "- x\n"}, "kind"),
        ({"a.json": thing('{"name": "one"}')}, "containerEdits"),
        ({"a.json": thing('{"name": "one", "containerEdits": {"mounts": [{}]}}')}, "hostPath"),
        ({"a.json": thing('{"name": "one", "containerEdits": {"intelRdt": {}}}')}, "intelRdt"),
        (
            dict.fromkeys(("a.json", "b.json"), thing('{"name": "one", "containerEdits": {}}')),
            "more than one",
        ),
    ],
)
# covers: run --device
def test_a_device_that_cannot_be_had(shared: Pypod, tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    words = ["--cdi-spec-dir", str(tmp_path), "run", "--rm", "--device", f"{KIND}=one", shared.image, "true"]
    result = shared(*words, check=False)
    assert (result.code, said in result.stderr) == (125, True), result
    assert not shared("ps", "-aq").out


# covers: run --shm-size-systemd, create --shm-size-systemd
def test_the_size_of_what_systemd_gets(shared: Pypod) -> None:
    options = ["--systemd=always", "--shm-size-systemd", "3m"]
    out = shared.run("--rm", *options, "IMAGE", "sh", "-c", "grep -c 'size=3072k' /proc/mounts").out
    assert out == "4"
