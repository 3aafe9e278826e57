"""events: what happens to containers, images and volumes, as it happens and afterwards."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


def of(pypod: Pypod, *words: str) -> list[str]:
    """What happened, in order: `container create`."""
    return pypod("events", "--stream=false", "--format", "{{.Type}} {{.Status}}", *words).lines


# covers: events, events --stream, events --filter, events --format
def test_a_containers_life(shared: Pypod) -> None:
    cid = shared.run(
        "--cidfile", str(shared.base / "cid"), "--network=none", "IMAGE", "sh", "-c", "exit 3", check=None
    )
    assert cid.code == 3
    name = (shared.base / "cid").read_text()
    (shared.base / "cid").unlink()
    assert of(shared, "--filter", f"container={name}")[:5] == [
        f"container {what}" for what in ("create", "init", "start", "attach", "died")
    ]
    died = shared(
        "events", "--stream=false", "-f", f"container={name}", "-f", "event=died", "--format", "json"
    ).json()
    assert died["ContainerExitCode"] == 3
    assert died["ID"] == name
    assert died["Image"] == "localhost/busybox:latest"
    shared("rm", name)
    assert of(shared, "-f", f"container={name[:12]}")[-2:] == ["container cleanup", "container remove"]


# covers: events
def test_every_verb_is_seen(shared: Pypod) -> None:
    cid = shared("create", "--network=none", "--label", "team=a", shared.image, "sleep", "1000").out
    for words in (
        ["init", cid],
        ["start", cid],
        ["exec", cid, "true"],
        ["rename", cid, "other"],
        ["pause", cid],
        ["unpause", cid],
        ["update", cid],
        ["kill", "-s", "WINCH", cid],
        ["stop", "-t0", cid],
        ["rm", cid],
    ):
        shared(*words)
    seen = [line.split()[1] for line in of(shared, "-f", f"container={cid}")]
    expected = "create init start exec exec_died rename pause unpause update kill died cleanup stop remove"
    assert set(seen) == set(expected.split())
    assert seen[0] == "create"
    assert seen[-1] == "remove"
    names = shared("events", "--stream=false", "-f", f"container={cid}", "--format", "{{.Name}}").lines
    assert names[-1] == "other"
    assert names[seen.index("died")] == "other"


# covers: events
def test_images_and_volumes(pypod: Pypod) -> None:
    assert pypod.image
    pypod("tag", pypod.image, "second")
    pypod("untag", pypod.image, "second")
    pypod("rmi", pypod.image)
    pypod("volume", "create", "data")
    pypod("volume", "rm", "data")
    assert of(pypod) == [
        "image import",
        "image tag",
        "image untag",
        "image untag",
        "image remove",
        "volume create",
        "volume remove",
    ]
    assert of(pypod, "-f", "type=volume", "-f", "event=create", "-f", "event=remove") == [
        "volume create",
        "volume remove",
    ]
    assert of(pypod, "-f", "image=localhost/second:latest", "-f", "volume=data") == []


# covers: events --filter
def test_pods(shared: Pypod) -> None:
    pod = shared("pod", "create", "--name", "group", "--label", "a=b").out
    shared("run", "-d", "--pod", "group", shared.image, "sleep", "1000")
    for words in (["stop", "-t0"], ["start"], ["pause"], ["unpause"], ["kill"], ["rm", "-f", "-t0"]):
        shared("pod", *words, "group")
    expected = ["create", "stop", "start", "pause", "unpause", "kill", "remove"]
    assert of(shared, "-f", f"pod={pod}") == [f"pod {what}" for what in expected]
    line = shared("events", "--stream=false", "-f", "pod=group", "-f", "event=create", "-f", "label=a").out
    assert line.endswith(f" pod create {pod} (image=, name=group, a=b)")


# covers: events --no-trunc, events --filter
def test_the_line_that_is_shown(shared: Pypod) -> None:
    cid = shared(
        "create", "--network=none", "--name", "web", "--label", "a=b\n\033[31m", shared.image, "true"
    ).out
    line = shared("events", "--stream=false", "-f", f"container={cid}").out
    what = rf"container create {cid} \(image=localhost/busybox:latest, name=web, a=b\\n\\x1b\[31m\)"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4} \w+ " + what, line)
    assert f" {cid[:12]} (" in shared("events", "--stream=false", "--no-trunc=false", "-f", "label=a").out
    for words in (["-f", "bogus=1"], ["-f", "event"], ["--since", "bogus"], ["--until", "bogus"]):
        assert shared("events", "--stream=false", *words, check=False).code == 125
    assert shared("events", "--stream=false", "--format", "{{.Nothing}}", check=False).code == 125


# covers: events --since, events --until
def test_since_and_until(shared: Pypod) -> None:
    cid = shared("create", "--network=none", shared.image, "true").out
    moment = shared(
        "events", "--stream=false", "-f", f"container={cid}", "--format", "{{json .Time}}"
    ).out.strip('"')
    shared("rm", cid)
    mine = ["-f", f"container={cid}"]
    assert of(shared, *mine, "--since", moment) == ["container create", "container remove"]
    assert of(shared, *mine, "--until", moment) == ["container create"]
    assert of(shared, *mine, "--since", "1h") == ["container create", "container remove"]
    assert of(shared, *mine, "--until", "1h", "--since", "0s") == []
    done = shared("events", *mine, "--until", moment, "--format", "{{.Status}}")  # a stream that is over
    assert done.out == "create"


# covers: events
def test_what_comes_is_shown_at_once(shared: Pypod) -> None:
    """The reader waits in poll(2) and is told: it takes no processor time while nothing happens."""
    stream = shared.start("events", "--format", "{{.Status}} {{.Name}}")
    assert stream.stdout
    processes.wait_until(lambda: _waits(stream.pid), what="the reader waits")
    shared("volume", "create", "first")
    assert stream.stdout.readline() == "create first\n"
    before = _cpu_ticks(stream.pid)
    shared.detached("--network=none", "--name", "web")
    seen = [stream.stdout.readline() for _ in range(3)]
    assert seen == ["create web\n", "init web\n", "start web\n"]
    assert _cpu_ticks(stream.pid) - before < 50
    stream.send_signal(signal.SIGINT)
    assert stream.wait(10) == 130
    shared("volume", "rm", "first")


def _waits(pid: int) -> bool:
    return "poll" in Path(f"/proc/{pid}/wchan").read_text() or Path(
        f"/proc/{pid}/syscall"
    ).read_text().startswith("7 ")


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


# covers: events
def test_a_damaged_file_loses_nothing_else(pypod: Pypod) -> None:
    pypod("volume", "create", "before")
    log = pypod.graphroot / "events" / "log"
    log.write_bytes(log.read_bytes()[:-20])  # a power cut in the middle of a line
    pypod("volume", "create", "after")
    assert pypod("events", "--stream=false", "--format", "{{.Name}}").lines == ["after"]
    log.write_bytes(b"\0" * 5000)
    pypod("volume", "create", "later")
    assert pypod("events", "--stream=false", "--format", "{{.Name}}").lines == ["later"]


# covers: events
def test_a_directory_that_is_no_directory_stops_nobody(pypod: Pypod) -> None:
    assert pypod.image
    folder = pypod.graphroot / "events"
    (folder / "log").unlink()
    folder.rmdir()
    folder.write_text("")
    assert pypod.run("--rm", "--network=none", "IMAGE", "echo", "up").out == "up"
    failed = pypod("events", "--stream=false", check=False)
    assert failed.code == 125
    assert "events cannot be read" in failed.stderr
    folder.unlink()


# covers: events
def test_a_killed_client_and_a_removed_container(shared: Pypod) -> None:
    """The monitor says how it ended, whatever became of the command that started it."""
    run = shared.start("run", "--rm", "--network=none", "--name", "web", shared.image, "sleep", "1000")
    processes.wait_until(lambda: shared("ps", "-q").out, what="it runs")
    pid = shared.init_pid("web")
    run.kill()
    run.wait()
    with processes.Handle(pid) as init:
        init.kill()
    processes.wait_until(
        lambda: "container remove" in of(shared, "-f", "container=web"), what="it is removed"
    )
    assert "container died" in of(shared, "-f", "container=web")


# covers: pypod --events-backend
def test_without_events(shared: Pypod) -> None:
    shared("--events-backend", "none", "volume", "create", "silent")
    shared("--events-backend=file", "volume", "rm", "silent")
    assert of(shared, "-f", "volume=silent") == ["volume remove"]
    cid = shared("--events-backend=none", "run", "-d", "--network=none", shared.image, "sleep", "1000").out
    shared("--events-backend=none", "rm", "-f", "-t0", cid)
    assert of(shared, "-f", f"container={cid}") == []
    assert shared("--events-backend=none", "events", "--stream=false", check=False).code == 125
    assert shared("--events-backend=journald", "ps", check=False).code == 125
