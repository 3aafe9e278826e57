"""Request, image and settings into a record."""

from __future__ import annotations

from typing import Any

import pytest

from libpod.errors import UsageError
from libpod.model.container import SCHEMA
from tests.unit.spec.conftest import CID, Maker, image_config


@pytest.mark.parametrize(
    ("image", "entrypoint", "command", "expected"),
    [
        ({"cmd": ["sh"]}, None, [], ["sh"]),
        ({"cmd": ["sh"]}, None, ["ls"], ["ls"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, None, [], ["e", "c"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, None, ["x"], ["e", "x"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, "n", [], ["n"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, "n", ["x"], ["n", "x"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, "", ["x"], ["x"]),
    ],
)
def test_command(image: Any, entrypoint: Any, command: list[str], expected: list[str], make: Maker) -> None:
    record = make.record(command, image=image_config(**image), entrypoint=entrypoint)
    assert record["args"] == expected
    assert record["entrypoint"] + record["command"] == expected


def test_no_command_at_all(make: Maker) -> None:
    with pytest.raises(UsageError, match="no command") as caught:
        make.record(image=image_config(cmd=[]))
    assert caught.value.remedy
    with pytest.raises(UsageError, match="no command"):
        make.record(entrypoint="")


def test_what_the_image_says(make: Maker) -> None:
    image = image_config(
        user="web",
        workdir="/srv",
        labels={"a": "image", "b": "image"},
        stop_signal="SIGINT",
        exposed_ports=["80/tcp"],
        volumes=["/data", "relative"],
    )
    record = make.record(image=image, label=["b=option"], expose=["81", "80"])
    assert (record["user"], record["workdir"], record["stop_signal"]) == ("web", "/srv", 2)
    assert record["labels"] == {"a": "image", "b": "option"}
    assert record["expose"] == ["80/tcp", "81/tcp"]
    assert [(m["destination"], m.get("anonymous"), len(m["source"])) for m in record["mounts"]] == [
        ("/data", True, 64),
        ("/relative", True, 64),
    ]
    assert len({m["source"] for m in record["mounts"]}) == 2
    changed = make.record(image=image, user="0", workdir="/x", stop_signal="9")
    assert (changed["user"], changed["workdir"], changed["stop_signal"]) == ("0", "/x", 9)


def test_a_stop_signal_of_the_image_that_is_none(make: Maker) -> None:
    with pytest.raises(UsageError, match="stop signal"):
        make.record(image=image_config(stop_signal="FOO"))


@pytest.mark.parametrize(("mode", "kinds"), [("tmpfs", ["tmpfs"]), ("ignore", []), ("bind", ["volume"])])
def test_volumes_of_the_image_can_be_something_else(mode: str, kinds: list[str], make: Maker) -> None:
    record = make.record(image=image_config(volumes=["/data"]), image_volume=mode)
    assert [m["type"] for m in record["mounts"]] == kinds


def test_the_strongest_mount_of_a_destination_stays(make: Maker) -> None:
    make.settings.volumes = ["settings:/data", "other:/other"]
    image = image_config(volumes=["/data", "/image"])
    ids = {
        "volumes_from": {
            "web": [
                {"type": "bind", "source": "/web", "destination": "/data", "options": ["rw", "rbind"]},
                {"type": "volume", "source": "v", "destination": "/v", "options": ["ro"], "anonymous": True},
                {"type": "tmpfs", "source": "", "destination": "/t", "options": []},
            ]
        }
    }
    record = make.record(image=image, volume=["mine:/other"], volumes_from=["web:ro,z"], ids=ids)
    found = {m["destination"]: m for m in record["mounts"]}
    assert set(found) == {"/data", "/image", "/other", "/v"}
    assert found["/data"]["source"] == "/web"
    assert found["/data"]["options"] == ["ro", "rbind"]
    assert found["/data"]["relabel"] == "z"
    assert "anonymous" not in found["/v"]
    assert found["/other"]["source"] == "mine"
    with pytest.raises(UsageError, match="volumes-from"):
        make.record(volumes_from=["missing"])


def test_host_names(make: Maker) -> None:
    assert make.record()["hostname"] == CID[:12]
    assert make.record(hostname="web")["hostname"] == "web"
    assert make.record(network=["host"])["hostname"] == "vm"
    assert make.record(network=["host"], hostname="web")["hostname"] == "web"
    assert make.record(uts="host")["hostname"] == "vm"
    assert make.record(uts="container:x", ids={"joins": {"x": CID}})["hostname"] == ""


@pytest.mark.parametrize(
    ("command", "mode", "expected"),
    [
        (["/sbin/init"], "true", True),
        (["/usr/lib/systemd/systemd", "--user"], "true", True),
        (["/opt/x/systemd"], "true", True),
        (["systemd"], "false", False),
        (["init"], "true", False),
        (["sh"], "always", True),
    ],
)
def test_systemd_is_known_by_its_command(command: list[str], mode: str, expected: bool, make: Maker) -> None:
    record = make.record(command, systemd=mode, init=True)
    assert record["systemd"] is expected
    assert record["stop_signal"] == (37 if expected else 15)
    assert record["init"] is not expected


def test_logs(make: Maker) -> None:
    assert make.record()["log"] == {
        "driver": "k8s-file",
        "path": "",
        "max_size_bytes": 0,
        "max_files": 2,
        "tag": "",
    }
    make.settings.log_driver = "journald"
    make.settings.log_size_max = 5
    log = make.record()["log"]
    assert (log["driver"], log["max_size_bytes"]) == ("journald", 5)
    make.settings.log_driver = "k8s-file"
    assert make.record(log_driver="journald")["log"]["driver"] == "journald"
    assert make.record(log_driver="none")["log"]["driver"] == "none"
    assert make.record(log_driver="json-file")["log"]["driver"] == "k8s-file"


def test_settings_fill_what_nobody_asked_for(make: Maker) -> None:
    settings = make.settings
    settings.annotations = {"a": "1"}
    settings.devices = ["/dev/fuse", "/dev/kvm"]
    settings.umask = 0o77
    settings.shm_size_bytes = 5
    settings.init = True
    settings.no_hosts = True
    settings.stop_timeout_s = 3
    settings.timezone = "UTC"
    record = make.record(device=["/dev/kvm:r"])
    assert record["annotations"] == {"a": "1"}
    assert [d["permissions"] for d in record["devices"]] == ["rwm", "r"]
    assert (record["umask"], record["shm_size_bytes"], record["stop_timeout_s"]) == (0o77, 5, 3)
    assert (record["init"], record["no_hosts"], record["timezone"]) == (True, True, "UTC")
    assert make.record(init=False)["init"] is False
    assert make.record(no_hosts=False)["no_hosts"] is False


def test_identity_of_the_record(make: Maker) -> None:
    ids = {
        "name": "web",
        "image_name": "localhost/box:latest",
        "image_id": "1",
        "layers": ["k"],
        "create_command": ["x"],
    }
    record = make.record(ids=ids, rm=True, interactive=True)
    assert record["schema"] == SCHEMA
    assert (record["id"], record["name"], record["created_ns"]) == (CID, "web", 1)
    assert (record["image"], record["image_name"]) == ("localhost/box", "localhost/box:latest")
    assert (record["layers"], record["rootfs"]) == (["k"], "")
    assert (record["remove"], record["stdin_open"], record["stdin_once"]) == (True, True, True)


def test_a_root_file_system_instead_of_an_image(make: Maker) -> None:
    record = make.record(["sh"], rootfs=True)
    assert (record["image"], record["rootfs"], record.get("rootfs_overlay")) == (
        "",
        "/home/user/localhost/box",
        False,
    )


def test_default_parameters_need_a_namespace_of_their_own(make: Maker) -> None:
    make.settings.default_sysctls = {"net.core.somaxconn": "1", "kernel.shmmax": "2"}
    assert set(make.record()["sysctl"]) == {"net.core.somaxconn", "kernel.shmmax"}
    assert set(make.record(network=["host"])["sysctl"]) == {"kernel.shmmax"}
    assert set(make.record(ipc="host")["sysctl"]) == {"net.core.somaxconn"}


def test_a_record_is_plain_json(make: Maker) -> None:
    import json

    record = make.record(
        volume=["a:/b"], tmpfs=["/t"], userns="keep-id", ulimit=["nofile=1"], device=["/dev/fuse"]
    )
    assert json.loads(json.dumps(record)) == record
