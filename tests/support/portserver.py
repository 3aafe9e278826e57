"""Owns: a server for tests of published ports: it runs in a container's network and obeys its clients.

TCP: the first line is the order: `who`, `sum`, `send N`, `echo`, `reset`, `hold`
UDP: every datagram comes back as `ADDRESS PORT SIZE `, and what it was
"""

import hashlib
import socket
import struct
import sys
import threading


def serve(conn: socket.socket, peer: tuple[str, int]) -> None:
    stream = conn.makefile("rb")
    words = stream.readline().split()
    order = words[0] if words else b""
    if order == b"who":
        conn.sendall(f"{peer[0].removeprefix('::ffff:')} {peer[1]}\n".encode())
    elif order == b"sum":
        digest, size = hashlib.sha256(), 0
        while data := stream.read1(1 << 20):
            digest.update(data)
            size += len(data)
        conn.sendall(f"{size} {digest.hexdigest()}\n".encode())
    elif order == b"send":
        left, block = int(words[1]), bytes(range(256)) * 4096
        while left:
            left -= conn.send(block[: min(left, len(block))])
    elif order == b"echo":
        while data := stream.read1(65536):
            conn.sendall(data)
    elif order == b"reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif order == b"hold":
        conn.sendall(b"held\n")
        try:
            conn.sendall(b"ended\n" if stream.read(1) == b"" else b"")
            print("ended", flush=True)
        except ConnectionResetError:
            print("reset", flush=True)
    stream.close()
    conn.close()


def listen(family: int, address: str, port: int) -> None:
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(4096)

    def work() -> None:
        while True:
            conn, peer = server.accept()
            threading.Thread(target=serve, args=(conn, peer[:2]), daemon=True).start()

    threading.Thread(target=work, daemon=True).start()


def datagrams(family: int, address: str, port: int) -> None:
    server = socket.socket(family, socket.SOCK_DGRAM)
    server.bind((address, port))

    def work() -> None:
        while True:
            data, peer = server.recvfrom(65536)
            head = f"{peer[0].removeprefix('::ffff:')} {peer[1]} {len(data)} ".encode()
            server.sendto((head + data)[:65507], peer)

    threading.Thread(target=work, daemon=True).start()


def main() -> None:
    for word in sys.argv[1:]:
        kind, port = word.split(":")
        family = socket.AF_INET if kind.endswith("4") else socket.AF_INET6
        address = "0.0.0.0" if family == socket.AF_INET else "::"
        make = datagrams if kind.startswith("udp") else listen
        for number in range(int(port.split("-")[0]), int(port.split("-")[-1]) + 1):
            make(family, address, number)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
