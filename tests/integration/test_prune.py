"""`container prune`, `volume prune`, `system prune`: what nobody needs goes, what is in use stays."""

from __future__ import annotations

import pytest

from pypod.ui import human
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


# covers: container prune --force, container prune --filter
def test_containers_that_do_not_run(shared: Pypod) -> None:
    made = shared("create", "-l", "team=x", shared.image, "true").out
    ended = shared.detached("--name", "ended", "IMAGE", "true")
    shared("wait", "ended")
    running = shared.detached("--name", "c")
    paused = shared.detached("--name", "p")
    shared("pause", "p")
    assert shared("container", "prune", "-f", "--filter", "until=24h").out == ""
    assert shared("container", "prune", "-f", "--filter", "label=team=y").out == ""
    assert shared("container", "prune", "-f", "--filter", "name=c", check=False).code == 125
    assert shared("container", "prune", "--force", "--filter", "label!=team").lines == [ended]
    assert shared("container", "prune", "-f", "--filter", "label=team=x").lines == [made]
    assert shared("container", "prune", "-f").out == ""
    assert sorted(shared("ps", "-aq", "--no-trunc").lines) == sorted([running, paused])
    shared("unpause", "p")


# covers: container prune
def test_containers_are_asked_about(shared: Pypod) -> None:
    made = shared("create", shared.image, "true").out
    for answer in ("n\n", "", "what\n"):
        asked = shared("container", "prune", input=answer)
        assert asked.out.rstrip().endswith("continue? [y/N]"), answer
        assert shared("ps", "-aq", "--no-trunc").lines == [made]
    assert shared("container", "prune", input="y\n").out.endswith(f"[y/N] {made}")
    assert shared("ps", "-aq").out == ""


# covers: container prune
def test_a_container_that_is_about_to_start_stays(pypod: Pypod) -> None:
    runs = [pypod.start("run", "--rm", pypod.image, "true") for _ in range(4)]
    while any(run.poll() is None for run in runs):
        pypod("container", "prune", "-f")
    assert [run.wait() for run in runs] == [0] * 4


# covers: volume prune --force, volume prune --filter
def test_volumes_that_nobody_uses(shared: Pypod) -> None:
    shared("volume", "create", "-l", "team=x", "one")
    shared("volume", "create", "two")
    shared("create", "-v", "used:/d", shared.image, "true")
    assert shared("volume", "prune", "-f", "--filter", "until=24h").out == ""
    assert shared("volume", "prune", "-f", "--filter", "label=team=y").out == ""
    for bad in ("nothing=1", "until=never", "label"):
        assert shared("volume", "prune", "-f", "--filter", bad, check=False).code == 125
    assert shared("volume", "prune", "-f", "--filter", "label!=team").lines == ["two"]
    assert shared("volume", "prune", "--force").lines == ["one"]
    assert shared("volume", "ls", "-q").lines == ["used"]


# covers: volume prune
def test_volumes_are_asked_about(shared: Pypod) -> None:
    assert shared("volume", "prune").out == "No dangling volumes found"
    shared("volume", "create", "one")
    asked = shared("volume", "prune", input="n\n").lines
    assert (asked[1], asked[-1].strip()) == ("one", "Are you sure you want to continue? [y/N]")
    assert shared("volume", "ls", "-q").lines == ["one"]
    assert shared("volume", "prune", input="y\n").lines[-1].endswith("[y/N] one")
    assert shared("volume", "ls", "-q").out == ""


# covers: system prune, system prune --all, system prune --force, system prune --volumes
# covers: system prune --filter
def test_all_that_nobody_needs(pypod: Pypod) -> None:
    image = pypod("image", "inspect", "-f", "{{.Id}}", pypod.image).out
    running = pypod.detached("--name", "c", "-v", "used:/d")
    ended = pypod.detached(
        "--name", "ended", "-v", "free:/d", "IMAGE", "dd", "if=/dev/zero", "of=/d/f", "bs=1M", "count=3"
    )
    pypod("wait", "ended")
    assert pypod("system", "prune", "-f", "--filter", "name=c", check=False).code == 125
    assert pypod("system", "prune", "-f", "--filter", "until=24h").lines == ["Total reclaimed space: 0B"]
    assert pypod("system", "prune", input="n\n").lines[0] == "WARNING! This command removes:"
    out = pypod("system", "prune", "--force", "--all").lines
    assert out[:-1] == ["Deleted Containers", ended]
    out = pypod("system", "prune", "-f", "--volumes").lines
    assert (out[:-1], out[-1][-2:]) == (["Deleted Volumes", "free"], "MB")
    assert pypod("ps", "-aq", "--no-trunc").lines == [running]
    pypod("rm", "-f", "-t", "0", "c")
    out = pypod("system", "prune", "-af").lines
    assert (out[:-1], out[-1][-2:]) == (["Deleted Images", image], "MB")
    assert pypod("volume", "ls", "-q").lines == ["used"]


# covers: system df, system df --format
def test_how_much_disk_is_taken(pypod: Pypod) -> None:
    pypod.detached("--name", "c", "-v", "used:/d")
    assert pypod("system", "df").lines[0].split() == ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"]
    images, containers, volumes = pypod("system", "df", "--format", "json").json()
    assert (images["Total"], images["Active"], images["RawReclaimable"]) == (1, 1, 0)
    assert images["RawSize"] > 1_000_000
    assert (containers["Total"], containers["Active"], containers["RawReclaimable"]) == (1, 1, 0)
    assert (volumes["Total"], volumes["Active"], volumes["RawReclaimable"]) == (1, 1, 0)
    pypod("rm", "-f", "-t", "0", "c")
    images, containers, volumes = pypod("system", "df", "--format", "json").json()
    assert images["RawReclaimable"] == images["RawSize"]
    assert (containers["Total"], volumes["Active"]) == (0, 0)
    assert volumes["RawReclaimable"] == volumes["RawSize"]


# covers: system df --verbose
def test_each_that_takes_disk(pypod: Pypod) -> None:
    running = pypod.detached("--name", "c", "-v", "used:/d", "-v", "/d2")
    made = pypod("commit", "-q", "c", "made:2").out
    pypod("volume", "create", "alone")
    tables = [part.splitlines() for part in pypod("system", "df", "-v").stdout.split(":\n\n")]
    assert [part[-1].strip() for part in tables[:3]] == [
        "Images space usage",
        "Containers space usage",
        "Local Volumes space usage",
    ]
    heads, rows = tables[1][0], {line.split()[0]: line.split() for line in tables[1][1:-2]}
    assert (
        " ".join(heads.split()) == "REPOSITORY TAG IMAGE ID CREATED SIZE SHARED SIZE UNIQUE SIZE CONTAINERS"
    )
    assert sorted(rows) == ["localhost/busybox", "localhost/made"]
    assert rows["localhost/made"][1:3] == ["2", made[:12]]
    assert (rows["localhost/busybox"][-1], rows["localhost/made"][-1]) == ("1", "0")
    assert rows["localhost/busybox"][-3] == rows["localhost/made"][-3], "what is shared is the same"
    assert rows["localhost/busybox"][-2].endswith("kB"), "its documents"
    assert tables[2][0].split()[-3:] == ["CREATED", "STATUS", "NAMES"]
    line = tables[2][1].split()
    assert (line[0], line[-2:]) == (running[:12], ["running", "c"])
    assert line[4] == "2"
    volumes = {line.split()[0]: line.split()[1] for line in tables[3][1:]}
    assert (volumes["alone"], volumes["used"], len(volumes)) == ("0", "1", 3)
    for format in ("json", "{{.Type}}"):
        assert pypod("system", "df", "-v", "--format", format, check=False).code == 125
    assert pypod("system", "df", "--format", "{{.Type}}").lines == ["Images", "Containers", "Local Volumes"]
    assert pypod("system", "df", "--format", "table {{.Type}} {{.Total}}").lines[1].split() == ["Images", "2"]


def test_what_df_promises_prune_gives(pypod: Pypod) -> None:
    """Archives of layers count, and hard links count once."""
    pypod.run("--name", "c", "IMAGE", "sh", "-c", "dd if=/dev/zero of=/a bs=1M count=2; ln /a /b; ln /a /c")
    images, containers, _ = pypod("system", "df", "--format", "json").json()
    assert 2 << 20 <= containers["RawReclaimable"] < 4 << 20
    assert images["RawSize"] > pypod.image_tar.stat().st_size * 3 // 2
    pypod("rm", "c")
    images, *_ = pypod("system", "df", "--format", "json").json()
    given = pypod("system", "prune", "-af").lines[-1].removeprefix("Total reclaimed space: ")
    assert given == human.size(images["RawReclaimable"])
