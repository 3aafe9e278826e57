"""`run` and `create`: what the process in the container gets, and what the options leave on the host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration import raw
from tests.support import processes
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")

SHOW = ["IMAGE", "sh", "-c"]


def environment_inside(shared: Pypod, *options: str, env: dict[str, str] | None = None) -> list[str]:
    """The variables of the container's process, in the order in which it got them."""
    script = ("run", "--rm", *options, shared.image, "cat", "/proc/self/environ")
    return shared(*script, env=env).stdout.rstrip("\0").split("\0")


def path_of(shared: Pypod) -> str:
    return next(v for v in environment_inside(shared) if v.startswith("PATH="))[len("PATH=") :]


# The environment


# covers: run --env
def test_variables_arrive_as_they_were_given(shared: Pypod) -> None:
    wanted = [
        "A=1",
        "EMPTY=",
        "EQUALS=a=b",
        "COMMA=a,b",
        "SPACE=x  y",
        "LINES=one\ntwo\n",
        "UTF=žluťoučký 🐧",
    ]
    found = environment_inside(shared, *(word for value in wanted for word in ("-e", value)))
    assert [item for item in found if item in wanted] == wanted


# covers: run --env
def test_a_name_alone_takes_the_value_of_the_caller(shared: Pypod) -> None:
    caller = {"MINE": "here", "LC_ONE": "1", "LC_TWO": "2"}
    found = environment_inside(shared, "-e", "MINE", "-e", "NOT_SET_ANYWHERE", "-e", "LC_*", env=caller)
    assert {"MINE=here", "LC_ONE=1", "LC_TWO=2"} <= set(found)
    assert not [item for item in found if item.startswith("NOT_SET_ANYWHERE")]


# covers: run --env
def test_the_last_value_of_a_name_wins(shared: Pypod) -> None:
    found = environment_inside(shared, "-e", "A=1", "-e", "B=2", "-e", "A=3")
    assert [item for item in found if item[:2] in ("A=", "B=")] == ["A=3", "B=2"]


# covers: run --env
def test_the_environment_of_every_container(shared: Pypod) -> None:
    found = dict(item.split("=", 1) for item in environment_inside(shared, "--name", "env1"))
    assert found["PATH"].split(":")[-2:] == ["/sbin", "/bin"]
    assert (found["TERM"], found["HOME"], found["container"]) == ("xterm", "/root", "podman")
    assert len(found["HOSTNAME"]) == 12


# covers: run --env, run --label
def test_a_thousand_variables_and_two_thousand_labels(shared: Pypod) -> None:
    env = [f"N{n}={'v' * (n % 50)}{n}" for n in range(1000)]
    labels = {f"key.{n}": f"value {n}" for n in range(2000)}
    words = [w for value in env for w in ("-e", value)]
    words += [w for key, value in labels.items() for w in ("-l", f"{key}={value}")]
    found = shared.run("--name", "many", *words, "IMAGE", "cat", "/proc/self/environ").stdout.split("\0")
    assert set(env) <= set(found)
    assert shared.inspect("many")["Config"]["Labels"] == labels


# covers: run --env-file
def test_a_file_of_variables(shared: Pypod, tmp_path: Path) -> None:
    file, later = tmp_path / "odd name ž.env", tmp_path / "later.env"
    file.write_bytes(
        b"# comment\nA=1\n\n  B=two words \nC='quoted'\nFROM_CALLER\nNOT_THERE\nCRLF=x\r\nFEED=a\x0cb\nLAST=1"
    )
    later.write_text("A=later\nD=4\n")
    options = ["--env-file", str(file), "--env-file", str(later), "-e", "D=option"]
    found = environment_inside(shared, *options, env={"FROM_CALLER": "yes"})
    assert {"A=later", "B=two words ", "C='quoted'", "FROM_CALLER=yes", "CRLF=x"} <= set(found)
    assert {"FEED=a\x0cb", "LAST=1", "D=option"} <= set(found)
    assert not [item for item in found if item.startswith("NOT_THERE")]


# covers: run --env-host, run --unsetenv, run --unsetenv-all, run --env-merge
def test_the_whole_environment_of_the_caller_or_nothing(shared: Pypod) -> None:
    assert "MINE=1" in environment_inside(shared, "--env-host", env={"MINE": "1"})
    assert "TERM=xterm" not in environment_inside(shared, "--unsetenv", "TERM")
    bare = shared.run("--rm", "--unsetenv-all", "-e", "A=1", "IMAGE", "/bin/cat", "/proc/self/environ").stdout
    assert sorted(item.partition("=")[0] for item in bare.split("\0") if item) == ["A", "HOME", "HOSTNAME"]
    merged = environment_inside(shared, "--env-merge", "PATH=/extra:${PATH}:$NOTHING", "--env-merge", "A=$")
    assert {f"PATH=/extra:{path_of(shared)}:", "A=$"} <= set(merged)


# covers: run --http-proxy
def test_proxy_variables_are_passed_unless_refused(shared: Pypod) -> None:
    caller = {"http_proxy": "http://proxy:3128", "NO_PROXY": "local"}
    assert {"http_proxy=http://proxy:3128", "NO_PROXY=local"} <= set(environment_inside(shared, env=caller))
    refused = environment_inside(shared, "--http-proxy=false", env=caller)
    assert not [item for item in refused if "proxy" in item.lower()]


# The command


# covers: run
def test_arguments_arrive_unchanged(shared: Pypod) -> None:
    words = ["", " ", "a b", "-x", "--rm", "$HOME", "*", "'", '"', "\\n", "line\nbreak", "ž🐧", "--"]
    out = shared.run("--rm", "IMAGE", "sh", "-c", 'for w; do printf "[%s]" "$w"; done', "sh", *words).stdout
    assert out == "".join(f"[{word}]" for word in words)


# covers: run
def test_arguments_that_are_no_text_are_refused(shared: Pypod) -> None:
    """The runtime's configuration cannot hold them; something else would arrive."""
    for words in ("$IMAGE printf $'a\\xff\\xfeb'", "-e A=$'\\xff' $IMAGE true"):
        done = raw.shell(shared, f'"$@" run --rm {words}')
        assert (done.code, b"UTF-8" in done.err) == (125, True)
    cid = shared.detached()
    assert raw.shell(shared, f"\"$@\" exec {cid} printf $'a\\xff'").code == 125


# covers: run
def test_a_hundred_kilobytes_of_arguments(shared: Pypod) -> None:
    words = ["x" * 990 + f"{n:010}" for n in range(100)]
    out = shared.run("--rm", "IMAGE", "sh", "-c", "echo $# $*", "sh", *words).out
    assert out == "100 " + " ".join(words)


@pytest.mark.parametrize(
    ("entrypoint", "command", "out"),
    [
        pytest.param(["--entrypoint", "echo"], ["a", "b"], "a b", id="a program"),
        pytest.param(["--entrypoint", '["sh","-c"]'], ["echo $0"], "sh", id="a JSON list"),
        pytest.param(["--entrypoint", ""], ["echo", "c"], "c", id="nothing"),
        pytest.param(["--entrypoint", "[]"], ["echo", "c"], "c", id="an empty list"),
    ],
)
# covers: run --entrypoint
def test_entrypoints(shared: Pypod, entrypoint: list[str], command: list[str], out: str) -> None:
    assert shared.run("--rm", *entrypoint, "IMAGE", *command).out == out


# covers: run --entrypoint
def test_an_entrypoint_that_only_looks_like_a_list_is_refused(shared: Pypod) -> None:
    result = shared.run("--rm", "--entrypoint", '["a"', "IMAGE", "b", check=False)
    assert result.code == 125
    assert "JSON" in result.stderr


# covers: import --change, run --entrypoint
def test_entrypoint_and_command_of_the_image(pypod: Pypod) -> None:
    changes = [
        'ENTRYPOINT ["echo","entry"]',
        'CMD ["cmd"]',
        "ENV FROM_IMAGE=1",
        "WORKDIR /srv/new",
        "USER user",
    ]
    words = [w for change in changes for w in ("--change", change)]
    pypod("import", *words, str(pypod.image_tar), "configured")
    assert pypod("run", "--rm", "configured").out == "entry cmd"
    assert pypod("run", "--rm", "configured", "other").out == "entry other"
    assert pypod("run", "--rm", "--entrypoint", "echo", "configured").out == ""
    script = ["--entrypoint", "sh", "configured", "-c", 'echo "$FROM_IMAGE $PWD $(id -un) $(stat -c %U .)"']
    assert pypod("run", "--rm", *script).out == "1 /srv/new user user"


# covers: run --workdir
def test_the_directory_in_which_the_command_starts(shared: Pypod) -> None:
    assert shared.run("--rm", "-w", "/usr/bin", "IMAGE", "pwd").out == "/usr/bin"
    assert shared.run("--rm", "-w", "/usr//bin/../sbin/", "IMAGE", "pwd").out == "/usr/sbin"
    assert shared.run("--rm", "IMAGE", "pwd").out == "/"


# covers: run --workdir
def test_a_missing_working_directory_is_made_for_the_user(shared: Pypod) -> None:
    out = shared.run("--rm", "-u", "user", "-w", "/new/dir", *SHOW, "pwd; stat -c '%U %a' . ..").lines
    assert out == ["/new/dir", "user 755", "user 755"]


# covers: run --workdir
def test_a_working_directory_that_is_none(shared: Pypod) -> None:
    result = shared.run("--rm", "-w", "/etc/passwd", "IMAGE", "pwd", check=False)
    assert "not a directory" in result.stderr
    assert shared("ps", "-aq").out == ""
    assert "absolute" in shared.run("--rm", "-w", "relative", "IMAGE", "pwd", check=False).stderr


# covers: run --hostname
def test_the_host_name(shared: Pypod) -> None:
    script = "hostname; cat /etc/hostname; echo $HOSTNAME; grep -c box.example.org /etc/hosts"
    out = shared.run("--rm", "--hostname", "box.example.org", *SHOW, script).lines
    assert out == ["box.example.org"] * 3 + ["1"]
    cid = shared.run("-d", "IMAGE", "sleep", "100").out
    assert shared("exec", cid, "hostname").out == cid[:12]


# covers: run --hostname, run --uts
def test_the_host_name_of_the_host(shared: Pypod) -> None:
    name = Path("/proc/sys/kernel/hostname").read_text().strip()
    assert shared.run("--rm", "--uts", "host", "IMAGE", "hostname").out == name
    assert shared.run("--uts", "host", "--hostname", "x", "IMAGE", "true", check=False).code == 125
    assert shared.run("--hostname", "-x y", "IMAGE", "true", check=False).code == 125


@pytest.mark.needs("catatonit")
# covers: run --init
def test_an_init_reaps_and_forwards(shared: Pypod) -> None:
    """Orphans do not stay as zombies, and signals get through to the command, which is not pid 1."""
    script = "(sleep 0.1 & ) ; trap 'echo got it; exit 9' TERM; echo pid $$; while :; do sleep 0.05; done"
    cid = shared.detached("--init", "IMAGE", "sh", "-c", script)
    log = shared.wait_for_log(cid, "pid")
    assert int(log.split()[1]) > 1
    assert "init" in shared("exec", cid, "cat", "/proc/1/cmdline").out

    def zombies() -> bool:
        return "Z" in shared("exec", cid, "sh", "-c", "cat /proc/[0-9]*/stat | cut -d' ' -f3").out

    processes.wait_until(lambda: not zombies(), what="no zombie is left")
    shared("kill", "-s", "TERM", cid)
    assert shared("wait", cid).out == "9"
    assert "got it" in shared("logs", cid).out


# covers: run --init-path
def test_an_init_of_ones_own(shared: Pypod, tmp_path: Path) -> None:
    init = tmp_path / "init"
    init.write_text('#!/bin/sh\necho init "$@"\n')
    init.chmod(0o755)
    out = shared.run("--rm", "--init", "--init-path", str(init), "IMAGE", "true").out
    assert out == "init -- true"


# covers: run --umask, run --tz
def test_umask_and_time_zone(shared: Pypod) -> None:
    assert shared.run("--rm", *SHOW, "umask").out == "0022"
    assert shared.run("--rm", "--umask", "0077", *SHOW, "umask").out == "0077"
    if Path("/usr/share/zoneinfo/Asia/Kathmandu").exists():
        assert shared.run("--rm", "--tz", "Asia/Kathmandu", "IMAGE", "date", "+%z").out == "+0545"
    assert shared.run("--tz", "No/Such", "IMAGE", "true", check=False).code == 125
    assert shared.run("--tz", "../../etc/passwd", "IMAGE", "true", check=False).code == 125


# covers: run --no-healthcheck
def test_health_checks_that_are_switched_off(shared: Pypod) -> None:
    assert shared.run("--rm", "--no-healthcheck", "--health-cmd", "none", "IMAGE", "echo", "x").out == "x"


# covers: run --timeout
def test_a_container_with_a_time_limit_is_killed(shared: Pypod) -> None:
    assert shared.run("--timeout", "1", "--name", "late", "IMAGE", "sleep", "100", check=None).code == 137
    assert shared.state("late")["Status"] == "exited"


# What is left on the host


# covers: run --name, run --rm, run --detach, ps
def test_names(shared: Pypod) -> None:
    for name in ("a", "A.b-c_d", "0", "x" * 200):
        shared.run("-d", "--rm", "--name", name, "IMAGE", "sleep", "100")
    assert set(shared("ps", "--format", "{{.Names}}").lines) == {"a", "A.b-c_d", "0", "x" * 200}
    for name in ("a/b", "a b", "-a", ".a", "ž", "a\nb", "a;b", "$(id)", "a'b", 'a"b', "%s"):
        result = shared.run("--rm", f"--name={name}", "IMAGE", "true", check=False)
        assert (result.code, "invalid name" in result.stderr) == (125, True)


# covers: run --name
def test_a_name_that_is_taken(shared: Pypod) -> None:
    cid = shared.detached("--name", "web")
    result = shared.run("--name", "web", "IMAGE", "true", check=False)
    assert result.code == 125
    assert "web" in result.stderr
    assert cid in result.stderr
    assert shared("ps", "-a", "--format", "{{.Names}}").lines == ["web"]


# covers: run --replace
def test_replacing_a_container_of_the_same_name(shared: Pypod) -> None:
    first = shared.detached("--name", "web", "--stop-timeout", "0")
    second = shared.run("-d", "--replace", "--name", "web", "IMAGE", "sleep", "100").out
    assert first != second
    assert shared("ps", "-aq", "--no-trunc").lines == [second]
    assert shared.run("-d", "--replace", "--name", "new", "IMAGE", "true").code == 0
    assert shared.run("-d", "--replace", "IMAGE", "true", check=False).code == 125


# covers: run --cidfile
def test_a_file_with_the_id(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "the id"
    cid = shared.run("-d", "--cidfile", str(file), "IMAGE", "sleep", "100").out
    assert file.read_text() == cid
    result = shared.run("-d", "--cidfile", str(file), "IMAGE", "true", check=False)
    assert result.code == 125
    assert len(shared("ps", "-aq").lines) == 1
    assert file.read_text() == cid


def test_the_file_with_the_id_is_there_when_the_command_runs(shared: Pypod, tmp_path: Path) -> None:
    seen = shared.run(
        "--rm", "--cidfile", str(tmp_path / "id"), "-v", f"{tmp_path}:/d", "IMAGE", "cat", "/d/id"
    )
    assert seen.out == (tmp_path / "id").read_text()
    assert len(seen.out) == 64
    failed = shared.run("--cidfile", str(tmp_path / "other"), "IMAGE", "/no/such", check=False)
    assert failed.code == 127
    assert shared("ps", "-aq", "--no-trunc").lines == [(tmp_path / "other").read_text()]


@pytest.mark.parametrize("verb", ["run", "create"])
def test_nothing_is_left_when_the_id_cannot_be_written(shared: Pypod, tmp_path: Path, verb: str) -> None:
    result = shared(verb, "--cidfile", str(tmp_path / "no" / "id"), shared.image, "true", check=False)
    assert result.code == 125
    assert "--cidfile" in result.stderr
    assert shared("ps", "-aq").lines == []


# covers: run --pidfile
def test_a_file_with_the_pid(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    cid = shared.detached("--pidfile", str(file))
    assert int(file.read_text()) == shared.init_pid(cid)


# covers: run --label, run --label-file
def test_labels(shared: Pypod, tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_text("# no label\nfrom.file=yes\n\nalone\nboth=file\n")
    words = ["-l", "a=b=c", "--label", "empty", "-l", "both=option", "-l", "odd key=ž\nline"]
    shared("create", "--name", "l", "--label-file", str(file), *words, shared.image, "true")
    wanted = {
        "a": "b=c",
        "empty": "",
        "both": "option",
        "odd key": "ž\nline",
        "from.file": "yes",
        "alone": "",
    }
    assert shared.inspect("l")["Config"]["Labels"] == wanted


# covers: run --annotation
def test_annotations(shared: Pypod) -> None:
    shared.run("--name", "a", "--annotation", "team=x", "IMAGE", "true")
    assert shared.inspect("a")["Config"]["Annotations"]["team"] == "x"
    config = json.loads(Path(shared.inspect("a")["OCIConfigPath"]).read_text())
    assert config["annotations"]["team"] == "x"
    assert shared.run("--annotation", "run.oci.hooks=/x", "IMAGE", "true", check=False).code == 125


# covers: run --rm
def test_nothing_is_left_of_a_container_that_could_not_start(shared: Pypod) -> None:
    for words in (
        ["--rm", "IMAGE", "no-such-command"],
        ["--rm", "-d", "IMAGE", "no-such-command"],
        ["--rm", "-u", "nobody-like-this", "IMAGE", "true"],
        ["--rm", "-v", "/no/such/folder:/x", "IMAGE", "true"],
        ["--rm", "-v", "made-for-this:/x", "IMAGE", "/etc/passwd"],
    ):
        shared.run(*words, check=False)
    assert shared("ps", "-aq").out == ""
    assert shared.leftovers() == []


# covers: run
def test_what_could_not_start_can_be_looked_at(shared: Pypod) -> None:
    assert shared.run("--name", "bad", "IMAGE", "no-such-command", check=False).code == 127
    state = shared.state("bad")
    assert (state["Status"], state["Running"]) in [("created", False), ("exited", False)]
    assert shared("start", "bad", check=False).code != 0
    assert shared("rm", "bad").out == "bad"


# covers: run --detach
def test_a_detached_run_does_not_hold_the_callers_pipe(shared: Pypod) -> None:
    """`id=$(pypod run -d ...)` returns although the container goes on."""
    script = 'id=$("$@" run -d $IMAGE sleep 1000 2>&1); echo got $id; "$@" ps -q --no-trunc'
    done = raw.shell(shared, script, timeout_s=20)
    got, listed = done.out.decode().splitlines()
    assert got == f"got {listed}"


# covers: run --detach
def test_a_detached_run_returns_when_the_process_runs(shared: Pypod) -> None:
    cid = shared.run("-d", "IMAGE", "sh", "-c", "exit 5").out
    assert shared("wait", cid).out == "5"


# covers: run
def test_a_container_that_ends_at_once_loses_nothing(shared: Pypod) -> None:
    for n in range(8):
        result = shared.run(
            "--rm", "IMAGE", "sh", "-c", f"echo out {n}; echo err {n} >&2; exit {n}", check=None
        )
        assert (result.stdout, result.stderr, result.code) == (f"out {n}\n", f"err {n}\n", n)


# covers: run --pull, run --quiet, run --platform, run --arch, run --os, run --variant
def test_images_are_taken_from_the_store(shared: Pypod) -> None:
    for words in (["--pull", "never"], ["--pull=missing"], ["-q"], ["--os", "linux"]):
        assert shared.run("--rm", *words, "IMAGE", "echo", "ok").out == "ok"
    assert shared.run("--pull", "sometimes", "IMAGE", "true", check=False).code == 125
    result = shared("run", "--rm", "no-such-image", "true", check=False)
    assert result.code == 125
    assert "no-such-image" in result.stderr


# covers: create, start --attach
def test_create_then_start(shared: Pypod) -> None:
    cid = shared("create", "--name", "later", shared.image, "sh", "-c", "echo ran; exit 3").out
    assert len(cid) == 64
    assert shared.state("later")["Status"] == "created"
    assert shared("ps", "-a", "--format", "{{.Status}}").out == "Created"
    result = shared("start", "--attach", "later", check=None)
    assert (result.stdout, result.code) == ("ran\n", 3)


# covers: run --conmon-pidfile, create --conmon-pidfile
def test_the_pid_of_the_monitor(shared: Pypod, tmp_path: Path) -> None:
    """A relative name means the directory in which the container was made."""
    shared(
        "create",
        "--name",
        "c",
        "--conmon-pidfile",
        "m.pid",
        "--pidfile",
        "p.pid",
        shared.image,
        "sleep",
        "100",
        cwd=tmp_path,
    )
    shared("start", "c")
    assert int((tmp_path / "m.pid").read_text()) == shared.monitor_pid("c")
    assert int((tmp_path / "p.pid").read_text()) == shared.init_pid("c")
    shown = shared.inspect("c")
    assert (shown["ConmonPidFile"], shown["PidFile"]) == (str(tmp_path / "m.pid"), str(tmp_path / "p.pid"))
    result = shared.run("-d", "--conmon-pidfile", "/no/such/dir/x", "IMAGE", "sleep", "100")
    assert "--conmon-pidfile" in result.stderr


# covers: run --rmi
def test_the_image_goes_with_the_container(pypod: Pypod) -> None:
    def images() -> list[str]:
        return pypod("images", "--format", "{{.Repository}}").lines

    pypod("tag", pypod.image, "other")
    assert pypod("run", "--rmi", "other", "sh", "-c", "exit 3", check=None).code == 3
    assert images() == ["localhost/busybox"], "only the name goes that was used"
    keeper = pypod("create", pypod.image, "true").out
    assert pypod("run", "--rmi", pypod.image, "true").code == 0
    assert images() == ["localhost/busybox"], "another container uses it"
    pypod("rm", keeper)
    pypod("run", "-d", "--rmi", "--name", "c", pypod.image, "sleep", "100")
    pypod("stop", "-t", "0", "c")
    processes.wait_until(lambda: not images(), what="the monitor's command has removed the image")
    assert not pypod("ps", "-aq").out
