"""Exit codes: the command's own, 125 for us, 126 and 127 for what cannot be run, 128+n for signals."""

from __future__ import annotations

import pytest

from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "slirp4netns", "newuidmap", "busybox")


@pytest.mark.parametrize("code", [0, 1, 2, 125, 126, 127, 128, 137, 255])
# covers: run
def test_the_commands_own_code(shared: Pypod, code: int) -> None:
    assert shared.run("--rm", "IMAGE", "sh", "-c", f"exit {code}", check=None).code == code


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("no-such-command", 127),
        ("/no/such/command", 127),
        ("", 126),
        ("/etc/passwd", 126),
        ("/etc", 126),
        ("./etc/passwd", 126),
    ],
)
# covers: run, exec
def test_commands_that_cannot_be_run(shared: Pypod, command: str, code: int) -> None:
    cid = shared.detached()
    for words in (["run", "--rm", shared.image], ["exec", cid], ["exec", "-t", cid]):
        result = shared(*words, command, check=False)
        assert result.code == code, str(result)
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert len(lines) == 1, str(result)
        assert lines[0].startswith("Error: ")
    assert shared("exec", cid, "echo", "fine").out == "fine"


@pytest.mark.parametrize(("name", "code"), [("KILL", 137), ("TERM", 143), ("SEGV", 139), ("USR1", 138)])
# covers: run, wait
def test_commands_that_a_signal_ends(shared: Pypod, name: str, code: int) -> None:
    """Pid 1 passes the code of a shell below it on, or is ended itself from outside."""
    script = f"trap - {name}; sh -c 'kill -{name} $$'"
    assert shared.run("--rm", "IMAGE", "sh", "-c", script + "; exit $?", check=None).code == code
    cid = shared.detached()
    assert shared("exec", cid, "sh", "-c", f"kill -{name} $$", check=None).code == code
    if name == "KILL":
        shared("kill", cid)
        assert shared("wait", cid).out == str(code)


# covers: run
def test_our_own_failures(shared: Pypod) -> None:
    for words in (
        ["run", "--no-such-option", shared.image],
        ["run", shared.image],
        ["run"],
        ["run", "no-such-image", "true"],
        ["run", "--memory", "lots", shared.image, "true"],
        ["no-such-command"],
        [],
        ["--root"],
        ["exec", "no-such-container", "true"],
        ["exec", "-l"],
        ["logs", "no-such-container"],
        ["inspect", "no-such-thing"],
        ["start", "no-such-container"],
        ["stop", "no-such-container"],
        ["kill", "no-such-container"],
        ["wait", "no-such-container"],
        ["attach", "no-such-container"],
    ):
        result = shared(*words, check=False)
        assert result.code == 125, str(result)
        assert any(line.startswith("Error: ") for line in result.stderr.splitlines()), str(result)


# covers: rm, rmi, volume rm, container exists, image exists, volume exists, container exists --external
def test_what_is_missing_has_codes_of_its_own(shared: Pypod) -> None:
    for words in (["rm", "x"], ["rmi", "x"], ["volume", "rm", "x"]):
        assert shared(*words, check=False).code == 1
    for kind in ("container", "image", "volume"):
        result = shared(kind, "exists", "x", check=False)
        assert (result.code, result.stdout, result.stderr) == (1, "", "")
    shared.detached("--name", "busy", "-v", "used:/v")
    assert shared("rm", "busy", check=False).code == 2
    assert shared("rmi", shared.image, check=False).code == 2
    assert shared("volume", "rm", "used", check=False).code == 2
    assert shared("container", "exists", "--external", "busy").code == 0
    assert shared("image", "exists", "busybox").code == 0
    assert shared("volume", "exists", "used").code == 0


# covers: wait
def test_the_code_is_kept(shared: Pypod) -> None:
    shared.run("--name", "c", "IMAGE", "sh", "-c", "exit 42", check=None)
    assert shared("wait", "c").out == "42"
    assert shared.state("c")["ExitCode"] == 42
    assert shared("ps", "-a", "--format", "{{.ExitCode}} {{.Status}}").out.startswith("42 Exited (42)")
    assert shared("ps", "-a", "--filter", "exited=42", "-q").out != ""
    assert shared("ps", "-a", "--filter", "exited=0", "-q").out == ""
    assert shared("start", "-a", "c", check=None).code == 42
