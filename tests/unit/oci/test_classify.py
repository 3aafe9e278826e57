"""What crun and runc said when they were made to fail is told apart: every row is their own output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from libpod import errors
from libpod.oci import classify

FIXTURES = Path(__file__).parents[2] / "fixtures" / "oci"

NOT_FOUND, NOT_EXECUTABLE, FAILED = (
    errors.CommandNotFound,
    errors.CommandNotExecutable,
    errors.RuntimeFailedError,
)

EXPECTED: dict[str, type[errors.PypodError]] = {
    "create nocmd": NOT_FOUND,
    "create noabs": NOT_FOUND,
    "create notdir": NOT_FOUND,
    "create noexec": NOT_EXECUTABLE,
    "create dir": NOT_EXECUTABLE,
    "create etc": NOT_EXECUTABLE,
    "exec nosuch": NOT_FOUND,
    "exec /no/such": NOT_FOUND,
    "exec /noexec/x": NOT_FOUND,
    "exec /noexec": NOT_EXECUTABLE,
    "exec /adir": NOT_EXECUTABLE,
    "exec /badfmt": NOT_EXECUTABLE,
}
DIFFER = {"create empty", "exec ", "exec /badinterp"}
"""An empty name is a directory to crun and a missing program to runc; either is an error of the command."""


def rows() -> list[tuple[str, dict[str, object]]]:
    found = []
    for file in sorted(FIXTURES.glob("*.json")):
        found += [(file.stem, row) for row in json.loads(file.read_text())]
    return found


@pytest.mark.parametrize(
    ("version", "row"), rows(), ids=lambda v: v if isinstance(v, str) else f"{v['verb']}-{v['what']}"
)
def test_a_runtime_s_words(version: str, row: dict[str, object]) -> None:
    log, code = str(row["log"]).encode(), int(str(row["code"]))
    if code == 0 or not log:
        return
    case = f"{row['verb']} {row['what']}"
    error = classify.error(version.split("-")[0], code, classify.messages(log), 'container "web"')
    if case in DIFFER:
        assert isinstance(error, NOT_FOUND | NOT_EXECUTABLE)
    else:
        assert type(error) is EXPECTED.get(case, FAILED), error.message
    assert error.message.startswith('container "web": ')
    assert error.exit_code == {NOT_FOUND: 127, NOT_EXECUTABLE: 126}.get(type(error), 125)


def test_both_runtimes_have_fixtures() -> None:
    assert {version for version, _ in rows()} == {"crun-1.8.1", "runc-1.1.5"}


@pytest.mark.parametrize("case", ["pids", "mem", "rlimit"])
def test_a_limit_that_cannot_be_set_names_what_helps(case: str) -> None:
    for version, row in rows():
        if row["what"] == case:
            found = classify.messages(str(row["log"]).encode())
            assert classify.error(version, 1, found, "x").remedy, (version, row)


def test_messages_of_any_log() -> None:
    log = b'{"msg": "one", "level": "error"}\n{"msg": "chat", "level": "warning"}\n\nplain text\n'
    log += b'{"msg": "two"}\n\xff\n[1]\n'
    assert classify.messages(log) == ["one", "plain text", "two", "\ufffd"]


def test_a_silent_failure_tells_the_exit_code() -> None:
    assert "exit code 3" in classify.error("crun", 3, [], "x").message
    assert "signal 9" in classify.error("crun", -9, [], "x").message


@pytest.mark.parametrize(
    ("runtime", "words", "named"),
    [
        ("crun", "mount `proc` to `proc`: Operation not permitted", "ProtectKernelLogs="),
        (
            "runc",
            "runc create failed: unable to start container process: error during container init: error "
            'mounting "proc" to rootfs at "/proc": mount proc:/proc (via /proc/self/fd/6), flags: 0xe: '
            "operation not permitted",
            "ProtectKernelLogs=",
        ),
        (
            "crun",
            "open `/proc/sys/net/ipv4/ping_group_range`: Read-only file system",
            "ProtectKernelTunables=",
        ),
        (
            "crun",
            "open /proc/sys/net/ipv4/ping_group_range: Read-only file system",
            "ProtectKernelTunables=",
        ),
    ],
)
def test_what_a_hardened_unit_forbids_is_named(runtime: str, words: str, named: str) -> None:
    error = classify.error(runtime, 1, [words], 'container "web"')
    assert type(error) is FAILED
    assert named in error.remedy
