"""Owns: measuring published ports: bytes and short requests. Run as the account that has the engines.

    python3 scripts/bench_ports.py [--image IMAGE] ENGINE...      ENGINE: a command, such as pypod or podman

A server runs in the container's network, started from outside, so that it is the same for every engine. The
engines take turns; medians. `ENGINE:OPTION` adds an option of run, as in
podman:--network=slirp4netns:port_handler=slirp4netns
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

PORT = 18500
BLOCK = bytes(1 << 20)


def serve() -> None:
    """Answer until standard input ends."""
    threading.Thread(target=lambda: os._exit(len(sys.stdin.read())), daemon=True).start()
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("0.0.0.0", 80))
    server.listen(4096)
    print("ready", flush=True)
    while True:
        threading.Thread(target=_answer, args=(server.accept()[0],), daemon=True).start()


def _answer(conn: socket.socket) -> None:
    order = conn.recv(100).split()
    if order[0] == b"up":
        conn.sendall(b"!")
        size = 0
        buffer = bytearray(1 << 20)
        while count := conn.recv_into(buffer):
            size += count
        conn.sendall(b"%d" % size)
    elif order[0] == b"down":
        for _ in range(int(order[1]) >> 20):
            conn.sendall(BLOCK)
    elif order[0] == b"GET":
        conn.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    conn.close()


def up(size: int) -> float:
    with socket.create_connection(("127.0.0.1", PORT)) as sock:
        sock.sendall(b"up")
        sock.recv(1)
        begin = time.perf_counter()
        for _ in range(size >> 20):
            sock.sendall(BLOCK)
        sock.shutdown(socket.SHUT_WR)
        assert int(sock.recv(100)) == size
    return size / 1e9 / (time.perf_counter() - begin)


def down(size: int) -> float:
    with socket.create_connection(("127.0.0.1", PORT)) as sock:
        begin = time.perf_counter()
        sock.sendall(b"down %d" % size)
        left = size
        buffer = bytearray(1 << 20)
        while count := sock.recv_into(buffer):
            left -= count
        assert left == 0
    return size / 1e9 / (time.perf_counter() - begin)


def requests(count: int) -> float:
    begin = time.perf_counter()
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", PORT)) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b""
            while data := sock.recv(4096):
                answer += data
            assert answer.endswith(b"hello")
    return time.perf_counter() - begin


def run(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def one_turn(engine: str, image: str, size: int) -> dict[str, float]:
    command, _, option = engine.partition(":")
    name = "bench-ports"
    words = [command, "run", "-d", "--name", name, "-p", f"{PORT}:80", *([option] if option else [])]
    run(*words, image, "sleep", "1000")
    try:
        pid = json.loads(run(command, "inspect", name))[0]["State"]["Pid"]
        inside = [
            "nsenter",
            f"--net=/proc/{pid}/ns/net",
            sys.executable,
            __file__,
            "--serve",
        ]
        with subprocess.Popen(
            [command, "unshare", *inside], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdin
            assert server.stdout
            server.stdout.readline()
            found = {"up, GB/s": up(size), "down, GB/s": down(size), "1000 requests, s": requests(1000)}
            server.stdin.close()
    finally:
        subprocess.run([command, "rm", "-f", "-t", "0", name], capture_output=True, check=False, timeout=60)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--image", default="busybox")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("engines", nargs="*")
    options = parser.parse_args()
    if options.serve:
        serve()
    samples: dict[str, list[dict[str, float]]] = {engine: [] for engine in options.engines}
    for _ in range(options.runs):
        for engine in options.engines:
            samples[engine].append(one_turn(engine, options.image, options.megabytes << 20))
    for engine, turns in samples.items():
        row = {key: statistics.median(turn[key] for turn in turns) for key in turns[0]}
        print(engine, *(f"{key}: {value:.2f}" for key, value in row.items()), sep="  ")


if __name__ == "__main__":
    main()
