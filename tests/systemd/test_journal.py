"""`--log-driver=journald`: output as entries of the journal, and `logs` that reads them back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.engine import IMAGE
from tests.support.machine import Machine

JOURNALD = "systemctl show -p MainPID --value systemd-journald"
GO = "while [ ! -e /go ]; do sleep 0.05; done;"


def ended(box: Machine, script: str, *options: str, name: str = "c") -> None:
    """A container that has run the script, detached."""
    box.run(
        "pypod", "run", "-d", "--log-driver", "journald", "--name", name, *options, IMAGE, "sh", "-c", script
    )
    box.run("pypod", "wait", name)


def logs(box: Machine, *words: str) -> str:
    return box.run("pypod", "logs", *words).out


def entries(box: Machine, cid: str) -> list[dict[str, str]]:
    """What the journal has, the marks of the beginning and the end left out."""
    out = box.run("journalctl", "-q", "--all", "-o", "json", f"CONTAINER_ID={cid[:12]}").out
    return [entry for line in out.splitlines() if "PYPOD_LOG" not in (entry := json.loads(line))]


@pytest.fixture
def journal(box: Machine) -> Iterator[Machine]:
    """The machine; afterwards its journal goes on if it was stopped."""
    yield box
    box.sh(f"kill -CONT $({JOURNALD})", user="root")


# covers: run --log-driver, run --log-opt
def test_the_fields_are_those_of_podman(journal: Machine) -> None:
    ended(journal, "echo out; sleep 0.2; echo err >&2", "--log-opt", "tag=x-{{.Name}}")
    assert logs(journal, "c") == "out\n"
    cid = journal.run("pypod", "inspect", "-f", "{{.Id}}", "c").out.strip()
    out, err = entries(journal, cid)
    assert {key: out[key] for key in out if key.startswith(("CONT", "MESS", "PRIO", "SYSLOG"))} == {
        "CONTAINER_ID_FULL": cid,
        "CONTAINER_ID": cid[:12],
        "CONTAINER_NAME": "c",
        "CONTAINER_TAG": "x-c",
        "SYSLOG_IDENTIFIER": "x-c",
        "MESSAGE": "out",
        "PRIORITY": "6",
    }
    assert (err["MESSAGE"], err["PRIORITY"]) == ("err", "3")
    config = json.loads(journal.run("pypod", "inspect", "-f", "{{json .HostConfig.LogConfig}}", "c").out)
    assert (config["Type"], config["Path"], config["Tag"]) == ("journald", "", "x-{{.Name}}")


# covers: run --log-driver, logs
def test_any_bytes_come_back(journal: Machine) -> None:
    """Also a line longer than an entry, and one that has no end."""
    script = (
        r"printf 'a\0b\377\376\r\n\n\n'; head -c 300000 /dev/zero | tr '\0' x; echo; printf '\nA=B\n\nno end'"
    )
    ended(journal, script)
    sums = "pypod logs c | sha256sum; pypod logs -f c | sha256sum; pypod logs --tail 100 c | sha256sum"
    wanted = journal.sh(
        f"sh -c {script!r} | sha256sum"
        if False
        else f"pypod run --rm {IMAGE} sh -c '{_quoted(script)}' | sha256sum"
    )
    assert set(journal.sh(sums).out.splitlines()) == {wanted.out.strip()}
    assert logs(journal, "--tail", "1", "c") == "no end"
    assert [len(line) for line in logs(journal, "--tail", "5", "c").split("\n")] == [300000, 0, 3, 0, 6]


def _quoted(text: str) -> str:
    return text.replace("'", "'\\''")


# covers: logs --since, logs --until, logs --timestamps
def test_between_two_moments(journal: Machine) -> None:
    ended(journal, "echo one; sleep 1.1; echo two; sleep 1.1; echo three")
    stamps = [line.split()[0] for line in logs(journal, "-t", "c").splitlines()]
    assert logs(journal, "--since", stamps[1], "c") == "two\nthree\n"
    assert logs(journal, "--until", stamps[1], "c") == "one\ntwo\n"
    assert logs(journal, "--since", stamps[1], "--until", stamps[1], "c") == "two\n"
    assert logs(journal, "--since", "1h", "--tail", "1", "c") == "three\n"
    assert logs(journal, "--since", "0s", "c") == ""


# covers: logs --names, logs --tail
def test_several_containers_with_other_drivers_between(journal: Machine) -> None:
    ended(journal, "echo a1; echo a2", name="aa")
    ended(journal, "seq 1 500", name="bb")
    journal.run("pypod", "run", "--name", "cc", IMAGE, "echo", "c1")
    assert logs(journal, "-n", "--tail", "2", "aa", "bb", "cc").splitlines() == [
        "aa a1", "aa a2", "bb 499", "bb 500", "cc c1",
    ]  # fmt: skip
    assert logs(journal, "bb") == "".join(f"{n}\n" for n in range(1, 501))


# covers: logs --follow
def test_following_to_the_end(journal: Machine) -> None:
    """Before and behind the moment when the monitor executes itself again; also from the middle."""
    script = f"seq 1 50; {GO} echo after; echo err >&2; printf end"
    run = f"pypod run -d --log-driver journald --name c {IMAGE} sh -c '{script}'"
    follow = "pypod logs -f c > all & pypod logs -f --tail 0 c > new & pypod logs -f --tail 2 c > two &"
    done = journal.sh(
        f"cd $(mktemp -d); {run}; {follow} sleep 3; pypod exec c touch /go; wait;"
        "tail -n 3 all; echo; cat new; echo; cat two; rm -r $PWD"
    )
    cid, *lines = done.out.splitlines()
    assert lines == ["50", "after", "end", "after", "end", "49", "50", "after", "end"]
    assert logs(journal, "c") == "".join(f"{n}\n" for n in range(1, 51)) + "after\nend"
    assert len(cid) == 64


# covers: logs --follow
def test_following_what_says_nothing_and_is_removed(journal: Machine) -> None:
    """Also for a user who has had nothing in the journal: its file is made by the first entry."""
    script = (
        f"pypod run -d --rm --log-driver journald --name c {IMAGE} sh -c '{GO} echo last' >&2; pypod logs c;"
    )
    done = journal.sh(f"{script} pypod logs -f c & sleep 0.5; pypod exec c touch /go; wait")
    assert done.out == "last\n"


# covers: logs
def test_two_runs_and_none(journal: Machine) -> None:
    journal.run("pypod", "create", "--log-driver", "journald", "--name", "c", IMAGE, "echo", "x")
    assert logs(journal, "c") == logs(journal, "-f", "c") == ""
    for _ in range(2):
        journal.run("pypod", "start", "-a", "c")
    assert logs(journal, "c") == "x\nx\n"
    assert logs(journal, "--tail", "1", "c") == "x\n"


# covers: run --log-driver
def test_a_journal_that_takes_nothing_loses_lines_and_not_the_container(journal: Machine) -> None:
    """That is said in monitor.log and in the journal. While journald is stopped nobody can log in."""
    folder = journal.sh("mktemp -d").out.strip()
    wait = "while [ ! -e /x/{} ]; do sleep 0.05; done;"
    script = (
        f"echo first; {wait.format('stopped')} seq 1 60000; touch /x/written; {wait.format('goes')} echo last"
    )
    ended_by = f"timeout 40 sh -c '{wait.format('written').replace('/x', folder)}'"
    journal.run(
        *("pypod", "run", "-d", "--log-driver", "journald", "--name", "c", "-v", f"{folder}:/x"),
        *(IMAGE, "sh", "-c", script),
    )
    journal.sh(f"kill -STOP $({JOURNALD}); touch {folder}/stopped; {ended_by}", user="root")
    journal.sh(f"kill -CONT $({JOURNALD}); touch {folder}/goes", user="root")
    journal.run("pypod", "wait", "c")
    lines = logs(journal, "c").splitlines()
    assert lines[:2] == ["first", "1"]
    assert len(lines) < 60000
    cid = journal.run("pypod", "inspect", "-f", "{{.Id}}", "c").out.strip()
    said = journal.run("journalctl", "-q", "-o", "cat", f"CONTAINER_ID_FULL={cid}", "PYPOD_LOG=end").out
    assert int(said.split(", ")[1].removesuffix(" entries were lost\n")) > 0
    assert "lost=" in journal.sh(f"cat $(find ~/.local /run/user -path '*{cid}*' -name monitor.log)").out
    journal.sh(f"rm -r {folder}")


# covers: run --log-driver
def test_journald_starts_anew(journal: Machine) -> None:
    journal.run(
        "pypod",
        "run",
        "-d",
        "--log-driver",
        "journald",
        "--name",
        "c",
        IMAGE,
        "sh",
        "-c",
        f"echo a; {GO} echo b",
    )
    journal.run("systemctl", "restart", "systemd-journald", user="root")
    journal.run("pypod", "exec", "c", "touch", "/go")
    journal.run("pypod", "wait", "c")
    assert logs(journal, "c") == "a\nb\n"


# covers: logs
def test_what_may_not_be_read(journal: Machine) -> None:
    """Without files of its own a user who is in no group sees nothing, and is told why."""
    ended(journal, "echo x")
    hide = "chmod 700 /var/log/journal/*"
    journal.sh(hide, user="root")
    try:
        done = journal.run("pypod", "logs", "c", check=False)
    finally:
        journal.sh(
            "chmod 2755 /var/log/journal/*; systemd-tmpfiles --create --prefix /var/log/journal", user="root"
        )
    assert done.code == 125
    assert "systemd-journal" in done.err
    assert logs(journal, "c") == "x\n"


# covers: run --log-driver
def test_a_setting_chooses_it(journal: Machine) -> None:
    conf = "$HOME/journald.conf"
    journal.sh(
        f"printf '[containers]\\nlog_driver = \"journald\"\\n' > {conf}; export CONTAINERS_CONF={conf};"
        f"pypod run --name c {IMAGE} echo hello;"
        f"pypod run --name d --log-driver k8s-file {IMAGE} true; rm {conf}"
    )
    assert logs(journal, "c") == "hello\n"
    assert journal.run("pypod", "inspect", "-f", "{{.HostConfig.LogConfig.Type}}", "c", "d").out.split() == [
        "journald", "k8s-file",
    ]  # fmt: skip
