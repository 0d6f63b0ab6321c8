"""A small ADB daemon on a loopback port, so that a real adb can be tried without a phone.

It runs what it is asked as adbd does: each command in a shell with a socket for input and output, hung up when the
connection goes. Files go through the same shell, so that they may lie on another machine. Faults are set as attributes.

Source: the Android Open Source Project, packages/modules/adb, protocol.txt, SYNC.TXT and shell_protocol.h.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

VERSION = 0x01000001
MAX_DATA = 256 * 1024
CHUNK = 64 * 1024
CNXN, OPEN, OKAY, WRTE, CLSE, AUTH = (
    int.from_bytes(word, "little")
    for word in (b"CNXN", b"OPEN", b"OKAY", b"WRTE", b"CLSE", b"AUTH")
)
TOKEN = 1
STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = range(5)

Start = Callable[[str], Sequence[str]]


class GoneError(Exception):
    """The stream or the connection was closed by the other side."""


@dataclass
class Faults:
    """What goes wrong. ``short``: files arrive and leave without their end, and nobody says so."""

    unauthorized: bool = False
    refuses: bool = False
    full: bool = False
    short: bool = False
    drop_after_bytes: int | None = None


@dataclass
class AdbDaemon:
    """Serves until the end of its ``with`` block.

    Args:
        start: Gives the program and arguments that run a line of shell on the device.
        features: What it says it can do.
        product: Product and model as ``adb devices -l`` shows them.
    """

    start: Start
    features: str = "shell_v2,cmd"
    product: str = "testboard"
    faults: Faults = field(default_factory=Faults)
    commands: list[str] = field(default_factory=list)
    received_bytes: int = 0

    def __enter__(self) -> Self:
        self._connections: list[Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.serial = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Close all connections, as a cable that is pulled."""
        for connection in self._connections:
            connection.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                if self.faults.refuses:
                    link.close()
                    continue
                connection = Connection(self, link)
                self._connections.append(connection)
                threading.Thread(target=connection.serve, daemon=True).start()


class Connection:
    """One computer's connection, with its streams."""

    def __init__(self, daemon: AdbDaemon, link: socket.socket) -> None:
        self.daemon = daemon
        self._link = link
        self._sending = threading.Lock()
        self._streams: dict[int, Stream] = {}

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        with self._link, contextlib.suppress(OSError, GoneError):
            while True:
                command, arg0, arg1, length, _, _ = struct.unpack("<6I", self._read(24))
                self._handle(command, arg0, arg1, self._read(length))
        for stream in list(self._streams.values()):
            stream.end()

    def send(self, command: int, arg0: int, arg1: int, data: bytes = b"") -> None:
        checksum = sum(data) & 0xFFFFFFFF
        head = struct.pack("<6I", command, arg0, arg1, len(data), checksum, command ^ 0xFFFFFFFF)
        with self._sending:
            try:
                self._link.sendall(head + data)
            except OSError:
                raise GoneError from None

    def _handle(self, command: int, arg0: int, arg1: int, data: bytes) -> None:
        stream = self._streams.get(arg1)
        if command in {CNXN, AUTH} and self.daemon.faults.unauthorized:
            self.send(AUTH, TOKEN, 0, os.urandom(20))
        elif command == CNXN:
            name = self.daemon.product
            banner = (
                f"device::ro.product.name={name};ro.product.model={name};ro.product.device={name};"
            )
            self.send(CNXN, VERSION, MAX_DATA, f"{banner}features={self.daemon.features}".encode())
        elif command == OPEN:
            number = max(self._streams, default=0) + 1
            stream = Stream(self, number, arg0)
            self._streams[number] = stream
            serve = _service(data.rstrip(b"\0").decode())
            threading.Thread(target=stream.serve, args=(serve,), daemon=True).start()
        elif stream and command == WRTE:
            stream.take(data)
            self.send(OKAY, stream.number, stream.peer)
        elif stream and command == OKAY:
            stream.may_write.release()
        elif stream and command == CLSE:
            stream.end()

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._link.recv(count - len(data))
            if not part:
                raise GoneError
            data += part
        return data


class Stream:
    """One service on a connection: bytes both ways, one message at a time."""

    def __init__(self, connection: Connection, number: int, peer: int) -> None:
        self.connection, self.number, self.peer = connection, number, peer
        self.may_write = threading.Semaphore(1)
        self.gone = False
        self._arrived = bytearray()
        self._changed = threading.Condition()

    def serve(self, service: Callable[[Stream], None]) -> None:
        with contextlib.suppress(GoneError):
            self.connection.send(OKAY, self.number, self.peer)
            with contextlib.suppress(GoneError):
                service(self)
            self.connection.send(CLSE, self.number, self.peer)

    def take(self, data: bytes) -> None:
        with self._changed:
            self._arrived += data
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self.gone = True
            self._changed.notify()
        self.may_write.release()

    def read(self, count: int) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self.gone or len(self._arrived) >= count)
            if len(self._arrived) < count:
                raise GoneError
            data = bytes(self._arrived[:count])
            del self._arrived[:count]
            return data

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), CHUNK):
            self.may_write.acquire()
            if self.gone:
                self.may_write.release()
                raise GoneError
            self.connection.send(WRTE, self.number, self.peer, data[start : start + CHUNK])


def _service(name: str) -> Callable[[Stream], None]:
    kind, _, argument = name.partition(":")
    if kind == "sync":
        return _sync
    if "v2" in kind.split(","):
        return lambda stream: _shell(stream, argument)
    return lambda stream: None


def _shell(stream: Stream, command: str) -> None:
    """Run a command with its output, errors and status told apart; hang it up where the stream goes."""
    daemon = stream.connection.daemon
    daemon.commands.append(command)
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        daemon.start(command),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd="/",
    )
    theirs.close()
    sending = threading.Lock()

    def tell(kind: int, data: bytes) -> None:
        with sending:
            stream.write(struct.pack("<BI", kind, len(data)) + data)

    def pass_on(kind: int, read: Callable[[], bytes]) -> None:
        with contextlib.suppress(GoneError, OSError):
            while data := read():
                tell(kind, data)

    with ours, process.stderr as errors:
        number = errors.fileno()
        pumps = [
            threading.Thread(target=pass_on, args=(STDOUT, lambda: ours.recv(CHUNK))),
            threading.Thread(target=pass_on, args=(STDERR, lambda: os.read(number, CHUNK))),
        ]
        for pump in pumps:
            pump.start()
        threading.Thread(target=_feed, args=(stream, ours, process), daemon=True).start()
        for pump in pumps:
            pump.join()
        status = process.wait()
        tell(EXIT, bytes([128 - status if status < 0 else status]))


def _feed(stream: Stream, ours: socket.socket, process: subprocess.Popen[bytes]) -> None:
    try:
        while True:
            kind, length = struct.unpack("<BI", stream.read(5))
            data = stream.read(length)
            if kind == STDIN:
                ours.sendall(data)
            elif kind == CLOSE_STDIN:
                ours.shutdown(socket.SHUT_WR)
    except (GoneError, OSError):
        process.send_signal(signal.SIGHUP)
        with contextlib.suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)


def _sync(stream: Stream) -> None:
    while True:
        kind, length = struct.unpack("<4sI", stream.read(8))
        path = stream.read(length).decode()
        if kind == b"QUIT":
            return
        if kind == b"STAT":
            stream.write(b"STAT" + struct.pack("<3I", *_stat(stream, path)))
        elif kind == b"SEND":
            _receive(stream, path.rpartition(",")[0])
        elif kind == b"RECV":
            _give(stream, path)
        else:
            _answer(stream, f"{kind!r} is not known")


def _stat(stream: Stream, path: str) -> tuple[int, int, int]:
    command = f"stat -c '%f %s %Y' {shlex.quote(path)}"
    done = subprocess.run(
        stream.connection.daemon.start(command), capture_output=True, text=True, check=False
    )
    if done.returncode:
        return 0, 0, 0
    mode, size, changed = done.stdout.split()
    return int(mode, 16), int(size), int(changed)


def _receive(stream: Stream, path: str) -> None:
    daemon = stream.connection.daemon
    parts = []
    while True:
        kind, length = struct.unpack("<4sI", stream.read(8))
        if kind == b"DONE":
            break
        parts.append(stream.read(length))
        daemon.received_bytes += length
        limit = daemon.faults.drop_after_bytes
        if limit is not None and daemon.received_bytes > limit:
            daemon.drop()
    content = b"".join(parts)
    target = "/dev/full" if daemon.faults.full else path
    done = subprocess.run(
        daemon.start(f"cat >{shlex.quote(target)}"),
        input=content[: len(content) // 2] if daemon.faults.short else content,
        capture_output=True,
        check=False,
    )
    _answer(stream, done.stderr.decode().strip().rpartition(": ")[2] if done.returncode else "")


def _give(stream: Stream, path: str) -> None:
    daemon = stream.connection.daemon
    done = subprocess.run(
        daemon.start(f"cat {shlex.quote(path)}"), capture_output=True, check=False
    )
    if done.returncode:
        _answer(stream, "No such file or directory")
        return
    content = done.stdout[: len(done.stdout) // 2] if daemon.faults.short else done.stdout
    for start in range(0, len(content), CHUNK):
        part = content[start : start + CHUNK]
        stream.write(b"DATA" + struct.pack("<I", len(part)) + part)
    stream.write(b"DONE" + struct.pack("<I", 0))


def _answer(stream: Stream, error: str) -> None:
    said = error.encode()
    stream.write((b"FAIL" if said else b"OKAY") + struct.pack("<I", len(said)) + said)
