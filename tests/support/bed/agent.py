#!/usr/bin/python3 -I
"""Owns: running commands inside the booted test machine for the tests, which stand outside of it.

One SEQPACKET connection is one command. A JSON object `{"argv": [...], "user": "tester" | "root", "env": {}}`
comes in with the three standard descriptors (SCM_RIGHTS); `{"code": N}` goes out when it ends. A user's
command runs in a login session of its own, through PAM and logind, as ssh would make. A closed connection
ends the command.

With a program as second argument it serves the machine that the tests themselves run on: a command is
`PROGRAM user argv...` there, and nothing else.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading


def session_argv(user: str, env: dict[str, str], argv: list[str]) -> list[str]:
    """Return the command line that runs `argv` in a new login session of `user`."""
    home = "/home/" + user
    words = ["systemd-run", "--quiet", "--collect", "--wait", "--pipe", f"--uid={user}"]
    words += ["-p", "PAMName=login", "-p", f"WorkingDirectory={home}"]
    words += [f"--setenv={name}={value}" for name, value in env.items()]
    return [*words, "--", *argv]


def serve(connection: socket.socket) -> None:
    """Run the one command of a connection."""
    with connection:
        data, fds, _, _ = socket.recv_fds(connection, 1 << 20, 3)
        if not data:
            return
        request = json.loads(data)
        argv, env = request["argv"], request.get("env", {})
        if len(sys.argv) > 2:
            argv, env = [sys.argv[2], request["user"], *argv], {}
        elif request.get("user", "tester") != "root":
            argv, env = session_argv(request["user"], env, argv), {}
        process = subprocess.Popen(
            argv, stdin=fds[0], stdout=fds[1], stderr=fds[2], env={**os.environ, **env}
        )
        for fd in fds:
            os.close(fd)
        watcher = threading.Thread(target=stop_when_closed, args=(connection, process), daemon=True)
        watcher.start()
        code = process.wait()
        try:
            connection.send(json.dumps({"code": code}).encode())
        except OSError:
            return  # the test went away


def stop_when_closed(connection: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """Wait for the other end to close; what still runs then is told to stop."""
    try:
        closed = not connection.recv(1)
    except OSError:
        closed = True
    if closed and process.poll() is None:
        process.terminate()


def notify_ready() -> None:
    """Tell the service manager that commands are taken."""
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(b"READY=1", "\0" + path[1:] if path[0] == "@" else path)


def main() -> None:
    path = sys.argv[1]
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    temporary = path + ".new"
    if os.path.exists(temporary):
        os.unlink(temporary)
    listener.bind(temporary)
    owner = os.stat(os.path.dirname(path))
    os.chown(temporary, owner.st_uid, owner.st_gid)
    listener.listen(16)
    os.rename(temporary, path)  # it appears when it can be connected to
    notify_ready()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
