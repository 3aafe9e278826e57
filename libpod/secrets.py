"""Owns: the data of secrets: where a driver keeps it, and getting it back.

`file`: GRAPHROOT/secrets/<id>, mode 0600. `shell`: commands of the user's, with the id in $SECRET_ID;
`store` reads the data on its stdin, `lookup` writes it to its stdout. The data goes through nothing else: no
argument, no variable, no log.
"""

from __future__ import annotations

import os
import time

from libpod import errors
from libpod.util import atomic, failpoint, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.conf.paths import Paths
    from libpod.model.secret import SecretRecord

MAX_BYTES = 512000
DRIVERS = ("file", "shell")
_COMMANDS = ("delete", "list", "lookup", "store")
_SHELL_S = 60.0
_OLD_S = 60.0
_ID_DIGITS = 25


def new_id() -> str:
    """An id for a secret."""
    return os.urandom(13).hex()[:_ID_DIGITS]


def check(driver: str, options: dict[str, str], data: bytes) -> None:
    """Raise UsageError for what cannot be kept."""
    if not 0 < len(data) < MAX_BYTES:
        raise errors.UsageError(
            f"secret data must be larger than 0 and less than {MAX_BYTES} bytes",
            remedy="give larger data as a file, with --volume",
        )
    if driver not in DRIVERS:
        raise errors.UsageError(
            f'invalid value "{driver}" for --driver: expected {" or ".join(DRIVERS)}',
            remedy="use --driver=file",
        )
    wanted = _COMMANDS if driver == "shell" else ()
    for key in options:
        if key not in wanted:
            raise errors.UsageError(f'--driver-opts "{key}" is not an option of the driver {driver}')
    missing = [key for key in wanted if not options.get(key)]
    if missing:
        raise errors.UsageError(
            f"the driver shell needs a command for {', '.join(missing)}",
            remedy="give them as in --driver-opts=lookup='cat ~/s/$SECRET_ID',store=...",
        )


def store(paths: Paths, record: SecretRecord, data: bytes) -> None:
    """Keep the data."""
    if record["driver"] == "shell":
        _shell(record, "store", data)
        return
    os.makedirs(paths.secrets, mode=0o700, exist_ok=True)
    atomic.write(f"{paths.secrets}/{record['id']}", data, mode=0o600)
    failpoint.hit("secret:after-data")


def read(paths: Paths, record: SecretRecord) -> bytes:
    """The data. Raises NotFoundError when it is gone."""
    if record["driver"] == "shell":
        return _shell(record, "lookup")
    try:
        with open(f"{paths.secrets}/{record['id']}", "rb") as f:
            return f.read(MAX_BYTES + 1)
    except OSError as e:
        raise errors.NotFoundError(
            f'the data of secret "{record["name"]}" cannot be read: {e.strerror}',
            remedy=f'make it again with "pypod secret create --replace {record["name"]} FILE"',
            name=record["name"],
        ) from e


def forget(paths: Paths, record: SecretRecord) -> None:
    """Remove the data. Idempotent."""
    if record["driver"] == "shell":
        _shell(record, "delete")
        return
    try:
        os.unlink(f"{paths.secrets}/{record['id']}")
    except FileNotFoundError:
        pass


def without_record(paths: Paths, known: set[str]) -> list[str]:
    """Files whose secret has no record: their maker was killed in between, a while ago."""
    try:
        names = os.listdir(paths.secrets)
    except OSError:
        return []
    old = time.time() - _OLD_S
    return [f"{paths.secrets}/{name}" for name in names if name not in known and _before(paths, name, old)]


def _before(paths: Paths, name: str, moment_s: float) -> bool:
    try:
        return os.lstat(f"{paths.secrets}/{name}").st_mtime < moment_s
    except OSError:
        return False


def _shell(record: SecretRecord, verb: str, data: bytes | None = None) -> bytes:
    env = {**os.environ, "SECRET_ID": record["id"]}
    try:
        done = spawn.run(["/bin/sh", "-c", record["options"][verb]], env=env, stdin=data, timeout_s=_SHELL_S)
    except errors.ProcessError as e:
        raise errors.StateError(
            f'the command "{verb}" of secret "{record["name"]}" has failed: {e.message}',
            remedy="look at the commands that it was created with: pypod secret inspect",
            name=record["name"],
        ) from e
    return done.stdout
