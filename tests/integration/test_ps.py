"""`ps`: columns, filters, order, and templates."""

from __future__ import annotations

import os
import re

import pytest

from tests.support.engine import Pypod
from tests.support.processes import wait_until

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

HEADINGS = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]


def three(shared: Pypod) -> tuple[str, str, str]:
    """One that runs, one that has ended, one that was only made: `up`, `done`, `made`."""
    up = shared.detached("--name", "up", "-l", "team=x", "-l", "empty")
    shared.run("--name", "done", "-l", "team=y", "-v", "data:/d", "IMAGE", "sh", "-c", "exit 3", check=None)
    made = shared("create", "--name", "made", shared.image, "echo", "one two", "'three' and much more").out
    done = shared("inspect", "-f", "{{.Id}}", "done").out
    return up, done, made


def columns(lines: list[str]) -> list[str]:
    return re.split(r"\s{2,}", lines[0].rstrip())


# covers: ps
def test_the_table(shared: Pypod) -> None:
    up, _, _ = three(shared)
    lines = shared("ps").lines
    assert columns(lines) == HEADINGS
    assert len(lines) == 2
    fields = re.split(r"\s{2,}", lines[1].rstrip())
    assert fields[:3] == [up[:12], "localhost/busybox:latest", "sleep 1000"]
    assert re.fullmatch(r"Up .*", fields[4])
    assert fields[-1] == "up"
    assert all(
        line.index(name) == lines[0].index("NAMES") for line, name in zip(lines, ["NAMES", "up"], strict=True)
    )


# covers: ps --all, ps --noheading, ps --no-trunc, ps --quiet
def test_all_of_them(shared: Pypod) -> None:
    cids = three(shared)
    lines = shared("ps", "-a", "--noheading").lines
    assert [line.split()[0] for line in lines] == [cid[:12] for cid in cids]
    assert [line.split()[-1] for line in lines] == ["up", "done", "made"]
    assert "Exited (3)" in lines[1]
    assert "Created" in lines[2]
    assert "echo one two 'thr..." in lines[2]
    whole = shared("ps", "-a", "--no-trunc").lines
    assert "echo one two 'three' and much more" in whole[3]
    assert whole[1].split()[0] == cids[0]
    assert shared("ps", "-aq").lines == [cid[:12] for cid in cids]
    assert shared("ps", "-aq", "--no-trunc").lines == list(cids)
    assert shared("ps", "-q").lines == [cids[0][:12]]
    for alias in (["container", "ls"], ["container", "list"], ["container", "ps"]):
        assert shared(*alias, "-q").lines == [cids[0][:12]]


# covers: ps --latest, ps --last
def test_the_last_ones(shared: Pypod) -> None:
    three(shared)
    names = ["--format", "{{.Names}}"]
    assert shared("ps", "-l", *names).lines == ["made"]
    assert shared("ps", "-n", "2", *names).lines == ["done", "made"]
    assert shared("ps", "--last=10", *names).lines == ["up", "done", "made"]
    assert shared("ps", "-l", "-n", "2", check=False).code == 125


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["status=running"], "up"),
        (["status=exited"], "done"),
        (["status=created"], "made"),
        (["status=exited", "status=created"], "done made"),
        (["name=d"], "done made"),
        (["name=^d"], "done"),
        (["name=up", "status=exited"], ""),
        (["exited=3"], "done"),
        (["exited=0"], ""),
        (["label=team"], "up done"),
        (["label=team=x"], "up"),
        (["label=team", "label=empty"], "up"),
        (["label!=team"], "made"),
        (["ancestor=busybox"], "up done made"),
        (["ancestor=localhost/busybox:latest"], "up done made"),
        (["ancestor=other"], ""),
        (["before=done"], "up"),
        (["since=done"], "made"),
        (["volume=data"], "done"),
        (["volume=/d"], "done"),
        (["network=slirp4netns"], "up done made"),
        (["until=0s"], "up done made"),
        (["until=1h"], ""),
        (["pod=x"], ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
# covers: ps --filter
def test_filters(shared: Pypod, filters: list[str], names: str) -> None:
    three(shared)
    words = [word for value in filters for word in ("--filter", value)]
    assert shared("ps", "-a", *words, "--format", "{{.Names}}").lines == names.split()


# covers: ps --filter
def test_filters_by_id_and_wrong_ones(shared: Pypod) -> None:
    cid = shared.detached()
    assert shared("ps", "-q", "-f", f"id={cid[:6]}").out == cid[:12]
    for bad in ("nothing=1", "status=asleep", "name", "exited=x", "before=no-such-container", "until=soon"):
        assert shared("ps", "-a", "-f", bad, check=False).code == 125


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("created", "up done made"),
        ("names", "done made up"),
        ("status", "made done up"),
        ("command", "made done up"),
    ],
)
# covers: ps --sort
def test_order(shared: Pypod, key: str, names: str) -> None:
    three(shared)
    assert shared("ps", "-a", "--sort", key, "--format", "{{.Names}}").lines == names.split()


# covers: ps --sort
def test_an_order_that_is_none(shared: Pypod) -> None:
    for key in ("id", "image", "runningfor", "size"):
        assert shared("ps", "-a", "--sort", key).code == 0
    assert shared("ps", "--sort", "colour", check=False).code == 125


# covers: ps --format
def test_templates(shared: Pypod) -> None:
    cids = three(shared)
    form = "{{.ID}}|{{.Names}}|{{.Image}}|{{.Command}}|{{.State}}|{{.ExitCode}}|{{.Ports}}|{{.Mounts}}"
    assert shared("ps", "-a", "--format", form).lines == [
        f"{cids[0][:12]}|up|localhost/busybox:latest|sleep 1000|running|0||[]",
        f"{cids[1][:12]}|done|localhost/busybox:latest|sh -c exit 3|exited|3||[/d]",
        f"{cids[2][:12]}|made|localhost/busybox:latest|echo one two 'thr...|created|0||[]",
    ]
    assert (
        shared("ps", "--format", '{{.Labels}} {{.Label "team"}} {{.Labels.team}}').out
        == "map[empty: team:x] x x"
    )
    assert shared("ps", "--format", "{{range .}}<{{.Names}}>{{end}}").out.strip() == "<up>"
    assert shared("ps", "-a", "--format", '{{if eq .State "running"}}yes{{else}}no{{end}}').lines == [
        "yes",
        "no",
        "no",
    ]
    assert shared("ps", "--format", "{{.Names | upper}} {{json .Names}}").out == 'UP "up"'
    assert shared("ps", "--format", "{{.Pid}}").out == str(shared.init_pid("up"))
    times = shared("ps", "--format", "{{.CreatedAt}}|{{.RunningFor}}|{{.StartedAt}}|{{.CreatedHuman}}").out
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:.]+ \+0000 UTC\|[^|]* ago\|\d+\|[^|]* ago", times), times


# covers: ps --format
def test_tables_by_template(shared: Pypod) -> None:
    three(shared)
    lines = shared("ps", "-a", "--format", "table {{.Names}}\\t{{.State}}").lines
    assert lines[0].split() == ["NAMES", "STATE"]
    assert [line.split() for line in lines[1:]] == [
        ["up", "running"],
        ["done", "exited"],
        ["made", "created"],
    ]
    assert shared("ps", "--format", "table {{.ID}} {{.Names}}").lines[0].split("  ")[0] == "CONTAINER ID"
    assert shared("ps", "--noheading", "--format", "table {{.Names}}").lines == ["up"]
    assert shared("ps", "-f", "name=nothing", "--format", "table {{.Names}}").lines == ["NAMES"]
    assert shared("ps", "-f", "name=nothing", "--format", "{{.Names}}").stdout == ""


# covers: ps --format
def test_json(shared: Pypod) -> None:
    cids = three(shared)
    rows = shared("ps", "-a", "--format", "json").json()
    assert [row["Id"] for row in rows] == list(cids)
    up = rows[0]
    assert (up["Names"], up["State"], up["Command"]) == (["up"], "running", ["sleep", "1000"])
    assert (up["Labels"], up["Exited"], up["Pid"]) == (
        {"team": "x", "empty": ""},
        False,
        shared.init_pid("up"),
    )
    assert (rows[1]["ExitCode"], rows[1]["Mounts"], rows[2]["State"]) == (3, ["/d"], "created")
    assert shared("ps", "-f", "name=nothing", "--format", "json").json() == []


@pytest.mark.parametrize(
    "template", ["{{.NoSuchField}}", "{{", "{{.Names", "{{nothing .Names}}", "{{range}}"]
)
# covers: ps --format
def test_templates_that_are_wrong(shared: Pypod, template: str) -> None:
    shared.detached()
    result = shared("ps", "--format", template, check=False)
    assert (result.code, "template" in result.stderr) == (125, True)


# covers: ps --ns, ps --pod, ps --external, ps --sync
def test_more_columns(shared: Pypod) -> None:
    shared.detached("--name", "up")
    lines = shared("ps", "--ns").lines
    assert lines[0].split()[-7:] == ["CGROUPNS", "IPC", "MNT", "NET", "PIDNS", "USERNS", "UTS"]
    pid = shared.init_pid("up")
    assert lines[1].split()[2] == str(pid)
    assert lines[1].split()[-1] == os.readlink(f"/proc/{pid}/ns/uts")[5:-1]
    assert columns(shared("ps", "-p").lines)[-2:] == ["POD ID", "PODNAME"]
    assert shared("ps", "--external", "-q").code == 0
    assert shared("ps", "--sync", "-q").code == 0
    assert shared("ps", "argument", check=False).code == 125


# covers: ps --size, ps --sort, inspect --size, container inspect --size
def test_sizes(shared: Pypod) -> None:
    """What the container has written, hard links once; a hole counts as long as it is."""
    script = "mkdir /d && head -c 123000 /dev/zero > /d/a && ln /d/a /d/b && ln -s a /d/c && sleep 1000"
    shared.detached("--name", "nothing")
    shared.run("-d", "--name", "much", "IMAGE", "sh", "-c", script)
    wait_until(
        lambda: shared("exec", "much", "test", "-h", "/d/c", check=None).code == 0, what="all is written"
    )
    image = shared("image", "inspect", "-f", "{{.Size}}", shared.image).json()
    much, nothing = (shared("inspect", "-s", name).json()[0] for name in ("much", "nothing"))
    assert 123_001 <= much["SizeRw"] - nothing["SizeRw"] <= 123_100
    assert much["SizeRootFs"] == image + much["SizeRw"]
    assert "SizeRw" not in shared("container", "inspect", "much").json()[0]
    assert shared("container", "inspect", "-s", "-f", "{{.SizeRw}}", "much").out == str(much["SizeRw"])
    lines = shared("ps", "-s").lines
    assert columns(lines)[-1] == "SIZE"
    assert "123kB (virtual " in lines[2]
    rows = shared("ps", "-s", "--sort", "size", "--format", "json").json()
    assert [row["Names"] for row in rows] == [["nothing"], ["much"]]
    assert rows[1]["Size"] == {"rwSize": much["SizeRw"], "rootFsSize": much["SizeRootFs"]}


# covers: ps --watch
def test_again_and_again(shared: Pypod) -> None:
    shared.detached("--name", "up")
    child = shared.start("ps", "--watch", "1", "--format", "{{.Names}}")
    assert child.stdout
    seen = [child.stdout.readline() for _ in range(2)]
    assert all(line.endswith("up\n") for line in seen)


# covers: ps
def test_what_the_monitor_can_no_longer_tell(shared: Pypod) -> None:
    """A container whose monitor was killed runs, is shown so, and can be removed."""
    from tests.support import processes

    shared.detached("--name", "c")
    init = shared.init_pid("c")
    processes.kill(shared.monitor_pid("c"))
    state = shared.state("c")
    if state["Running"]:
        assert state["Unmonitored"] is True
        assert "unmonitored" in shared("ps", "--format", "{{.Status}}").out
    shared("rm", "-f", "-t", "0", "c")
    assert processes.read(init) is None


# covers: ps --filter
def test_filters_that_need_other_things(shared: Pypod) -> None:
    """A state that one was put in, a regular expression for an id, a pod by its name or id."""
    cid = shared.detached("--name", "still", "--network=none")
    shared("pause", "still")
    pod = shared("pod", "create", "--name", "p", "--network=none").out
    member = shared("create", "--name", "m", "--pod", "p", shared.image, "true").out
    names = ["--format", "{{.Names}}"]
    assert shared("ps", "-a", "-f", "status=paused", *names).lines == ["still"]
    assert shared("ps", "-a", "-f", f"id=^{cid[:10]}.*{cid[-5:]}$", *names).lines == ["still"]
    assert shared("ps", "-a", "-f", f"id=^{cid[1:11]}", *names).lines == []
    assert shared("ps", "-a", "-f", "id=[", check=False).code == 125
    for value in ("p", pod, pod[:12]):
        assert "m" in shared("ps", "-a", "-f", f"pod={value}", *names).lines
    assert shared("ps", "-a", "-f", "network=none", "-f", "name=^still$", *names).lines == ["still"]
    row = next(line for line in shared("ps", "-ap", "--no-trunc").lines if line.startswith(member))
    assert row.split()[-3:] == ["m", pod, "p"]
