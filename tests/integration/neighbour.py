"""Owns: Podman with a store of its own, to hold what pypod does against what it does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path


class Podman:
    """Podman with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        runtime = folder / "run"
        runtime.mkdir(parents=True, mode=0o700)
        self.env = {
            **{name: os.environ[name] for name in ("PATH", "USER", "LOGNAME", "LANG") if name in os.environ},
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(runtime),
        }
        self.options = [
            "--root",
            str(folder / "g"),
            "--runroot",
            str(folder / "r"),
            "--cgroup-manager",
            "cgroupfs",
        ]
        self.options += ["--storage-driver", "vfs", "--events-backend", "none"]

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            ["podman", *self.options, *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def close(self) -> None:
        """Remove its store, and the process that it leaves behind."""
        subprocess.run(
            ["podman", *self.options, "unshare", "rm", "-rf", str(self.folder / "g")],
            env=self.env,
            check=False,
        )
        for pid_file in self.folder.rglob("pause.pid"):
            try:
                os.kill(int(pid_file.read_text()), signal.SIGKILL)
            except (OSError, ValueError):
                pass
        shutil.rmtree(self.folder, ignore_errors=True)
