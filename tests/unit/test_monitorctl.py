"""A container's status follows from its files, its locks and its processes, whatever was killed when."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from libpod import errors, monitorctl, unmonitored
from libpod.conf.paths import Paths
from libpod.kernel import process
from libpod.monitor import exitrec
from libpod.util import alive, jsonio

CID = "c" * 64
OTHER_BOOT = "00000000-0000-0000-0000-000000000000"


class Box:
    """A container's `run` directory, with processes that stand for its own."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths(str(root / "graph"), str(root / "run"))
        self.run_dir = Path(self.paths.run_dir(CID))
        self.run_dir.mkdir(parents=True)
        self.init = subprocess.Popen(["sleep", "60"])
        self.alive_fd = -1

    def monitored(self) -> None:
        self.alive_fd = alive.hold(str(self.run_dir / "alive"))

    def write(self, name: str, **values: object) -> None:
        (self.run_dir / name).write_text(jsonio.dumps(values))

    def ran(self, run_id: str = "r1", **values: object) -> None:
        me = os.getpid()
        known: dict[str, object] = {
            "v": 1,
            "boot_id": process.boot_id(),
            "run_id": run_id,
            "state": "running",
            "monitor_pid": me,
            "monitor_start": process.start_time(me),
            "init_pid": self.init.pid,
            "init_start": process.start_time(self.init.pid),
            "started_ns": 1000,
            "cgroup": "",
            "netns": "/proc/1/fd/9",
            "merged": "/m",
        }
        self.write("status.json", **{**known, **values})

    def ended(self, run_id: str = "r1", **values: object) -> None:
        known: dict[str, object] = {
            "v": 1,
            "boot_id": process.boot_id(),
            "run_id": run_id,
            "code": 3,
            "oom": False,
            "started_ns": 1000,
            "finished_ns": 2000,
            "error": "",
        }
        self.write("exit.json", **{**known, **values})

    def status(self) -> monitorctl.RunStatus:
        return monitorctl.status(self.paths, CID)

    def end_init(self) -> None:
        self.init.kill()
        self.init.wait()

    def close(self) -> None:
        if self.init.poll() is None:
            self.end_init()
        if self.alive_fd >= 0:
            os.close(self.alive_fd)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


def test_never_started(box: Box) -> None:
    assert box.status()["state"] == "created"
    os.rmdir(box.run_dir)
    assert box.status()["state"] == "created"


def test_starting(box: Box) -> None:
    box.monitored()
    assert box.status()["state"] == "created"


def test_running(box: Box) -> None:
    box.monitored()
    box.ran()
    status = box.status()
    assert (status["state"], status["pid"], status["unmonitored"]) == ("running", box.init.pid, False)
    assert (status["started_ns"], status["netns"]) == (1000, "/proc/1/fd/9")


def test_started_while_it_is_asked_for(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its monitor is not called dead because it was not there when the question began."""
    really = alive.held
    answers = []

    def held(path: str) -> bool:
        answers.append(really(path))
        if len(answers) == 1:
            box.monitored()
            box.ran()
        return answers[-1]

    monkeypatch.setattr(alive, "held", held)
    status = box.status()
    assert (status["state"], status["unmonitored"]) == ("running", False)
    assert answers[0] is False


def test_running_in_another_pid_namespace(box: Box) -> None:
    """The ids of its processes are those of others here: none is told, none is looked at."""
    box.monitored()
    box.ran(pid_ns=process.pid_namespace() + 1)
    status = box.status()
    assert (status["state"], status["elsewhere"], status["unmonitored"]) == ("running", True, False)
    assert (status["pid"], status["monitor_pid"], status["netns"]) == (0, 0, "")
    os.close(box.alive_fd)
    box.alive_fd = -1
    assert box.status()["state"] == "exited"
    assert unmonitored.lost_init(box.paths, CID) == (0, 0)
    box.ran(pid_ns=process.pid_namespace())
    assert (box.status()["pid"], box.status()["unmonitored"]) == (box.init.pid, True)


def test_only_created(box: Box) -> None:
    box.monitored()
    box.ran(state="created")
    assert (box.status()["state"], box.status()["started_ns"]) == ("initialized", 0)


def test_ended(box: Box) -> None:
    box.ran()
    box.ended(oom=True)
    status = box.status()
    assert (status["state"], status["exit_code"], status["oom"]) == ("exited", 3, True)
    assert (status["started_ns"], status["finished_ns"], status["pid"]) == (1000, 2000, 0)


def test_ended_while_its_monitor_still_cleans_up(box: Box) -> None:
    box.monitored()
    box.ran()
    box.ended()
    assert box.status()["state"] == "exited"


def test_an_exit_record_of_an_earlier_run_says_nothing_about_this_one(box: Box) -> None:
    box.monitored()
    box.ended("r0")
    box.ran("r1")
    assert box.status()["state"] == "running"


def test_restarting_it_is_still_what_it_was(box: Box) -> None:
    box.ran("r0")
    box.ended("r0")
    box.monitored()
    assert (box.status()["state"], box.status()["exit_code"]) == ("exited", 3)


def test_the_monitor_was_killed(box: Box) -> None:
    box.ran()
    status = box.status()
    assert (status["state"], status["unmonitored"], status["pid"]) == ("running", True, box.init.pid)


def test_monitor_and_container_were_killed(box: Box) -> None:
    box.ran()
    box.end_init()
    status = box.status()
    assert (status["state"], status["exit_code"], status["exit_known"]) == ("exited", None, False)


def test_a_recycled_process_id_is_not_the_container(box: Box) -> None:
    box.ran(init_start=1)
    assert box.status()["state"] == "exited"


def test_after_a_reboot_nothing_runs(box: Box) -> None:
    box.ran(boot_id=OTHER_BOOT)
    status = box.status()
    assert (status["state"], status["exit_known"]) == ("exited", False)


def test_an_exit_code_survives_a_reboot(box: Box) -> None:
    box.ran(boot_id=OTHER_BOOT)
    box.ended(boot_id=OTHER_BOOT)
    assert box.status()["exit_code"] == 3


def test_the_first_start_failed(box: Box) -> None:
    exitrec.write_failure(str(box.run_dir), "r1", 127, "no such command", 5)
    status = box.status()
    assert (status["state"], status["exit_code"], status["error"]) == ("created", 127, "no such command")


def test_a_later_start_failed(box: Box) -> None:
    box.ran("r0")
    box.ended("r0")
    exitrec.write_failure(str(box.run_dir), "r1", 127, "no such command", 5000)
    status = box.status()
    assert (status["state"], status["exit_code"], status["started_ns"]) == ("exited", 127, 1000)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "\0\0\0"])
def test_a_damaged_file_is_as_none(box: Box, damage: str) -> None:
    (box.run_dir / "status.json").write_text(damage)
    (box.run_dir / "exit.json").write_text(damage)
    assert box.status()["state"] == "created"


def test_stopping_only_as_long_as_somebody_stops_it(box: Box) -> None:
    box.monitored()
    box.ran()
    monitorctl.note_stop_requested(box.paths, CID)
    assert box.status()["state"] == "stopping"
    intent = jsonio.load_file(str(box.run_dir / "intent.json"))
    box.write("intent.json", **{**intent, "by_start": 1})
    assert box.status()["state"] == "running"
    box.write("intent.json", **{**intent, "run_id": "r0"})
    assert box.status()["state"] == "running"


def runtime_state(box: Box, name: str, **values: object) -> None:
    directory = box.run_dir / "crun" / CID
    directory.mkdir(parents=True)
    (directory / name).write_text(jsonio.dumps(values))


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize(
    ("name", "pid_key", "start_key"),
    [("status", "pid", "process-start-time"), ("state.json", "init_process_pid", "init_process_start")],
)
def test_a_process_that_nobody_had_time_to_write_down(
    box: Box, name: str, pid_key: str, start_key: str, waits: bool
) -> None:
    start = process.start_time(box.init.pid)
    runtime_state(box, name, **{pid_key: box.init.pid, start_key: start})
    if waits:
        os.mkfifo(f"{box.paths.run_dir(CID)}/crun/{CID}/exec.fifo")
    status = box.status()
    state = "initialized" if waits else "running"
    assert (status["state"], status["unmonitored"], status["pid"]) == (state, True, box.init.pid)
    assert monitorctl.stop_unmonitored(box.paths, CID)
    assert box.init.wait(5) == -9
    assert box.status()["state"] == "created"


def test_an_unmonitored_container_is_killed(box: Box) -> None:
    box.ran()
    assert monitorctl.stop_unmonitored(box.paths, CID)
    assert box.init.wait(5) == -9
    assert monitorctl.stop_unmonitored(box.paths, CID)


def test_a_monitored_container_is_left_alone(box: Box) -> None:
    box.monitored()
    box.ran()
    assert not monitorctl.stop_unmonitored(box.paths, CID)
    assert box.init.poll() is None


def test_waiting_ends_when_the_exit_record_appears(box: Box) -> None:
    box.monitored()
    box.ran()
    seen = box.status()
    assert not monitorctl.wait_change(box.paths, CID, seen, 0.05)
    pid = os.fork()
    if pid == 0:
        time.sleep(0.1)
        exitrec.write_exit(
            str(box.run_dir),
            {
                "v": 1,
                "boot_id": process.boot_id(),
                "run_id": "r1",
                "code": 0,
                "oom": False,
                "started_ns": 1,
                "finished_ns": 2,
                "error": "",
            },
        )
        os._exit(0)
    assert monitorctl.wait_change(box.paths, CID, seen, 10)
    os.waitpid(pid, 0)
    assert box.status()["state"] == "exited"


def test_waiting_for_a_container_that_is_removed(box: Box) -> None:
    seen = box.status()
    pid = os.fork()
    if pid == 0:
        time.sleep(0.05)
        os.rmdir(box.run_dir)
        os._exit(0)
    assert monitorctl.wait_change(box.paths, CID, seen, 10)
    os.waitpid(pid, 0)


def test_connecting_says_what_is_wrong(box: Box) -> None:
    with pytest.raises(errors.StateError, match="not running"):
        monitorctl.connect(box.paths, CID)
    box.monitored()
    with pytest.raises(errors.MonitorError, match="does not listen"):
        monitorctl.connect(box.paths, CID)


def test_status_is_quick(box: Box) -> None:
    """`ps` of a hundred containers asks a hundred times."""
    box.monitored()
    box.ran()
    best = min(timed(box) for _ in range(20))
    assert best < 0.0004


def timed(box: Box) -> float:
    began = time.perf_counter()
    for _ in range(10):
        box.status()
    return (time.perf_counter() - began) / 10
